import {
  type Engine,
  fileLiteral,
  identifier,
  literal,
  type Row,
  type Session,
  sqlType,
} from '../../platform/warehouse/index.ts';
import { usageDataset } from './datasets.ts';

type Rows = Pick<Engine, 'rows'>;

const columnNames = usageDataset.columns.map(({ name }) => identifier(name)).join(', ');

/** Makes the empty temporary table `usage_row`: usage as it was read, before it is a month of a graph. */
export async function createUsageRows(session: Session): Promise<void> {
  await session.run(
    `create or replace temp table usage_row (
  "Day" date, "NodeId" varchar, "Metric" varchar, "Value" decimal(38,12), "Unit" varchar, "Labels" varchar, "Origin" varchar, "OriginRow" bigint
)`,
  );
}

/** Puts the cells of a file, all of them good, into `usage_row`. */
export async function takeUsageCells(session: Session, file: string): Promise<void> {
  await session.run(
    `insert into usage_row select day, node, metric, value, unit, labels, $1, "row" from usage_cell`,
    [file],
  );
}

/** Makes `usage_node`: the nodes of the graph with their applications. */
export async function createUsageNodes(
  session: Session,
  nodes: ReadonlyMap<string, string | null>,
): Promise<void> {
  await session.run('create or replace temp table usage_node ("NodeId" varchar, "ApplicationId" varchar)');
  const applications = [...nodes.values()].map((application) => application ?? '');
  await session.append('usage_node', [[...nodes.keys()], applications], nodes.size);
}

/** Rows of nodes that the graph does not know: how many of both, and the ids of the first few. */
export interface UnknownNodes {
  readonly nodes: number;
  readonly rows: number;
  readonly examples: readonly string[];
}

/** Counts in `usage_row` what belongs to no node of `usage_node`, and has no id that the pattern makes (whole, RE2). */
export async function findUnknownNodes(session: Session, pattern: string | undefined): Promise<UnknownNodes> {
  const made = pattern === undefined ? 'false' : `regexp_full_match("NodeId", $1)`;
  const [row] = await session.rows(
    `select count(*) as nodes, coalesce(sum(n), 0)::bigint as total, min("NodeId", 5) as examples
from (
  select "NodeId", count(*) as n
  from usage_row anti join usage_node using ("NodeId")
  group by 1
)
where not (${made})`,
    pattern === undefined ? [] : [pattern],
  );
  return {
    nodes: Number(row?.['nodes']),
    rows: Number(row?.['total']),
    examples: (row?.['examples'] ?? []) as string[],
  };
}

/** Metric and unit of `usage_row`, each pair once. */
export async function unitsOfUsage(session: Session): Promise<{ metric: string; unit: string | null }[]> {
  const rows = await session.rows(
    `select distinct "Metric" as metric, "Unit" as unit from usage_row order by all`,
  );
  return rows.map(({ metric, unit }) => ({ metric: String(metric), unit: unit as string | null }));
}

/** Months of `usage_row`, ascending. */
export async function monthsOfUsage(session: Session): Promise<string[]> {
  const rows = await session.rows(
    `select distinct strftime("Day", '%Y-%m') as month from usage_row order by 1`,
  );
  return rows.map(({ month }) => String(month));
}

/** Writes `usage_row` as rows of the dataset, one file of all months; the number of rows. */
export async function writeUsageRows(
  session: Session,
  owner: { readonly graph: string; readonly source: string; readonly entity: string | null },
  target: string,
): Promise<number> {
  const values: Readonly<Record<string, string>> = {
    Graph: literal(owner.graph),
    UsageSource: literal(owner.source),
    BillingPeriodStart: `date_trunc('month', "Day")`,
    Day: '"Day"',
    EntityId: owner.entity === null ? 'null' : literal(owner.entity),
    ApplicationId: `nullif("ApplicationId", '')`,
  };
  const columns = usageDataset.columns.map(
    ({ name, type }) => `(${values[name] ?? identifier(name)})::${sqlType(type)} as ${identifier(name)}`,
  );
  return copied(
    session,
    `select ${columns.join(', ')} from usage_row left join usage_node using ("NodeId") order by "BillingPeriodStart", "Metric", "Day", "NodeId", "Labels"`,
    target,
  );
}

/** Rows of one month as SQL: those of the new file, and of the files before all rows of other metrics. */
export interface MonthContent {
  /** File of all months. */
  readonly file: string;
  readonly month: string;
  /** Files of the month as it is, whose metrics stay unless the new file has them. Empty: nothing stays. */
  readonly keep: readonly string[];
}

function contentOf({ file, month, keep }: MonthContent): string {
  const fresh = `select ${columnNames} from read_parquet(${fileLiteral(file)}) where "BillingPeriodStart" = ${literal(`${month}-01`)}::timestamp`;
  if (keep.length === 0) return fresh;
  const files = keep.map(fileLiteral).join(', ');
  return `${fresh}
union all
select ${columnNames} from read_parquet([${files}]) where "Metric" not in (select "Metric" from read_parquet(${fileLiteral(file)}))`;
}

/** Writes a month's content as a file of the lake; the number of rows. */
export function writeUsageMonth(rows: Rows, content: MonthContent, target: string): Promise<number> {
  return copied(
    rows,
    `select * from (${contentOf(content)}) order by "Metric", "Day", "NodeId", "Labels"`,
    target,
  );
}

/** Figures of one metric of a month. */
export interface MetricFigures {
  readonly metric: string;
  readonly unit: string | null;
  readonly rows: number;
  readonly nodes: number;
  readonly days: number;
  /** Exact decimal. */
  readonly total: string;
}

/** What a month holds by metric, and a text that is the same for the same rows in any order, wherever they came from. */
export interface MonthFigures {
  readonly metrics: readonly MetricFigures[];
  readonly content: string;
}

/** Sums a month's content. The sum of hashes tells rows that are there twice, which their exclusive or would not. */
export async function sumUsageMonth(rows: Rows, content: MonthContent): Promise<MonthFigures> {
  const said = `concat_ws(chr(31), "Day"::date::varchar, "NodeId", "Metric", "Value"::varchar, coalesce("Unit", ''), "Labels", coalesce("EntityId", ''), coalesce("ApplicationId", ''))`;
  const found = await rows.rows(
    `select "Metric" as metric, min("Unit") as unit, count(*) as n, count(distinct "NodeId") as nodes, count(distinct "Day") as days,
  sum("Value") as total,
  sum(md5_number_lower(said)::hugeint)::varchar as low, sum(md5_number_upper(said)::hugeint)::varchar as high
from (select *, ${said} as said from (${contentOf(content)}))
group by 1
order by 1`,
  );
  return {
    metrics: found.map(figuresOf),
    content: found.map((row) => [row['metric'], row['n'], row['low'], row['high']].join(' ')).join('\n'),
  };
}

function figuresOf(row: Row): MetricFigures {
  return {
    metric: String(row['metric']),
    unit: (row['unit'] ?? null) as string | null,
    rows: Number(row['n']),
    nodes: Number(row['nodes']),
    days: Number(row['days']),
    total: String(row['total']),
  };
}

async function copied(rows: Rows, select: string, target: string): Promise<number> {
  const [row] = await rows.rows(
    `copy (${select}) to ${literal(target)} (format parquet, compression zstd, compression_level 1, use_tmp_file false)`,
  );
  return Number(row?.['Count']);
}
