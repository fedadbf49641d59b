import { must, type Scope } from '../../platform/kernel/index.ts';
import type { Dataset, Engine, Selection } from '../../platform/warehouse/index.ts';
import {
  type CostQueryInput,
  type CostQueryResult,
  type CostQueryRow,
  costQuerySchema,
  runCostQuery,
} from '../../platform/warehouse/index.ts';
import { applySteps, isRowStep } from './apply-steps.ts';
import type { ReportListItem, ReportResult } from './contract.ts';
import { checkParameters, type GivenParameters } from './parameters.ts';
import type { ReportPlan } from './report.ts';
import { findReport, reports } from './reports.ts';
import type { Table, TableColumn } from './table.ts';

export interface ReportRun {
  readonly dataset: Dataset;
  /** The stored rows of the months and sources asked. */
  readonly selection: Selection;
  readonly scope: Scope;
  /** A report's name or catalogue number. */
  readonly name: string;
  readonly parameters?: GivenParameters;
  /** Rows shown, 10,000 by default; totals are of all rows. */
  readonly limit?: number;
}

const defaultLimit = 10_000;
const pageSize = 100_000;

/**
 * Runs one report of the library: a cost query, then its steps. Money and quantities are decimal text.
 *
 * Refusals: `reporting.unknownReport` with the nearest names; `reporting.missingParameter`, `unknownParameter` and
 * `unfitParameter`, which name the parameter.
 */
export async function runReport(engine: Engine, run: ReportRun): Promise<ReportResult> {
  const report = findReport(run.name);
  const values = checkParameters(report, run.parameters ?? {});
  const plan = report.build(values, (column) => run.selection.columns.has(column));
  const limit = run.limit ?? defaultLimit;
  const answer = await ask(engine, run, plan, limit);
  const table = applySteps(tableOf(run, plan, answer), plan.after ?? []);
  const { generation, currencies, files } = answer.context;
  return {
    report: { number: report.number, name: report.name, question: report.question },
    parameters: definedOnly(values),
    columns: table.columns.map(({ name, kind }) => ({ name, kind })),
    rows: inColumnOrder(table).slice(0, limit),
    more: answer.next !== undefined || table.rows.length > limit,
    totals: table.totals,
    totalsByCurrency: [...table.totalsByCurrency],
    context: { generation, currencies: [...currencies], files },
    notes: [...report.notes],
  };
}

/** The library as a list for people: what there is, and what each report needs. */
export function listReports(): ReportListItem[] {
  return reports.map(({ number, name, question, since, parameters, notes }) => ({
    number,
    name,
    question,
    since,
    parameters: Object.entries(parameters).map(([parameter, spec]) => ({
      name: parameter,
      kind: spec.kind,
      required: spec.required ?? false,
      default: spec.default ?? null,
      description: spec.description,
    })),
    notes: [...notes],
  }));
}

/** One page, or all of them when a step needs every row. */
async function ask(
  engine: Engine,
  run: ReportRun,
  plan: ReportPlan,
  limit: number,
): Promise<CostQueryResult> {
  const needsAll = !(plan.after ?? []).every(isRowStep);
  const page = (cursor: string | undefined) => {
    const query: CostQueryInput = { ...plan.query, limit: needsAll ? pageSize : limit, cursor };
    const { dataset, selection, scope } = run;
    return runCostQuery(engine, { dataset, selection, scope, query: costQuerySchema.parse(query) });
  };
  const first = await page(undefined);
  if (!needsAll) return first;
  const { next: firstNext, ...whole } = first;
  const rows: CostQueryRow[] = [...first.rows];
  for (let next = firstNext; next !== undefined; ) {
    const following = await page(next);
    for (const row of following.rows) rows.push(row);
    next = following.next;
  }
  return { ...whole, rows };
}

function tableOf({ dataset, selection }: ReportRun, plan: ReportPlan, answer: CostQueryResult): Table {
  const { costs, quantities } = dataset.roles;
  const dimensions = (plan.query.dimensions ?? []).map((dimension, i): TableColumn => {
    const name = must(answer.context.dimensions[i], 'a name per dimension');
    return { name, kind: dimensionKind(dimension, selection), summed: false, dimension: true };
  });
  const measures = plan.query.measures.map((measure, i): TableColumn => {
    const name = must(answer.context.measures[i], 'a name per measure');
    if ('coverage' in measure) return { name, kind: 'ratio', summed: false, dimension: false };
    if ('count' in measure) return { name, kind: 'number', summed: true, dimension: false };
    const unit = quantities.find((quantity) => quantity.column === measure.sum)?.unit;
    const kind = costs.includes(measure.sum) ? 'money' : 'quantity';
    return { name, kind, summed: true, dimension: false, unit };
  });
  const { rows, totals, totalsByCurrency } = answer;
  return { columns: [...dimensions, ...measures], rows, totals, totalsByCurrency };
}

type DimensionInput = NonNullable<CostQueryInput['dimensions']>[number];

function dimensionKind(dimension: DimensionInput, selection: Selection): TableColumn['kind'] {
  if ('grain' in dimension) return 'time';
  if ('tag' in dimension || dimension.key !== undefined) return 'text';
  const type = selection.columns.get(dimension.column);
  if (type === 'timestamp') return 'time';
  return type === 'decimal' || type === 'integer' ? 'number' : 'text';
}

/** Rows with their values in the order of the columns: steps add them in the order that they come. */
function inColumnOrder(table: Table): Record<string, CostQueryRow[string]>[] {
  return table.rows.map((row) =>
    Object.fromEntries(table.columns.map(({ name }) => [name, row[name] ?? null])),
  );
}

function definedOnly(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
