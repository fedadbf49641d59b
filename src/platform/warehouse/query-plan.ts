import { billingStartSql, type SpreadUnit } from './charge-time.ts';
import type { CostQuery, Dimension, Filter, Grain, Measure } from './cost-query.ts';
import { identifier } from './engine.ts';
import { fieldOf, findColumn, type QueryContext } from './query-columns.ts';
import { queryErrors } from './query-errors.ts';

/** A dimension of the answer, as a column of the statement. */
export interface PlannedDimension {
  readonly name: string;
  /** `d0`, `d1`, … */
  readonly column: string;
  /** Its value on a stored row; absent for a time of the charge, which is known after spreading only. */
  readonly sql?: string;
  /** Set when it is a period of time. */
  readonly grain?: Grain;
  /** A period or a timestamp: sorted first, never the target of `top`. */
  readonly isTime: boolean;
  readonly isCurrency: boolean;
  readonly isText: boolean;
}

/** What is summed (or kept) per group: the statement's `s0`, `s1`, … and the number of rows `n`. */
export interface State {
  readonly column: string;
  readonly call: 'sum' | 'min' | 'max';
  /** Its value on a stored row. */
  readonly sql: string;
}

/** A measure of the answer, as one or two columns of the statement computed from states. */
export interface PlannedMeasure {
  readonly name: string;
  readonly column: string;
  /** Its value in a group, from the group's states. */
  readonly sql: string;
  /** A ratio's lower side: the answer is column ÷ per, taken outside of SQL, where division is exact. */
  readonly per?: { readonly column: string; readonly sql: string };
  /** True when it holds an amount of money, or is computed from one: never added over currencies. */
  readonly isMoney: boolean;
}

export interface QueryPlan {
  readonly dimensions: readonly PlannedDimension[];
  readonly measures: readonly PlannedMeasure[];
  readonly states: readonly State[];
  /** The finest time of the charge asked for; absent when no row has to be spread. */
  readonly spread?: SpreadUnit;
  /** Currencies that the rows asked for may have: those of the selection that pass an equality on the currency. */
  readonly currencies: readonly string[];
}

/** Finds every name of a query in the dataset, and adds the currency as first dimension when money would mix. */
export function planQuery(context: QueryContext, query: CostQuery): QueryPlan {
  const states: State[] = [];
  const measures = query.measures.map((measure, i) => planMeasure(context, measure, `v${i}`, states));
  const currencies = currenciesAsked(context, query.where);
  const mixes = currencies.length > 1 && measures.some(({ isMoney }) => isMoney);
  const currency = context.dataset.roles.currency;
  const isGiven = query.dimensions.some(
    (d) => 'column' in d && d.key === undefined && isNamed(d.column, currency),
  );
  const asked = mixes && !isGiven ? [{ column: currency }, ...query.dimensions] : query.dimensions;
  const dimensions = asked.map((dimension, i) => planDimension(context, dimension, `d${i}`));
  refuseSameNames([...dimensions, ...measures].map(({ name }) => name));
  const charged = asked.flatMap((d) => ('grain' in d && d.of === 'charge' ? [d.grain] : []));
  const spread = charged.includes('hour') ? 'hour' : charged.some(isWithinMonth) ? 'day' : undefined;
  return { dimensions, measures, states, currencies, ...(spread ? { spread } : {}) };
}

function planDimension(context: QueryContext, dimension: Dimension, column: string): PlannedDimension {
  if (!('grain' in dimension)) {
    const field = fieldOf(context, dimension);
    const isTime = field.type === 'timestamp';
    const isText = field.type === 'string' || field.type === 'json' || field.type === 'key';
    const isCurrency = isText && field.label === context.dataset.roles.currency;
    return { name: dimension.name ?? field.label, column, sql: field.sql, isTime, isCurrency, isText };
  }
  const { grain, of } = dimension;
  const time = { column, grain, isTime: true, isCurrency: false, isText: false };
  const name =
    dimension.name ?? (of === 'charge' ? grain : `billing${grain[0]?.toUpperCase()}${grain.slice(1)}`);
  if (of === 'charge' && isWithinMonth(grain)) return { ...time, name };
  return { ...time, name, sql: periodSql(grain, billingStartSql(context.dataset)) };
}

/** Months, quarters and years of a charge are those of its billing month: a charge is never dated outside of it. */
function isWithinMonth(grain: Grain): boolean {
  return grain === 'hour' || grain === 'day' || grain === 'week';
}

/** The first instant (hours) or day of the period that a time falls in; ISO weeks begin on Monday. */
export function periodSql(grain: Grain, time: string): string {
  const start = grain === 'day' ? time : `date_trunc('${grain}', ${time})`;
  return grain === 'hour' ? start : `cast(${start} as date)`;
}

function planMeasure(
  context: QueryContext,
  measure: Measure,
  column: string,
  states: State[],
): PlannedMeasure {
  if ('count' in measure)
    return { name: measure.name ?? 'rows', column, sql: 'coalesce(n, 0)', isMoney: false };
  if ('coverage' in measure) return planCoverage(context, measure, column, states);
  const { costs, quantities } = context.dataset.roles;
  const found = findColumn(context, measure.sum);
  const name = measure.name ?? found.name;
  if (costs.includes(found.name)) {
    const sum = addState(states, 'sum', amountSql(found.name));
    return { name, column, sql: `coalesce(${sum}, 0)`, isMoney: true };
  }
  const quantity = quantities.find((q) => q.column === found.name);
  if (!quantity) {
    const allowed = [...costs, ...quantities.map((q) => q.column)];
    throw queryErrors.notSummable({ column: found.name, allowed });
  }
  const unit = identifier(findColumn(context, quantity.unit).name);
  const unitSql = `case when ${identifier(found.name)} is not null then coalesce(${unit}, '') end`;
  const sum = addState(states, 'sum', amountSql(found.name));
  const [least, most] = [addState(states, 'min', unitSql), addState(states, 'max', unitSql)];
  return { name, column, sql: `case when ${least} = ${most} then ${sum} end`, isMoney: false };
}

function planCoverage(
  context: QueryContext,
  measure: Extract<Measure, { readonly coverage: unknown }>,
  column: string,
  states: State[],
): PlannedMeasure {
  const { costs } = context.dataset.roles;
  const cost = findColumn(context, measure.coverage.of).name;
  if (!costs.includes(cost)) throw queryErrors.notSummable({ column: cost, allowed: costs });
  const tag = fieldOf(context, { tag: measure.coverage.tag });
  const amount = amountSql(cost);
  const tagged = addState(states, 'sum', `case when ${amount} > 0 and ${tag.sql} <> '' then ${amount} end`);
  const all = addState(states, 'sum', `case when ${amount} > 0 then ${amount} end`);
  return {
    name: measure.name ?? `coverage(${tag.label}, ${cost})`,
    column,
    sql: `coalesce(${tagged}, 0)`,
    // The share that a small charge has of one hour may be 0.
    per: { column: `${column}_per`, sql: `nullif(${all}, 0)` },
    isMoney: true,
  };
}

function amountSql(column: string): string {
  return `cast(${identifier(column)} as decimal(38,12))`;
}

/** The column of a state, shared by the measures that need the same one. */
function addState(states: State[], call: State['call'], sql: string): string {
  const known = states.find((state) => state.call === call && state.sql === sql);
  const state = known ?? { column: `s${states.length}`, call, sql };
  if (!known) states.push(state);
  return state.column;
}

function currenciesAsked({ dataset, selection }: QueryContext, where: Filter | undefined): readonly string[] {
  return narrowed(selection.currencies, where);

  function narrowed(left: readonly string[], filter: Filter | undefined): readonly string[] {
    if (!filter) return left;
    if ('and' in filter) return filter.and.reduce(narrowed, left);
    if (!('field' in filter) || !('column' in filter.field) || filter.field.key !== undefined) return left;
    if (!isNamed(filter.field.column, dataset.roles.currency)) return left;
    if (filter.op === '=') return left.filter((code) => code === filter.value);
    if (filter.op === 'in') return left.filter((code) => filter.values.includes(code));
    return left;
  }
}

function isNamed(column: string, name: string): boolean {
  return column.toLowerCase() === name.toLowerCase();
}

function refuseSameNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw queryErrors.nameTwice({ name: twice });
}
