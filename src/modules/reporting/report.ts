import type { CostQueryInput } from '../../platform/warehouse/index.ts';
import type { Step } from './step.ts';

/**
 * `amount`: a decimal number; `number`: a whole number within `min` and `max`; `currency`: an ISO 4217 code;
 * `grain`: hour, day, week, month, quarter or year; `tag`: a tag key, spelled as in the bill.
 */
type ParameterKind = 'text' | 'tag' | 'amount' | 'number' | 'currency' | 'grain';

export interface ParameterSpec {
  readonly kind: ParameterKind;
  /** One sentence for people: what it is, with an example where the form is not plain. */
  readonly description: string;
  readonly required?: true;
  readonly default?: string;
  readonly min?: number;
  readonly max?: number;
}

/** Values by parameter name, checked and with defaults. */
export type ParameterValues = Readonly<Record<string, string | undefined>>;

/** A report made into a question to the warehouse, and what is done with the answer. */
export interface ReportPlan {
  readonly query: Omit<CostQueryInput, 'from' | 'to' | 'limit' | 'cursor'>;
  /** Done in order. */
  readonly after?: readonly Step[];
}

/** One report of the library: a person's question with a stable name. */
export interface Report {
  /** Number in the FOCUS use-case catalogue; null for our own. */
  readonly number: number | null;
  /** Kebab-case and stable: it is part of URLs and scripts. */
  readonly name: string;
  readonly question: string;
  /** First FOCUS version with the columns that it reads. */
  readonly since: '1.0' | '1.1' | '1.2';
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** How figures come about, where a reader could take them for something else. */
  readonly notes: readonly string[];
  /** `has`: whether the stored rows have a column; only sources' own `x_` columns may be absent. */
  readonly build: (values: ParameterValues, has: (column: string) => boolean) => ReportPlan;
}

type ValuesOf<P> = {
  readonly [K in keyof P]: P[K] extends { readonly required: true } | { readonly default: string }
    ? string
    : string | undefined;
};

/** Writes one report with the types of its parameter values inferred. */
export function defineReport<const P extends Readonly<Record<string, ParameterSpec>>>(
  report: Omit<Report, 'parameters' | 'build' | 'notes'> & {
    readonly parameters?: P;
    readonly notes?: readonly string[];
    readonly build: (values: ValuesOf<P>, has: (column: string) => boolean) => ReportPlan;
  },
): Report {
  return {
    ...report,
    parameters: report.parameters ?? {},
    notes: report.notes ?? [],
    build: report.build as Report['build'],
  };
}
