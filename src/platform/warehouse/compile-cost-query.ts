import type { Scope } from '../kernel/index.ts';
import { chargeTimeColumns, type SpreadPlan, type SpreadUnit, spreadSql } from './charge-time.ts';
import type { CostQuery, Filter } from './cost-query.ts';
import type { Dataset, Selection } from './dataset.ts';
import type { SqlValue } from './engine.ts';
import { filterSql } from './filter-sql.ts';
import { bind, type QueryContext } from './query-columns.ts';
import { offsetOf } from './query-cursor.ts';
import { queryErrors } from './query-errors.ts';
import {
  type PlannedDimension,
  type PlannedMeasure,
  periodSql,
  planQuery,
  type QueryPlan,
  type State,
} from './query-plan.ts';
import { scopeSql } from './scope.ts';

export interface CostQueryInputs {
  readonly dataset: Dataset;
  /** The stored rows of the months and sources that the query names; months and sources are not filtered again here. */
  readonly selection: Selection;
  /** What the caller may see: a condition of the statement. Nothing compiles without it. */
  readonly scope: Scope;
  readonly query: CostQuery;
}

/**
 * A query as one SQL statement. Every row has `part`: 0 a row of the page (at most `limit` + 1 of them, in order),
 * 1 the total, 2 the total of one currency.
 */
export interface CompiledQuery {
  readonly sql: string;
  /** Values of `$1`, `$2`, …; nothing that a caller wrote is in the text, names included. */
  readonly values: readonly SqlValue[];
  readonly dimensions: readonly PlannedDimension[];
  readonly measures: readonly PlannedMeasure[];
  /** Currencies that the rows may have. */
  readonly currencies: readonly string[];
  /** The dimension that `top` cuts. */
  readonly cut?: PlannedDimension;
  /** Rows of earlier pages. */
  readonly offset: number;
}

/**
 * Compiles a cost query against a dataset and its stored rows. One scan: rows are grouped once, and totals and `top` are
 * computed from the groups.
 *
 * Refusals (`query-errors.ts`): an unknown column, an operator or value that does not fit, two results of one name, a
 * cursor of another query, scope or generation; a scope that shows no rows (`lake.applicationScope`, `lake.noSources`).
 * A missing or unknown scope is a defect.
 */
export function compileCostQuery({ dataset, selection, scope, query }: CostQueryInputs): CompiledQuery {
  const context: QueryContext = { dataset, selection, scope, values: [] };
  const inScope = scopeSql(dataset, scope, (source) => bind(context, source));
  const plan = planQuery(context, query);
  const cut = query.top === undefined ? undefined : cutOf(plan);
  const offset = offsetOf(context, query);
  const order = orderTerms(plan, query, cut);
  const sql = `with ${[
    askedSql(context, plan, { inScope, where: query.where }),
    ...(plan.spread ? [spreadSql(spreadPlan(plan, plan.spread))] : []),
    groupedSql(plan),
    ...(cut && query.top !== undefined ? [topSql(plan, cut, bind(context, query.top))] : []),
    totalsSql(plan),
    pageSql(plan, cut, order, `limit ${bound(context, query.limit + 1)} offset ${bound(context, offset)}`),
  ].join(',\n')}
select part, ${resultColumns(plan, cut).join(', ')}
from (
  select 0 as part, ${resultColumns(plan, cut).join(', ')} from page
  union all
  select part, ${totalColumns(plan, cut).join(', ')} from totals
)
order by ${['part', ...order].join(', ')}`;
  return {
    sql,
    values: context.values,
    dimensions: plan.dimensions,
    measures: plan.measures,
    currencies: plan.currencies,
    ...(cut ? { cut } : {}),
    offset,
  };
}

/** The stored rows in scope that pass the filter: their dimensions, and what the states are made of. */
function askedSql(
  context: QueryContext,
  plan: QueryPlan,
  { inScope, where }: { readonly inScope: string | undefined; readonly where: Filter | undefined },
): string {
  const columns = [
    ...plan.dimensions.flatMap(({ sql, column }) => (sql === undefined ? [] : [`${sql} as ${column}`])),
    ...plan.states.map(({ sql, column }) => `${sql} as ${column}`),
    ...(plan.spread ? chargeTimeColumns(context.dataset) : []),
  ];
  const conditions = [...(inScope ? [inScope] : []), ...(where ? [`(${filterSql(context, where)})`] : [])];
  return `asked as (
  select ${columns.length === 0 ? '1 as one' : columns.join(',\n    ')}
  from ${context.selection.relation}${conditions.length === 0 ? '' : `\n  where ${conditions.join('\n    and ')}`}
)`;
}

function spreadPlan({ dimensions, states }: QueryPlan, unit: SpreadUnit): SpreadPlan {
  return {
    unit,
    keys: dimensions.flatMap(({ sql, column }) => (sql === undefined ? [] : [column])),
    amounts: states.flatMap(({ call, column }) => (call === 'sum' ? [column] : [])),
    extremes: states.flatMap(({ call, column }) => (call === 'sum' ? [] : [{ column, call }])),
  };
}

function groupedSql({ dimensions, states, spread }: QueryPlan): string {
  const keys = dimensions.map(({ sql, grain, column }) =>
    sql === undefined && grain ? `${periodSql(grain, 't')} as ${column}` : column,
  );
  const merged = merge(states);
  const columns = spread ? [...keys, ...merged] : [...keys, 'count(*) as n', ...merged.slice(1)];
  return `grouped as materialized (
  select ${columns.join(', ')}
  from ${spread ? 'lines' : 'asked'}${groupBy(positions(dimensions.length))}
)`;
}

/** The largest values of one dimension (in each currency, when money ranks them); the rest become one group. */
function topSql(plan: QueryPlan, cut: PlannedDimension, top: string): string {
  const { dimensions, states } = plan;
  const first = plan.measures[0] as PlannedMeasure;
  const within = dimensions
    .filter(({ isCurrency }) => isCurrency && first.isMoney)
    .map(({ column }) => column);
  const keys = [...within, cut.column];
  const partition = within.length === 0 ? '' : `partition by ${within.join(', ')} `;
  const value = first.per ? `${first.sql} / ${first.per.sql}` : first.sql;
  const isKept = keys.map((key) => `grouped.${key} is not distinct from kept.${key}`).join(' and ');
  const others = dimensions.filter((d) => d !== cut).map(({ column }) => `grouped.${column}`);
  const label = cut.isText
    ? `case when exists (select 1 from kept where ${cut.column} = 'other') then 2 else 1 end`
    : '1';
  const rest = `case when kept.is_kept then 0 else ${label} end`;
  const cutValue = `case when kept.is_kept then grouped.${cut.column} end`;
  return `ranked as (
  select ${[...keys, ...merge(states)].join(', ')}
  from grouped${groupBy(keys)}
),
kept as (
  select ${keys.join(', ')}, true as is_kept
  from ranked
  qualify row_number() over (${partition}order by ${value} desc nulls last, ${cut.column} nulls last) <= cast(${top} as bigint)
),
answer as (
  select ${[...others, `${cutValue} as ${cut.column}`, `${rest} as rest`, ...merge(states, 'grouped.')].join(', ')}
  from grouped
  left join kept on ${isKept}${groupBy(positions(others.length + 2))}
)`;
}

function totalsSql(plan: QueryPlan): string {
  const currency = currencyOfTotals(plan);
  const merged = merge(plan.states).join(', ');
  if (!currency) return `totals as (\n  select 1 as part, ${merged} from grouped\n)`;
  return `totals as (
  select 1 as part, null as currency, ${merged} from grouped
  union all
  select 2, ${currency.column}, ${merged} from grouped group by ${currency.column}
)`;
}

function pageSql(
  plan: QueryPlan,
  cut: PlannedDimension | undefined,
  order: readonly string[],
  limits: string,
): string {
  const keys = plan.dimensions.map(({ column }) => column);
  return `page as (
  select n, ${[...keys, ...(cut ? ['rest'] : []), ...valueColumns(plan)].join(', ')}
  from ${cut ? 'answer' : 'grouped'}
  order by ${order.length === 0 ? '1' : order.join(', ')}
  ${limits}
)`;
}

/** The columns of the whole statement after `part`, and in the same places those of a total. */
function resultColumns({ dimensions, measures }: QueryPlan, cut: PlannedDimension | undefined): string[] {
  const values = measures.flatMap(({ column, per }) => (per ? [column, per.column] : [column]));
  return ['n', ...dimensions.map(({ column }) => column), ...(cut ? ['rest'] : []), ...values];
}

function totalColumns(plan: QueryPlan, cut: PlannedDimension | undefined): string[] {
  const currency = currencyOfTotals(plan);
  const keys = plan.dimensions.map((dimension) => (dimension === currency ? 'currency' : 'null'));
  return ['n', ...keys, ...(cut ? ['null'] : []), ...valueColumns(plan)];
}

function valueColumns({ measures }: QueryPlan): string[] {
  return measures.flatMap(({ sql, column, per }) =>
    per ? [`${sql} as ${column}`, `${per.sql} as ${per.column}`] : [`${sql} as ${column}`],
  );
}

function currencyOfTotals({ dimensions, measures }: QueryPlan): PlannedDimension | undefined {
  return measures.some(({ isMoney }) => isMoney)
    ? dimensions.find(({ isCurrency }) => isCurrency)
    : undefined;
}

/**
 * Order of the answer, complete (groups differ in a dimension) so that pages never overlap. By default: time, then the
 * currency, then the first measure, largest first, with `other` after the values that were kept.
 */
function orderTerms(plan: QueryPlan, query: CostQuery, cut: PlannedDimension | undefined): string[] {
  const { dimensions, measures } = plan;
  const rest = cut ? ['rest > 0'] : [];
  const named = query.orderBy?.map(
    ({ name, desc }) => `${termOf(plan, name)}${desc ? ' desc' : ''} nulls last`,
  );
  const currency = currencyOfTotals(plan);
  const usual = [
    ...dimensions.filter(({ isTime }) => isTime).map(({ column }) => column),
    ...(currency ? [currency.column] : []),
    ...rest,
    `${measureTerm(measures[0] as PlannedMeasure)} desc nulls last`,
  ];
  return [...(named ?? usual), ...rest, ...dimensions.map(({ column }) => `${column} nulls last`)];
}

function termOf({ dimensions, measures }: QueryPlan, name: string): string {
  const dimension = dimensions.find((d) => d.name === name);
  if (dimension) return dimension.column;
  const measure = measures.find((m) => m.name === name);
  if (measure) return measureTerm(measure);
  throw queryErrors.unknownOrder({ name, names: [...dimensions, ...measures].map((part) => part.name) });
}

/** A ratio is ordered as a binary float, which is near enough for its place in a list and never shown. */
function measureTerm({ column, per }: PlannedMeasure): string {
  return per ? `${column} / ${per.column}` : column;
}

function cutOf({ dimensions, measures }: QueryPlan): PlannedDimension {
  const isMoney = measures.some((measure) => measure.isMoney);
  const cut = dimensions.find((d) => !d.isTime && !(d.isCurrency && isMoney));
  if (!cut) throw queryErrors.topOfNothing({});
  return cut;
}

/** States of several groups as those of one; `n`, the number of rows, is always the first. */
function merge(states: readonly State[], from = ''): string[] {
  return [
    `sum(${from}n) as n`,
    ...states.map(({ call, column }) => `${call}(${from}${column}) as ${column}`),
  ];
}

function positions(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i + 1));
}

function groupBy(columns: readonly string[]): string {
  return columns.length === 0 ? '' : `\n  group by ${columns.join(', ')}`;
}

function bound(context: QueryContext, count: number): string {
  return `cast(${bind(context, count)} as bigint)`;
}
