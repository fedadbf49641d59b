import {
  compareDecimal,
  formatDecimal,
  must,
  parseDecimal,
  subtractDecimal,
  tryParseDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { CostQueryRow } from '../../platform/warehouse/index.ts';
import { bridge } from './bridge.ts';
import { quotientText, ratioText } from './divide.ts';
import type { RowStep, Step, TableStep } from './step.ts';
import { groupRows, pick, sumRows, type Table, type TableColumn, withSummedTotals } from './table.ts';
import { change, trailingMean } from './time-steps.ts';
import { trend } from './trend.ts';

const rowSteps = new Set<Step['step']>(['constant', 'difference', 'ratio', 'unitPrice']);

/** True when a step looks at one row at a time, so that it can be done on one page of an answer. */
export function isRowStep(step: Step): step is RowStep {
  return rowSteps.has(step.step);
}

/** Does the steps in order. With a step on the table, `table` has to hold every row of the answer. */
export function applySteps(table: Table, steps: readonly Step[]): Table {
  return steps.reduce(
    (before, step) => (isRowStep(step) ? applyRowStep(before, step) : applyTableStep(before, step)),
    table,
  );
}

function applyRowStep(table: Table, step: RowStep): Table {
  const extend = (row: CostQueryRow) => ({ ...row, [step.name]: rowValue(row, step) });
  return {
    columns: [...table.columns, columnOf(table, step)],
    rows: table.rows.map(extend),
    totals: extend(table.totals),
    totalsByCurrency: table.totalsByCurrency.map(extend),
  };
}

function columnOf(table: Table, step: RowStep): TableColumn {
  const added = { name: step.name, dimension: false, summed: false };
  switch (step.step) {
    case 'constant':
      return { ...added, kind: step.kind };
    case 'difference':
      return { ...findColumn(table, step.of), name: step.name };
    case 'ratio':
      return { ...added, kind: 'ratio' };
    case 'unitPrice':
      return { ...added, kind: 'number' };
  }
}

function rowValue(row: CostQueryRow, step: RowStep): string | null {
  switch (step.step) {
    case 'constant':
      return step.value;
    case 'difference':
      return withBoth(row[step.of], row[step.minus], (of, minus) =>
        formatDecimal(subtractDecimal(parseDecimal(of), parseDecimal(minus))),
      );
    case 'ratio':
      return withBoth(row[step.of], row[step.over], (of, over) =>
        ratioText(parseDecimal(of), parseDecimal(over)),
      );
    case 'unitPrice':
      return withBoth(row[step.cost], row[step.quantity], (cost, quantity) =>
        quotientText(parseDecimal(cost), parseDecimal(quantity)),
      );
  }
}

function applyTableStep(table: Table, step: TableStep): Table {
  switch (step.step) {
    case 'product':
      return product(table, step);
    case 'zeroWhere':
      return reshaped(table, (row) =>
        row[step.dimension] === step.value ? { ...row, [step.measure]: '0' } : row,
      );
    case 'keepPositive':
      return filtered(table, (row) => compareDecimal(parseDecimal(String(row[step.of] ?? 0)), zero) > 0);
    case 'keepDifferent':
      return filtered(table, (row) => firstPresent(row, step.names) !== (row[step.than] ?? null));
    case 'regroup':
      return regroup(table, step.by, step.measures);
    case 'change':
      return change(table, step);
    case 'trailingMean':
      return trailingMean(table, step);
    case 'trend':
      return trend(table, step);
    case 'bridge':
      return bridge(table);
  }
}

function product(table: Table, step: Extract<TableStep, { step: 'product' }>): Table {
  const measured = findColumn(table, step.of);
  const column: TableColumn = { ...measured, name: step.name, unit: step.unit ?? measured.unit };
  const rows = table.rows.map((row) => ({
    ...row,
    [step.name]: withBoth(row[step.of], row[step.by], (of, by) => {
      const factor = tryParseDecimal(by);
      if (!factor) return null;
      const value = parseDecimal(of);
      return formatDecimal({ units: value.units * factor.units, scale: value.scale + factor.scale });
    }),
  }));
  return withSummedTotals([...table.columns, column], rows);
}

function regroup(table: Table, by: readonly string[], measures: readonly string[] | undefined): Table {
  const columns = table.columns.filter((column) =>
    column.dimension ? by.includes(column.name) : column.summed && (measures?.includes(column.name) ?? true),
  );
  const rows = groupRows(table.rows, by).map((group) => ({
    ...pick(must(group[0], 'a group has a row'), by),
    ...sumRows(columns, group),
  }));
  return withSummedTotals(columns, rows);
}

function reshaped(table: Table, map: (row: CostQueryRow) => CostQueryRow): Table {
  return withSummedTotals(table.columns, table.rows.map(map));
}

function filtered(table: Table, keep: (row: CostQueryRow) => boolean): Table {
  return withSummedTotals(table.columns, table.rows.filter(keep));
}

function firstPresent(row: CostQueryRow, names: readonly string[]): CostQueryRow[string] {
  return names.map((name) => row[name] ?? null).find((value) => value !== null) ?? null;
}

function findColumn(table: Table, name: string): TableColumn {
  return must(
    table.columns.find((column) => column.name === name),
    `the answer has a column ${name}`,
  );
}

function withBoth(
  a: CostQueryRow[string] | undefined,
  b: CostQueryRow[string] | undefined,
  work: (a: string, b: string) => string | null,
): string | null {
  return a === null || a === undefined || b === null || b === undefined ? null : work(String(a), String(b));
}
