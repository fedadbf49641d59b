import { fileLiteral, literal, type Session } from '../../platform/warehouse/index.ts';
import type { UsageColumn, UsageHeader } from './usage-csv-header.ts';

/** A file on this machine's disk, whole and checked. */
export interface CsvFile {
  readonly path: string;
  readonly gzip: boolean;
}

/** A cell that does not fit: which rule it breaks, and what stands there. */
export interface BadCell {
  readonly row: number;
  readonly field: string;
  readonly rule: string;
  readonly found: string;
}

/** All that does not fit in a file: counted whole, the first ones shown. */
export interface BadCells {
  readonly cells: number;
  readonly rows: number;
  /** Records of the file, the header left out. */
  readonly of: number;
  readonly shown: readonly BadCell[];
}

/**
 * Reads a file into the temporary table `usage_text`, every cell as text, and what cannot be cut into cells into `usage_ragged`.
 * `row` numbers the records as in the file, the header being 1; `empty` are the numbers of those that hold nothing.
 */
export async function stageUsageText(
  session: Session,
  file: CsvFile,
  header: UsageHeader,
  empty: readonly number[],
): Promise<void> {
  const columns = header.columns.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  await session.run(
    `create or replace temp table usage_text as
select row_number() over () + 1 as "row", *
from read_csv(${fileLiteral(file.path)}, auto_detect = false, header = true, delim = ${literal(header.delimiter)},
  quote = '"', escape = '"', compression = ${literal(file.gzip ? 'gzip' : 'none')}, parallel = false,
  store_rejects = true, rejects_limit = 0, columns = {${columns}})`,
  );
  // DuckDB tells of one record several times, once for each cell too many or too few.
  await session.run(
    `create or replace temp table usage_ragged as
select line, min(error_type) as kind, min(column_idx) as least, max(column_idx) as most
from reject_errors
group by line`,
  );
  const [ragged] = await session.rows('select count(*) as n from usage_ragged');
  if (empty.length > 0 || Number(ragged?.['n']) > 0) await countSkipped(session, empty);
}

/** Moves the numbers of records behind what was not read: empty lines, and what could not be cut into cells. */
async function countSkipped(session: Session, empty: readonly number[]): Promise<void> {
  await session.run('create or replace temp table usage_empty (line double)');
  await session.append('usage_empty', [Float64Array.from(empty)], empty.length);
  await session.run(
    `create or replace temp table usage_text as
with skipped as (
  select line - row_number() over (order by line) as "before", row_number() over (order by line) as so_far
  from (select line::bigint as line from usage_empty union select line from usage_ragged)
), last_skipped as (
  select "before", max(so_far) as so_far from skipped group by "before"
)
select "row" + coalesce(so_far, 0) as "row", t.* exclude ("row")
from usage_text t asof left join last_skipped s on t."row" > s."before"`,
  );
}

/** Characters at the ends of a cell that mean nothing. */
const blanks = `' ' || chr(9) || chr(10) || chr(13) || chr(160)`;

/**
 * Makes `usage_cell` of `usage_text`: one row for each value, with what its cells say, and the rule that each breaks (null: none).
 * `nodeRule` and `metricRule` are `empty` or `unfit`, `unitRule` `unfit`, `dayRule` `empty`, `notDay` or `otherMonth`; `valueRule`
 * `empty`, `notNumber`, `notFinite`, `negative`, `decimals` or `tooLarge`; `labelsRule` `notObject`, `notText`, `twice` or `tooLong`.
 */
export async function readUsageCells(
  session: Session,
  header: UsageHeader,
  month: string | undefined,
): Promise<void> {
  const { columns } = header;
  const labels = columns.flatMap(({ holds }, index) => (isLabel(holds) ? [`c${index}`] : []));
  await readLabels(session, columns, labels);
  const joined = labels.length === 0 ? '' : `join usage_label using (${labels.join(', ')})`;
  await session.run(
    `create or replace temp table usage_cell as
with cut as (
  ${longForm(columns, labels)}
), trimmed as (
  select "row", trim(node, ${blanks}) as node, trim(dayText, ${blanks}) as dayText, trim(metric, ${blanks}) as metric,
    trim(valueText, ${blanks}) as valueText, nullif(trim(unit, ${blanks}), '') as unit, valueField,
    ${labels.length === 0 ? `'{}' as labels, null::varchar as labelsRule` : 'labels, labelsRule'}
  from cut ${joined}
), checked as (
  select *,
    case when node = '' then 'empty' when not ${isLine('node')} then 'unfit' end as nodeRule,
    case when metric = '' then 'empty' when not ${isLine('metric')} then 'unfit' end as metricRule,
    case when unit is not null and not ${isLine('unit')} then 'unfit' end as unitRule,
    ${dayRule(month === undefined ? 'null' : literal(month))} as dayRule,
    ${valueRule} as valueRule
  from trimmed
)
select "row", node, metric, unit, labels,
  case when dayRule is null then left(dayText, 10)::date end as day,
  case when valueRule is null then ${exactValue('valueText')} end as value,
  nodeRule, dayRule, metricRule, valueRule, unitRule, labelsRule, valueField,
  case when dayRule is not null then left(dayText, 80) end as dayText,
  case when valueRule is not null then left(valueText, 80) end as valueText
from checked`,
  );
}

/** One row for each value: the row itself, or in a wide file one for each cell of a metric that is not empty. */
function longForm(columns: readonly UsageColumn[], labels: readonly string[]): string {
  const at = (holds: UsageColumn['holds']) => {
    const index = columns.findIndex((column) => column.holds === holds);
    return index < 0 ? `''` : `coalesce(c${index}, '')`;
  };
  const kept = labels.map((column) => `, coalesce(${column}, '') as ${column}`).join('');
  const row = (metric: string, value: string, field: string) =>
    `select "row", ${at('node')} as node, ${at('day')} as dayText, ${metric} as metric, ${value} as valueText, ${at('unit')} as unit,
    ${field} as valueField${kept}
  from usage_text`;
  const wide = columns.flatMap((column, index) => {
    if (column.holds !== 'valuesOf') return [];
    const name = literal(column.metric);
    return [`${row(name, `c${index}`, name)} where trim(coalesce(c${index}, ''), ${blanks}) <> ''`];
  });
  return wide.length === 0 ? row(at('metric'), at('value'), `'value'`) : wide.join('\n  union all\n  ');
}

/** A text of 1 to 200 characters, none of them a control character. Plain ASCII is told ten times faster. */
function isLine(text: string): string {
  return `(length(${text}) <= 200 and (regexp_full_match(${text}, '[ -~]+') or not regexp_matches(${text}, '\\p{C}')))`;
}

/** A civil day, perhaps with its midnight in UTC, as tables of other programs write it. */
function dayRule(month: string): string {
  const isPlain = `length(dayText) = 10 and dayText[5] = '-' and dayText[8] = '-' and dayText between '1900' and '9999-12-31'
        and try_cast(dayText as date) is not null`;
  const isMidnight = `regexp_full_match(dayText, '(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[T ]00:00(:00([.]0+)?)?(Z|[+]00:?00)?')
        and try_cast(left(dayText, 10) as date) is not null`;
  return `case
      when ${isPlain} then case when left(dayText, 7) <> ${month} then 'otherMonth' end
      when dayText = '' then 'empty'
      when not (${isMidnight}) then 'notDay'
      when left(dayText, 7) <> ${month} then 'otherMonth'
    end`;
}

const mantissa = `regexp_extract(valueText, '^[+-]?([0-9.]+)', 1)`;
const digits = `replace(${mantissa}, '.', '')`;
const pointAt = `case when contains(${mantissa}, '.') then length(${mantissa}) - position('.' in ${mantissa}) else 0 end`;
const exponent = `coalesce(try_cast(regexp_extract(valueText, '[eE]([+-]?[0-9]+)$', 1) as integer), 0)`;

/** Most values are plain and short: one pattern tells. The others are measured digit by digit, so that nothing is rounded. */
const valueRule = `case
      when ${isPlainNumber('valueText')} then null
      when valueText = '' then 'empty'
      when not regexp_full_match(valueText, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?') then
        case when regexp_full_match(lower(valueText), '[+-]?(nan|inf|infinity)') then 'notFinite' else 'notNumber' end
      when ltrim(${digits}, '0') = '' then null
      when starts_with(valueText, '-') then 'negative'
      when (${pointAt}) - ${exponent} - (length(${digits}) - length(rtrim(${digits}, '0'))) > 12 then 'decimals'
      when length(ltrim(${digits}, '0')) - (${pointAt}) + ${exponent} > 18 then 'tooLarge'
    end`;

/**
 * A text that `valueRule` takes, exact. Casting a text to a 128-bit decimal takes 20 µs, so that a plain one is put together of
 * two whole numbers; only what has a sign, an exponent or many digits is cast.
 */
function exactValue(text: string): string {
  const whole = `split_part(${text}, '.', 1)::bigint::decimal(38,12)`;
  const fraction = `rpad(split_part(${text}, '.', 2), 12, '0')::bigint::decimal(18,0) * 0.000000000001::decimal(12,12)`;
  return `case when ${isPlainNumber(text)} then ${whole} + ${fraction} else try_cast(${text} as decimal(38,12)) end`;
}

function isPlainNumber(text: string): string {
  return `regexp_full_match(${text}, '[0-9]{1,15}([.][0-9]{1,12})?')`;
}

function isLabel(holds: UsageColumn['holds']): boolean {
  return holds === 'labels' || holds === 'label';
}

/**
 * Makes `usage_label`: every combination of label cells once, as JSON with sorted keys, so that the same labels are the same text.
 * Cells are few where rows are many.
 */
async function readLabels(
  session: Session,
  columns: readonly UsageColumn[],
  cells: readonly string[],
): Promise<void> {
  if (cells.length === 0) return;
  const json = columns.findIndex(({ holds }) => holds === 'labels');
  const text = json < 0 ? `''` : `trim(c${json}, ${blanks})`;
  const own = columns.flatMap((column, index) =>
    column.holds === 'label' ? [`{key: ${literal(column.label)}, value: nullif(c${index}, '')}`] : [],
  );
  const list = 'struct(key varchar, value varchar)[]';
  await session.run(
    `create or replace temp table usage_label as
with cells as (
  select distinct ${cells.map((column) => `coalesce(${column}, '') as ${column}`).join(', ')} from usage_text
), read as (
  select *, ${text} as labelText, try_cast(nullif(${text}, '') as json) as json from cells
), listed as (
  select *, coalesce(map_values(try_cast(json as map(varchar, json))), []) as jsonValues,
    list_filter(
      list_concat(coalesce(map_entries(try_cast(json as map(varchar, varchar))), []::${list}), [${own.join(', ')}]::${list}),
      lambda e: e.value is not null
    ) as entries
  from read
)
select ${cells.join(', ')},
  case
    when labelText <> '' and coalesce(json_type(json), '') <> 'OBJECT' then 'notObject'
    when not list_has_all(${plainTypes}, list_transform(jsonValues, lambda v: coalesce(json_type(v), 'NULL'))) then 'notText'
    when list_unique(list_transform(entries, lambda e: e.key)) <> len(entries) then 'twice'
    when len(list_filter(entries, lambda e: length(e.value) > 500 or not ${isLine('e.key')})) > 0 then 'tooLong'
  end as labelsRule,
  '{' || array_to_string(list_transform(list_sort(entries), lambda e: to_json(e.key) || ':' || to_json(e.value)), ',') || '}' as labels
from listed`,
  );
}

/** A number with decimals would pass through a float, and a list or an object is no label. */
const plainTypes = `['VARCHAR', 'BOOLEAN', 'UBIGINT', 'BIGINT', 'NULL']`;

/** The rules of single cells, then those between rows: one unit for each metric, and no value said twice. */
const badCells = `
with units as (
  select metric, arg_min(coalesce(unit, ''), "row") as unit
  from usage_cell
  where metricRule is null
  group by metric
  having count(distinct coalesce(unit, '')) > 1
), doubles as (
  select node, day, metric, labels, min("row") as first
  from usage_cell
  where nodeRule is null and dayRule is null and metricRule is null and labelsRule is null
  group by all
  having count(*) > 1
)
select line as "row", '' as field, 'ragged:' || kind as rule, (case when kind like 'TOO MANY%' then most else least end)::varchar as found
from usage_ragged
union all
select distinct "row", 'node', 'node:' || nodeRule, left(node, 80) from usage_cell where nodeRule is not null
union all
select distinct "row", 'day', 'day:' || dayRule, dayText from usage_cell where dayRule is not null
union all
select "row", 'metric', 'metric:' || metricRule, left(metric, 80) from usage_cell where metricRule is not null
union all
select "row", valueField, 'value:' || valueRule, valueText from usage_cell where valueRule is not null
union all
select "row", 'unit', 'unit:' || unitRule, left(unit, 80) from usage_cell where unitRule is not null
union all
select "row", 'unit', 'unit:other', coalesce(c.unit, '') || chr(31) || u.unit || chr(31) || metric
from usage_cell c join units u using (metric)
where unitRule is null and coalesce(c.unit, '') <> u.unit
union all
select distinct "row", 'labels', 'labels:' || labelsRule, '' from usage_cell where labelsRule is not null
union all
select "row", 'node', 'row:twice', first::varchar
from usage_cell join doubles using (node, day, metric, labels)
where "row" > first`;

/** What does not fit in `usage_cell` and `usage_ragged`: counted, and the first `limit` in the order of the file. */
export async function findBadCells(session: Session, limit: number): Promise<BadCells> {
  await session.run(`create or replace temp table usage_bad as ${badCells}`);
  const [counted] = await session.rows(
    `select count(*) as cells, count(distinct "row") as rows,
  (select count(*) from usage_text) + (select count(*) from usage_ragged) as total
from usage_bad`,
  );
  const shown = await session.rows(
    `select "row", field, rule, found from usage_bad order by "row", field, rule limit ${limit}`,
  );
  return {
    cells: Number(counted?.['cells']),
    rows: Number(counted?.['rows']),
    of: Number(counted?.['total']),
    shown: shown.map((row) => ({
      row: Number(row['row']),
      field: String(row['field']),
      rule: String(row['rule']),
      found: String(row['found'] ?? ''),
    })),
  };
}
