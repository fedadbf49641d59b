import { Refusal, type Scope } from '../../platform/kernel/index.ts';
import {
  bind,
  type Field,
  fieldOf,
  filterSql,
  identifier,
  type QueryContext,
  type Selection,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { errors } from './errors.ts';
import {
  type AttributionRule,
  type GraphDocument,
  type Method,
  nodeIdSchema,
  nodeSchema,
  otherDimension,
  reservedNodes,
  taxDimension,
} from './model.ts';
import { filterOf, parseRunDimension, parseTemplate } from './templates.ts';

/** A relation over the rows of several, by the names of their columns; a column that one of them lacks is null in its rows. */
export function unionSql(relations: readonly string[]): string {
  if (relations.length === 1) return relations[0] as string;
  return `(${relations.map((relation) => `select * from ${relation}`).join('\nunion all by name\n')})`;
}

/** A relation with further columns of text, null in every row. */
export function withNullColumnsSql(relation: string, names: readonly string[]): string {
  const columns = names.map((name) => `null::varchar as ${identifier(name)}`);
  return `(select *, ${columns.join(', ')} from ${relation})`;
}

/** What the SQL of one statement over a bill is compiled against: values are bound, keys of JSON columns read once per row. */
export type BillContext = QueryContext & { readonly keys: NonNullable<QueryContext['keys']> };

/** Starts a statement over the rows of a bill. */
export function billContext(selection: Selection, scope: Scope): BillContext {
  return { dataset: costDataset, selection, scope, values: [], keys: new Map() };
}

/**
 * The first common table expression of a statement, `base`: the bill's rows with the keys that the rest of the statement
 * asks for. So the rest is compiled first.
 */
export function baseSql({ selection, keys }: BillContext): string {
  const read = [...keys.values()].map(({ name, sql }) => `, ${sql} as ${name}`);
  return `base as (
  select *${read.join('')}
  from ${selection.relation}
)`;
}

/**
 * True for the tax rows that a run leaves out. Tax rows are those of the ChargeCategory `Tax`; which of them come back from
 * the state is the method's to say.
 */
export function recoverableTaxSql(context: BillContext, { recoverableTax }: Method): string {
  const isTax = `"ChargeCategory" = 'Tax'`;
  if (recoverableTax === 'none') return 'false';
  if (recoverableTax === 'all') return `coalesce(${isTax}, false)`;
  const where = naming('method/recoverableTax', () => filterSql(context, filterOf(recoverableTax)));
  return `coalesce(${isTax} and ${where}, false)`;
}

/** The cost of a row in the run's metric; null where the bill has none. */
export function metricSql({ metric }: Pick<Method, 'metric'>): string {
  return `cast(${identifier(metric)} as decimal(38,12))`;
}

interface RuleSql {
  /** Holds for rows that fit: the condition, and a value under every column of the templates. */
  readonly fits: string;
  readonly node: string;
  readonly application: string | undefined;
  /** Hold where what the templates make is an id and a name; none where their texts are so in every row. */
  readonly forms: readonly string[];
}

/**
 * Common table expressions that give every row of the bill its rule and node. The last is `attributed`, with all columns of
 * `base` and
 *
 * - `rule`: index of the first rule that fits, −1 where none does;
 * - `node`: what its template makes; `unattributed` without a rule;
 * - `application`: what the rule's template for it makes, or null;
 * - `misfit`: index of the first rule whose node (or application) was no id, so that the row went on; `specimen` is that text;
 * - `reserved`: index of the rule that would have made one of the run's own nodes; the row is then unattributed.
 *
 * One expression for all rules: a row is asked until a rule fits. What templates make is checked once per row, for the rule
 * that fits; only the few rows whose text is no id go through the rules again, with the check in each condition.
 */
function attributedSql(context: BillContext, rules: readonly AttributionRule[]): string {
  const compiled = rules.map((rule) => naming(`rules/${rule.id}`, () => ruleSql(context, rule)));
  const choose = (condition: (rule: RuleSql) => readonly string[]) =>
    casesSql(
      compiled.map((rule, i) => [condition(rule).join(' and ') || 'true', String(i)]),
      '-1',
    );
  const made = (index: string, part: 'node' | 'application') =>
    pickSql(
      index,
      compiled.map((rule) => rule[part] ?? 'null'),
    );
  const checked = [...compiled.keys()].filter((i) => (compiled[i]?.forms.length ?? 0) > 0);
  const isGood = `case when first_rule not in (${['-2', ...checked].join(', ')}) then true
    else ${isIdSql('first_node')} and (first_application is null or ${isNameSql('first_application')}) end`;
  const isOurs = `found_node in (${reservedNodes.map((id) => `'${id}'`).join(', ')})`;
  return `fitted as (
  select *, ${choose(({ fits }) => [fits])} as first_rule
  from base
),
made as (
  select *, ${made('first_rule', 'node')} as first_node, ${made('first_rule', 'application')} as first_application
  from fitted
),
judged as (
  select *, ${isGood} as is_good
  from made
),
settled as (
  select *, case when is_good then first_rule else ${choose(({ fits, forms }) => [fits, ...forms])} end as found_rule
  from judged
),
named as (
  select *, case when is_good then first_node else ${made('found_rule', 'node')} end as found_node,
    case when is_good then first_application else ${made('found_rule', 'application')} end as application,
    case when not is_good then first_rule end as misfit,
    case when is_good then null when ${isIdSql('first_node')} then left(first_application, 60) else left(first_node, 60) end as specimen
  from settled
),
attributed as (
  select *, case when ${isOurs} then found_rule end as reserved,
    case when found_rule < 0 or ${isOurs} then -1 ${inPlace} else found_rule end as rule,
    case when found_rule < 0 or ${isOurs} then '${reservedNodes[0]}' ${inPlace} else found_node end as node
  from named
)`;
}

/**
 * Never true. DuckDB would push a filter on the rule or the node down to the bill and ask every rule once more for it (2.8 s, not
 * 1.1 s, for the rows of one node of 1.3 M); it leaves a filter above what may change from row to row.
 */
const inPlace = 'when random() < 0 then null';

function casesSql(
  cases: readonly (readonly [condition: string, value: string])[],
  otherwise: string,
): string {
  if (cases.length === 0) return otherwise;
  return `case ${cases.map(([condition, value]) => `when ${condition} then ${value}`).join('\n    ')} else ${otherwise} end`;
}

/** The value at an index from 0, null at any other. In blocks, so that a row compares its index to some and not to thousands. */
function pickSql(index: string, values: readonly string[]): string {
  const block = 50;
  const within = (from: number) =>
    casesSql(
      values.slice(from, from + block).map((value, i) => [`${index} = ${from + i}`, value]),
      'null::varchar',
    );
  if (values.length <= block) return within(0);
  const starts = Array.from({ length: Math.ceil(values.length / block) }, (_, i) => i * block);
  return casesSql(
    starts.map((from) => [`${index} < ${from + block}`, within(from)]),
    'null::varchar',
  );
}

function ruleSql(context: BillContext, rule: AttributionRule): RuleSql {
  const node = templateSql(context, rule.node);
  const application = rule.application === undefined ? undefined : templateSql(context, rule.application);
  const where = rule.where === undefined ? [] : [filterSql(context, filterOf(rule.where))];
  const conditions = [...where, ...node.filled, ...(application?.filled ?? [])];
  return {
    fits: conditions.length === 0 ? 'true' : `(${conditions.join(' and ')})`,
    node: node.sql,
    application: application?.sql,
    forms: [
      ...(isFixed(rule.node, nodeIdSchema) ? [] : [isIdSql(node.sql)]),
      ...(application === undefined || isFixed(rule.application, applicationSchema)
        ? []
        : [isNameSql(application.sql)]),
    ],
  };
}

/** True for a template without columns whose text is well formed: no row has to be asked. */
function isFixed(template: string | undefined, form: { safeParse: (text: unknown) => { success: boolean } }) {
  return !/[{}]/.test(template ?? '') && form.safeParse(template).success;
}

/** A template's text, and the conditions that its columns are not empty. Its own text is a bound value. */
export function templateSql(
  context: BillContext,
  template: string,
): { readonly sql: string; readonly filled: readonly string[] } {
  const parts = parseTemplate(template).map((part) => {
    if (typeof part === 'string') return { sql: `cast(${bind(context, part)} as varchar)`, filled: [] };
    const field = fieldOf(context, part);
    const sql = textSql(field);
    if (sql === undefined) {
      const problem = `'${field.label}' is a ${field.type}, which makes no name`;
      throw errors.unfitTemplate({ template, problem });
    }
    return { sql, filled: [`${sql} <> ''`] };
  });
  return {
    sql: parts.length === 1 ? (parts[0]?.sql ?? '') : `(${parts.map(({ sql }) => sql).join(' || ')})`,
    filled: parts.flatMap(({ filled }) => filled),
  };
}

/** A column's value as a name; times, amounts and whole JSON objects make none. */
function textSql({ sql, type }: Field): string | undefined {
  if (type === 'string' || type === 'key') return sql;
  return type === 'integer' || type === 'boolean' ? `cast(${sql} as varchar)` : undefined;
}

/** The dimension of a row: `Tax` for tax, else the value of the method's column, `Other` where that is empty. */
function dimensionSql(context: BillContext, { dimension }: Method): string {
  const sql = textSql(fieldOf(context, parseRunDimension(dimension)));
  if (sql === undefined) throw errors.unfitDimension({ dimension });
  return `case when "ChargeCategory" = 'Tax' then '${taxDimension}' else coalesce(nullif(${sql}, ''), '${otherDimension}') end`;
}

/**
 * As `nodeIdSchema`: 1 to 200 characters as JavaScript counts them, none of Unicode's category C, no blank at the ends. RE2 has
 * no unassigned characters in its C, so that it is asked for all the others; its Z is what JavaScript calls a blank.
 */
export function isIdSql(text: string): string {
  return `(regexp_full_match(${text}, '[${signs}]([${signs}\\p{Z}]*[${signs}])?') and ${fits200(text)})`;
}

/** As the name of an application: 1 to 200 characters, none of category C. */
function isNameSql(text: string): string {
  return `(regexp_full_match(${text}, '[${signs}\\p{Z}]+') and ${fits200(text)})`;
}

const applicationSchema = nodeSchema.shape.application;

const signs = '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}';

/**
 * JavaScript counts a character beyond the first plane twice. 200 bytes are never more than 200 of its characters. DuckDB asks
 * both sides of an `or` of every row, and the branches of a `case` of those that come to them only.
 */
function fits200(text: string): string {
  const beyond = `length(regexp_replace(${text}, '[^\\x{10000}-\\x{10FFFF}]', '', 'g'))`;
  return `case when strlen(${text}) <= 200 then true else length(${text}) + ${beyond} <= 200 end`;
}

/** Says which part of the document a refusal is about. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) throw errors.unfitRule({ rule: `'${path}'`, problem: error.message });
    throw error;
  }
}

export interface Attributing extends Pick<GraphDocument, 'rules' | 'method'> {
  readonly period: string;
}

/**
 * Common table expressions of a month's rows as a run takes them, `taken`: those of `attributed` that are no recoverable tax, with
 * `source`, `dimension`, `currency`, `cost` (0 where the bill has none) and the times that `spreadSql` needs. The month
 * is the partition's.
 */
export function takenSql(context: BillContext, { rules, method, period }: Attributing): string {
  const attributed = attributedSql(context, rules);
  const dimension = dimensionSql(context, method);
  const tax = recoverableTaxSql(context, method);
  const opens = `cast(${bind(context, `${period}-01`)} as timestamp)`;
  return `${baseSql(context)},
${attributed},
taken as (
  select *, "x_SourceName" as source, ${dimension} as dimension, "BillingCurrency" as currency,
    coalesce(${metricSql(method)}, 0) as cost, ${opens} as opens, "ChargePeriodStart" as starts, "ChargePeriodEnd" as ends
  from attributed
  where not ${tax}
)`;
}
