import { sql } from 'kysely';
import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { RevenueFact } from './revenue-place.ts';
import type { GivenRevenue } from './revenue-sheet.ts';

/** Which revenue: a month of a graph, of one source or of all. */
export interface RevenueAt {
  readonly graph: string;
  readonly period: string;
  readonly source?: string | undefined;
}

/** A line of revenue as it is kept. */
export interface StoredRevenue extends RevenueFact {
  readonly id: string;
  readonly source: string;
  readonly row: number;
  readonly entity: string | null;
  readonly importedAt: string;
  readonly importedBy: string;
}

/** Revenue in the order that it came, source by source. */
export async function readRevenue(
  tx: Tx,
  { graph, period, source }: RevenueAt,
  page: { readonly after?: string | undefined; readonly limit?: number } = {},
): Promise<StoredRevenue[]> {
  let query = tx
    .selectFrom('revenue')
    .select([
      sql<string>`id::text`.as('id'),
      'source',
      'row_number as row',
      'node_id as node',
      'application_id as application',
      'currency',
      'amount',
      'entity_id as entity',
      'imported_at as importedAt',
      'imported_by as importedBy',
    ])
    .where('graph_id', '=', graph)
    .where('period', '=', period)
    .orderBy('revenue.id');
  if (source !== undefined) query = query.where('source', '=', source);
  if (page.after !== undefined) query = query.where(sql<boolean>`revenue.id > ${page.after}::bigint`);
  if (page.limit !== undefined) query = query.limit(page.limit);
  return query.execute();
}

/** Rows and sums per currency of what is kept. */
export async function readRevenueTotals(
  tx: Tx,
  { graph, period, source }: RevenueAt,
): Promise<{ readonly currency: string; readonly rows: number; readonly amount: string }[]> {
  const { rows } = await sql<{ currency: string; rows: number; amount: string }>`
    select currency, count(*)::integer as rows, sum(amount) as amount
    from revenue
    where graph_id = ${graph} and period = ${period} and (${source ?? null}::text is null or source = ${source ?? null})
    group by currency
    order by currency`.execute(tx);
  return rows.map((row) => ({ ...row, amount: formatDecimal(parseDecimal(row.amount)) }));
}

/** A line with what is kept beside it. */
export interface OwnedRevenue extends GivenRevenue {
  readonly entity: string | null;
  /** Of the node, or what the line was given for. */
  readonly application: string | null;
}

/** Replaces what a source said of a month; what the caller does not see of it stays. */
export async function replaceRevenue(
  tx: Tx,
  { graph, period, source }: Required<RevenueAt>,
  lines: readonly OwnedRevenue[],
  { at, by }: { readonly at: string; readonly by: string },
): Promise<void> {
  await tx
    .deleteFrom('revenue')
    .where('graph_id', '=', graph)
    .where('period', '=', period)
    .where('source', '=', source as string)
    .execute();
  await sql`
    insert into revenue (graph_id, entity_id, period, source, node_id, application_id, currency, amount, row_number,
      imported_at, imported_by)
    select ${graph}, entity, ${period}, ${source}, node, application, currency, amount, "row", ${at}::timestamptz, ${by}
    from jsonb_to_recordset(${jsonb(lines)})
      as given("row" integer, entity text, node text, application text, currency text, amount numeric)
    order by "row"`.execute(tx);
}

/** The entities of those of these applications that there are. */
export async function entitiesOfApplications(
  tx: Tx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectFrom('application')
    .select(['id', 'entity_id as entity'])
    .where(sql<boolean>`id = any(${ids})`)
    .execute();
  return new Map(rows.map(({ id, entity }) => [id, entity]));
}
