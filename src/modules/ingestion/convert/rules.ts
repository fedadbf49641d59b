import type { ColumnType } from '../../../platform/warehouse/index.ts';
import { identifier, literal, sqlType } from '../../../platform/warehouse/index.ts';

/**
 * A conversion as data: for each column of the cost dataset an ordered list of rules; the first whose `when` holds gives
 * the value. The same data makes the conversion, the explanation of a row, and the documentation.
 */
export interface Rule {
  /** Stable name, shown by `finops explain row`: `aws.effective-cost.savings-plan-covered`. */
  readonly id: string;
  /** What it does and why, one sentence for people. */
  readonly says: string;
  /** SQL condition over the scanned native row; absent: always. */
  readonly when?: string;
  /** SQL value over the scanned native row. */
  readonly value: string;
}

export interface ColumnRules {
  readonly column: string;
  readonly type: ColumnType;
  readonly rules: readonly Rule[];
}

/** SQL of the value that the rules give; null when no rule applies. */
function compileValue({ type, rules }: ColumnRules): string {
  const cast = (value: string) => `(${value})::${sqlType(type)}`;
  const [only] = rules;
  if (!only) return `null::${sqlType(type)}`;
  if (rules.length === 1 && only.when === undefined) return cast(only.value);
  const cases = rules.map(({ when, value }) =>
    when === undefined ? `else ${cast(value)}` : `when ${when} then ${cast(value)}`,
  );
  return `case ${cases.join(' ')} end`;
}

/** SQL of the name of the rule that gave the value. */
export function compileRuleName({ rules }: ColumnRules): string {
  const cases = rules.map(({ id, when }) =>
    when === undefined ? `else ${literal(id)}` : `when ${when} then ${literal(id)}`,
  );
  if (cases.length === 0) return 'cast(null as varchar)';
  return rules[0]?.when === undefined ? literal(rules[0]?.id ?? '') : `case ${cases.join(' ')} end`;
}

/** The select list of a conversion: every column by its rules, in order. */
export function compileSelectList(columns: readonly ColumnRules[]): string {
  return columns.map((column) => `${compileValue(column)} as ${identifier(column.column)}`).join(',\n  ');
}
