import type { Scope } from '../../platform/kernel/index.ts';
import type { ColumnType, Lake, Selection } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { naming, unionSql, withNullColumnsSql } from './attribution-sql.ts';
import { errors } from './errors.ts';
import type { AttributionRule, GraphDocument, GraphMetric } from './model.ts';
import type { UsedSnapshot } from './run-model.ts';
import { columnsOfField, columnsOfFilter, filterOf, parseRunDimension, parseTemplate } from './templates.ts';

/** Which bills of a month: what attribution, metrics and explanations of one run have in common. */
export interface BillRequest {
  readonly lake: Lake;
  readonly scope: Scope;
  /** The graph's id, for messages. */
  readonly graph: string;
  readonly document: GraphDocument;
  /** `2026-10` */
  readonly period: string;
  /** Sources of bills that the graph reads; all that are in scope when absent. */
  readonly sources?: readonly string[] | undefined;
  /**
   * Versions to read instead of the current ones, as a run recorded them; what is said to be of another month or dataset does not
   * count. A source that is not named here is read as it is now: to read a run's bills again, and no other, give its sources too.
   */
  readonly snapshots?: readonly PinnedBill[] | undefined;
}

/** A version of a bill: of the month asked for, where it does not say which. */
export type PinnedBill = Pick<UsedSnapshot, 'source' | 'snapshot'> & Partial<UsedSnapshot>;

/** The cost rows of a month, as one relation over pinned snapshots. */
export interface MonthBill {
  readonly period: string;
  readonly selection: Selection;
  readonly snapshots: readonly UsedSnapshot[];
  /** Manifest generation in which they were found. */
  readonly generation: number;
  /** Sources asked for that have no bill of the month. */
  readonly absent: readonly string[];
  /** Columns of sources (`x_…`) that the document names and no bill of the month has: every row is empty there. */
  readonly undelivered: readonly NamedColumn[];
}

/** A column with the place in the document that names it, such as `rules/by team`. */
export interface NamedColumn {
  readonly path: string;
  readonly column: string;
}

/**
 * Finds the month's bills and what is read of them. Refuses with `allocation.nothingToAttribute` where there is none, with
 * `lake.unknownSnapshot` for a version that is gone, and as the lake does for a scope without sources.
 */
export async function selectBill(request: BillRequest): Promise<MonthBill> {
  const { lake, scope, document, graph, period, sources, snapshots: pinned = [] } = request;
  const { generation, partitions } = await lake.visible(scope);
  const ofMonth = partitions.filter((p) => p.dataset === costDataset.name && p.period === period);
  const wanted = sources ?? ofMonth.map(({ source }) => source);
  const dataset = costDataset.name;
  const found = [...new Set(wanted)].sort().flatMap((source): UsedSnapshot[] => {
    const isPin = (pin: PinnedBill) =>
      pin.source === source && (pin.dataset ?? dataset) === dataset && (pin.period ?? period) === period;
    const snapshot = pinned.find(isPin)?.snapshot ?? ofMonth.find((p) => p.source === source)?.current?.id;
    return snapshot === undefined ? [] : [{ dataset, source, period, snapshot }];
  });
  if (found.length === 0) {
    // A scope that shows no rows says so itself.
    await lake.select(scope, costDataset, { from: period, to: period });
    throw errors.nothingToAttribute({ period, graph });
  }
  const months = await Promise.all(
    found.map(({ source, snapshot }) => lake.selectMonth(scope, costDataset, { source, period, snapshot })),
  );
  const { selection, undelivered } = withColumns(unionOf(months, generation), columnsOf(document));
  const absent = wanted.filter((source) => !found.some((one) => one.source === source));
  return { period, selection, snapshots: found, generation, absent, undelivered };
}

function unionOf(months: readonly Selection[], generation: number): Selection {
  const columns = new Map<string, ColumnType>();
  const seen = new Set<string>();
  for (const [name, type] of months.flatMap((month) => [...month.columns])) {
    if (seen.has(name.toLowerCase())) continue;
    seen.add(name.toLowerCase());
    columns.set(name, type);
  }
  return {
    relation: unionSql(months.map(({ relation }) => relation)),
    columns,
    currencies: [...new Set(months.flatMap(({ currencies }) => currencies))].sort(),
    generation,
    files: months.reduce((sum, { files }) => sum + files, 0),
    rows: months.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/**
 * Adds columns of sources that the document names and this month's bills lack, all empty: a rule on `x_Team` must not stop a
 * run because the one source that has it sent no bill. Any other unknown column is refused where it is compiled.
 */
function withColumns(
  selection: Selection,
  named: readonly NamedColumn[],
): { readonly selection: Selection; readonly undelivered: readonly NamedColumn[] } {
  const known = new Set([...selection.columns.keys()].map((name) => name.toLowerCase()));
  const undelivered = named.filter(({ column }) => /^x_/i.test(column) && !known.has(column.toLowerCase()));
  const names = new Map(undelivered.map(({ column }) => [column.toLowerCase(), column]));
  if (names.size === 0) return { selection, undelivered };
  const added = [...names.values()];
  const columns = new Map<string, ColumnType>([
    ...selection.columns,
    ...added.map((name): [string, ColumnType] => [name, 'string']),
  ]);
  const relation = withNullColumnsSql(selection.relation, added);
  return { selection: { ...selection, relation, columns }, undelivered };
}

function columnsOf({ rules, metrics, method }: GraphDocument): NamedColumn[] {
  const tax =
    method.recoverableTax === 'all' || method.recoverableTax === 'none' ? undefined : method.recoverableTax;
  return [
    ...rules.flatMap((rule) => namedIn(`rules/${rule.id}`, rule)),
    ...metrics.flatMap((metric) => namedIn(`metrics/${metric.id}`, metric)),
    ...namedIn('method/recoverableTax', tax === undefined ? {} : { where: tax }),
    ...columnsOfField(parseRunDimension(method.dimension)).map((column) => ({
      path: 'method/dimension',
      column,
    })),
  ];
}

function namedIn(path: string, part: Part): NamedColumn[] {
  return naming(path, () => columnsOfPart(part)).map((column) => ({ path, column }));
}

type Part = Partial<Pick<AttributionRule, 'where' | 'node' | 'application'>> | GraphMetric;

function columnsOfPart(part: Part): string[] {
  const where = 'where' in part && part.where !== undefined ? columnsOfFilter(filterOf(part.where)) : [];
  const templates = [
    'node' in part ? part.node : undefined,
    'application' in part ? part.application : undefined,
  ].filter((template) => template !== undefined);
  const fields = templates.flatMap(parseTemplate).filter((templatePart) => typeof templatePart !== 'string');
  return [...where, ...fields.flatMap(columnsOfField)];
}
