import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** What a month is frozen with: the hash that was kept, and that of the costs as they are. */
export interface FrozenMonth {
  readonly entity: string;
  /** Of the freeze that holds. */
  readonly number: number;
  readonly kept: string;
  readonly computed: string;
  /** Cost rows that it holds. */
  readonly rows: number;
  readonly run: string | null;
}

/** Freezes that hold in a month, each with the SHA-256 of the costs that it names, made anew. */
export async function frozenMonths(
  tx: Tx,
  period: string,
  entities: readonly string[],
): Promise<readonly FrozenMonth[]> {
  const { rows } = await sql<FrozenMonth>`
    select f.entity_id as entity, f.number, f.content_hash as kept, f.run_id as run, own.hash as computed, own.rows
    from period_freeze as f
    cross join lateral (
      select count(*)::integer as rows,
        encode(sha256(convert_to(coalesce(array_to_string(array_agg(
          p.view_id || '|' || p.currency || '|' || c.application_id || '|' || c.product_id || '|' || c.environment || '|' || c.region
            || '|' || c.kind || '|' || c.quantity::text || '|' || coalesce(trim_scale(c.cost)::text, 'none')
          order by p.view_id, p.currency collate "C", c.application_id, c.product_id, c.environment collate "C", c.region collate "C", c.kind collate "C"
        ), chr(10)), ''), 'UTF8')), 'hex') as hash
      from pricing as p
      join application_cost as c on c.pricing_id = p.id
      where p.entity_id = f.entity_id and p.period = f.period and p.freeze_number = f.number
    ) as own
    where f.period = ${period} and f.entity_id = any(${[...entities]}::text[]) and f.ended_at is null
    order by f.entity_id`.execute(tx);
  return rows;
}

/** Entities that have anything to be frozen in a month: costs that are kept under any view. */
export async function pricedEntities(
  tx: Tx,
  period: string,
  entities: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ entity: string }>`
    select distinct entity_id as entity
    from pricing
    where period = ${period} and entity_id = any(${[...entities]}::text[])`.execute(tx);
  return new Set(rows.map(({ entity }) => entity));
}

/** Numbers of the freezes that hold in a month, by entity. */
export async function freezeNumbers(
  tx: Tx,
  period: string,
  entities: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await tx
    .selectFrom('period_freeze')
    .select(['entity_id', 'number'])
    .where('period', '=', period)
    .where('entity_id', 'in', entities.length > 0 ? [...entities] : [''])
    .where('ended_at', 'is', null)
    .execute();
  return new Map(rows.map(({ entity_id, number }) => [entity_id, number]));
}
