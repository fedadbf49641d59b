import { fileLiteral, literal, type Row, type Session } from '../../platform/warehouse/index.ts';
import type { UsageQuery } from './usage-contract.ts';

/** What an answer says besides its values. */
export interface AnswerHead {
  readonly status: string | null;
  readonly resultType: string | null;
  readonly warnings: readonly string[];
  readonly series: number;
}

function answer(file: string, maxBytes: number, columns: string): string {
  return `read_json(${fileLiteral(file)}, format = 'unstructured', maximum_object_size = ${maxBytes + 1}, columns = {${columns}})`;
}

const matrix = `STRUCT("resultType" VARCHAR, "result" STRUCT("metric" MAP(VARCHAR, VARCHAR), "values" VARCHAR[][])[])`;

/** Reads what a saved answer says of itself. Throws where it is no JSON, or has another form. */
export async function readAnswerHead(session: Session, file: string, maxBytes: number): Promise<AnswerHead> {
  const columns = `status: 'VARCHAR', warnings: 'VARCHAR[]', data: 'STRUCT("resultType" VARCHAR, "result" JSON[])'`;
  const [row] = await session.rows(
    `select status, warnings, data."resultType" as kind, coalesce(len(data."result"), 0) as series from ${answer(file, maxBytes, columns)}`,
  );
  return {
    status: (row?.['status'] ?? null) as string | null,
    resultType: (row?.['kind'] ?? null) as string | null,
    warnings: (row?.['warnings'] ?? []) as string[],
    series: Number(row?.['series'] ?? 0),
  };
}

/** Makes the empty temporary tables `fetched_day` (a series' value of a day) and `fetched_bad` (what cannot be usage). */
export async function createFetched(session: Session): Promise<void> {
  await session.run(
    `create or replace temp table fetched_day (
  query integer, "NodeId" varchar, "Day" date, "Labels" varchar, "Value" decimal(38,12), samples bigint
)`,
  );
  await session.run(
    'create or replace temp table fetched_bad (query integer, kind varchar, series varchar, moment timestamp, found varchar)',
  );
}

/** A saved answer, and how it is to be taken. */
export interface SavedAnswer {
  readonly file: string;
  readonly maxBytes: number;
  /** Place of the query in the request. */
  readonly index: number;
  readonly query: UsageQuery;
}

/**
 * Adds an answer to `fetched_day`. A sample at t belongs to the day of the moment before t: at 2026-10-02T00:00 to the 1st. Its text
 * is read as an exact decimal, rounded half-up at 12 decimals; NaN is no value. What is infinite, negative or no number, and series
 * that lack a label of the node, go to `fetched_bad`.
 */
export async function takeAnswer(
  session: Session,
  { file, maxBytes, index, query }: SavedAnswer,
): Promise<void> {
  await session.run(
    `create or replace temp table fetched_series as
select row_number() over () as id, series."metric" as labels, series."values" as samples,
  ${nodeOf(query.node)} as node, ${keptLabels(query.labels)} as kept
from (select unnest(data."result") as series from ${answer(file, maxBytes, `data: '${matrix}'`)})`,
  );
  await session.run(
    `create or replace temp table fetched_sample as
with sample as (
  select id, s[1]::double as seconds, s[2] as text from fetched_series, unnest(samples) as u(s)
)
select id, make_timestamp((round(seconds * 1000)::bigint) * 1000) as moment, text, ${sampleKind} as kind,
  case when ${sampleKind} is null then ${exactSample} end as value
from sample`,
  );
  await session.run(
    `insert into fetched_bad
select ${index}, 'noNode', to_json(labels)::varchar, null, null
from fetched_series
where node is null or length(node) > 200 or regexp_matches(node, '\\p{C}|^\\s|\\s$')
union all
select ${index}, kind, to_json(labels)::varchar, moment, text
from fetched_sample join fetched_series using (id)
where kind is not null`,
  );
  await session.run(
    `insert into fetched_day
with daily as (
  select id, (moment - interval 1 microsecond)::date as day, ${reduced[query.reduce]} as value, count(*) as samples
  from fetched_sample
  where kind is null
  group by all
)
select ${index}, node, day, kept, sum(value), sum(daily.samples)::bigint
from daily join fetched_series using (id)
where node is not null and length(node) <= 200 and not regexp_matches(node, '\\p{C}|^\\s|\\s$')
group by all`,
  );
}

/** The template with labels in the place of their names; null where one is absent or empty. */
function nodeOf(template: string): string {
  const parts = template.split(/\{([^{}]+)\}/).map((part, index) => {
    if (index % 2 === 1) return `nullif(series."metric"[${literal(part)}], '')`;
    return part === '' ? '' : literal(part);
  });
  return parts.filter((part) => part !== '').join(' || ');
}

/** The labels to keep as JSON with sorted keys. */
function keptLabels(labels: readonly string[]): string {
  if (labels.length === 0) return `'{}'`;
  const entries = [...new Set(labels)].sort().map((label) => {
    const value = `series."metric"[${literal(label)}]`;
    return `case when ${value} <> '' then to_json(${literal(label)}) || ':' || to_json(left(${value}, 500)) end`;
  });
  return `'{' || concat_ws(',', ${entries.join(', ')}) || '}'`;
}

const isNumber = `regexp_full_match(text, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?')`;

/** Null: a value. What is below 0 only in name, such as -0, is 0. */
const sampleKind = `case
    when lower(text) = 'nan' then 'nan'
    when not ${isNumber} then 'unfit'
    when text::double < 0 then 'negative'
    when text::double >= 1e18 then 'tooLarge'
  end`;

/**
 * A text that is a number, rounded half-up at 12 decimals. Casting a text to a 128-bit decimal takes 20 µs, and monitoring systems
 * print 16 digits, so that a plain one is put together of two whole numbers; half-up, the 13th decimal alone decides. DuckDB 1.5
 * rounds by a wrong digit when an exponent takes all digits beyond the scale (it makes 1e-12 of `9e-20`): these are told first.
 */
const exactSample = `case
    when text::double < 2e-13 then 0::decimal(38,12)
    when regexp_full_match(text, '[0-9]{1,18}([.][0-9]+)?') then
      split_part(text, '.', 1)::bigint::decimal(38,12)
        + ((left(rpad(split_part(text, '.', 2), 13, '0'), 13)::bigint + 5) // 10)::decimal(18,0) * 0.000000000001::decimal(12,12)
    else text::decimal(38,12)
  end`;

/** Units of 10⁻¹², as a whole number. */
const sumUnits = `replace(sum(value)::varchar, '.', '')::hugeint`;
const meanUnits = `lpad(((2 * ${sumUnits} + count(*)) // (2 * count(*)))::varchar, 13, '0')`;

/** The mean is exact before it is rounded half-up: DuckDB divides decimals as floats. */
const reduced: Readonly<Record<UsageQuery['reduce'], string>> = {
  sum: 'sum(value)',
  max: 'max(value)',
  last: 'arg_max(value, moment)',
  avg: `(left(${meanUnits}, -12) || '.' || right(${meanUnits}, 12))::decimal(38,12)`,
};

/** Values that cannot be usage: how many, and the first few with series and instant. */
export async function findUnfitSamples(
  session: Session,
  index: number,
  limit: number,
): Promise<{ readonly samples: number; readonly examples: readonly Row[] }> {
  const of = `from fetched_bad where query = ${index} and kind in ('unfit', 'negative', 'tooLarge')`;
  const [counted] = await session.rows(`select count(*) as n ${of}`);
  const examples = await session.rows(`select series, moment, found ${of} order by all limit ${limit}`);
  return { samples: Number(counted?.['n']), examples };
}

/** What is left out of a query's answers, and the days that have values. */
export interface FetchedFigures {
  readonly days: number;
  readonly samples: number;
  readonly nans: number;
  readonly seriesWithoutNode: number;
  readonly example: string | null;
}

/** Sums what came of one query. */
export async function sumFetched(session: Session, index: number): Promise<FetchedFigures> {
  const [row] = await session.rows(
    `select
  (select count(distinct "Day") from fetched_day where query = ${index}) as days,
  (select coalesce(sum(samples), 0)::bigint from fetched_day where query = ${index}) as samples,
  (select count(*) from fetched_bad where query = ${index} and kind = 'nan') as nans,
  (select count(distinct series) from fetched_bad where query = ${index} and kind = 'noNode') as without,
  (select min(series) from fetched_bad where query = ${index} and kind = 'noNode') as example`,
  );
  return {
    days: Number(row?.['days']),
    samples: Number(row?.['samples']),
    nans: Number(row?.['nans']),
    seriesWithoutNode: Number(row?.['without']),
    example: (row?.['example'] ?? null) as string | null,
  };
}

/** Puts what one query gave into `usage_row`. */
export async function takeFetched(
  session: Session,
  index: number,
  { metric, unit }: Pick<UsageQuery, 'metric' | 'unit'>,
  origin: string,
): Promise<void> {
  await session.run(
    `insert into usage_row
select "Day", "NodeId", $1, "Value", $2, "Labels", $3, null
from fetched_day
where query = ${index}`,
    [metric, unit ?? null, origin],
  );
}
