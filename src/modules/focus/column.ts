import type { ColumnType } from '../../platform/warehouse/index.ts';

/** The released versions that are read and written, oldest first. Rows are kept as the last one. */
export const focusVersions = ['1.0', '1.1', '1.2', '1.3', '1.4'] as const;
export type FocusVersion = (typeof focusVersions)[number];

/** The version that rows are stored in. */
export const storedVersion = '1.4' satisfies FocusVersion;

/** The four datasets of FOCUS 1.4. */
export type FocusDatasetName = 'CostAndUsage' | 'ContractCommitment' | 'BillingPeriod' | 'InvoiceDetail';

/** Mandatory: always there. Conditional: there when the provider has the feature. Recommended: welcome. */
export type FeatureLevel = 'mandatory' | 'conditional' | 'recommended';

/** What one version asks of a column. */
export interface ColumnLevel {
  readonly level: FeatureLevel;
  readonly nullable: boolean;
}

/** What a value must look like beyond its type: ISO 4217 code, unit, JSON of keys, number ≥ 0, number 0..1. */
type ValueFormat = 'currency' | 'unit' | 'key-value' | 'non-negative' | 'fraction';

/** One column of the standard. */
export interface FocusColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Version → level; a version without the column has no entry. */
  readonly levels: Readonly<Partial<Record<FocusVersion, ColumnLevel>>>;
  /** The version that introduced it; before 1.0 as the standard says (0.5). */
  readonly since: string;
  readonly deprecated?: FocusVersion;
  readonly removed?: FocusVersion;
  readonly format?: ValueFormat;
  /** The closed list of values, in the standard's order. */
  readonly allowed?: readonly string[];
  /** Conditional columns: the feature that makes them due. */
  readonly when?: string;
}

/** A column as a line of a table: name, type, levels in 1.0 … 1.4 (`Cn` = conditional, nulls allowed; `-` = absent), since, rest. */
export type ColumnLine = readonly [
  name: string,
  type: ColumnType,
  levels: string,
  since: string,
  rest?: Pick<FocusColumn, 'deprecated' | 'removed' | 'format' | 'allowed' | 'when'>,
];

const levelOf: Readonly<Record<string, FeatureLevel>> = {
  M: 'mandatory',
  C: 'conditional',
  R: 'recommended',
};

/** Reads table lines into columns. */
export function columnsOf(lines: readonly ColumnLine[]): readonly FocusColumn[] {
  return lines.map(([name, type, levels, since, rest]) => ({
    name,
    type,
    levels: readLevels(levels),
    since,
    ...rest,
  }));
}

function readLevels(text: string): FocusColumn['levels'] {
  const levels: Partial<Record<FocusVersion, ColumnLevel>> = {};
  const cells = text.split(' ');
  for (const [index, version] of focusVersions.entries()) {
    const cell = cells[index] ?? '-';
    const level = levelOf[cell.charAt(0)];
    if (level) levels[version] = { level, nullable: cell.endsWith('n') };
  }
  return levels;
}
