import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** What a month was closed with. */
export interface Freeze {
  readonly entity: string;
  readonly period: string;
  /** 1 for the first closing; each closing after a reopening has the next. */
  readonly number: number;
  readonly view: string;
  readonly version: number;
  /** SHA-256 in hex of every cost that was kept. */
  readonly contentHash: string;
  readonly run: string | null;
  readonly frozenAt: string;
  readonly frozenBy: string;
  readonly endedAt: string | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
}

const columns = sql`entity_id as entity, period, number, view_id as view, version, content_hash as "contentHash", run_id as run,
  frozen_at as "frozenAt", frozen_by as "frozenBy", ended_at as "endedAt", ended_by as "endedBy", end_reason as "endReason"`;

/** Every freeze of an entity's month, the newest first. */
export async function readFreezes(tx: Tx, entity: string, period: string): Promise<readonly Freeze[]> {
  const { rows } = await sql<Freeze>`
    select ${columns} from period_freeze
    where entity_id = ${entity} and period = ${period}
    order by number desc`.execute(tx);
  return rows;
}

/** Hash of all costs of pricings, whatever the order in which they were written. */
export async function hashCosts(tx: Tx, pricings: readonly string[]): Promise<string> {
  const { rows } = await sql<{ hash: string }>`
    select encode(sha256(convert_to(coalesce(string_agg(
      concat_ws('|', view_id, currency, application_id, product_id, environment, region, kind, c.quantity::text,
        coalesce(trim_scale(c.cost)::text, 'none')),
      E'\n' order by view_id, currency collate "C", application_id, product_id, environment collate "C", region collate "C", kind collate "C"
    ), ''), 'UTF8')), 'hex') as hash
    from application_cost as c
    join pricing on pricing.id = c.pricing_id
    where c.pricing_id = any(${[...pricings]}::bigint[])`.execute(tx);
  return rows[0]?.hash ?? '';
}

/** Keeps a freeze; its pricings can no longer change. */
export async function insertFreeze(tx: Tx, freeze: Freeze, pricings: readonly string[]): Promise<void> {
  await tx
    .insertInto('period_freeze')
    .values({
      entity_id: freeze.entity,
      period: freeze.period,
      number: freeze.number,
      view_id: freeze.view,
      version: freeze.version,
      content_hash: freeze.contentHash,
      run_id: freeze.run,
      frozen_at: freeze.frozenAt,
      frozen_by: freeze.frozenBy,
    })
    .execute();
  await sql`update pricing set freeze_number = ${freeze.number} where id = any(${[...pricings]}::bigint[])`.execute(
    tx,
  );
}

/** Ends the freeze that holds; its costs stay. */
export async function endFreeze(
  tx: Tx,
  { entity, period }: { readonly entity: string; readonly period: string },
  ended: { readonly at: string; readonly by: string; readonly reason: string },
): Promise<void> {
  await tx
    .updateTable('period_freeze')
    .set({ ended_at: ended.at, ended_by: ended.by, end_reason: ended.reason })
    .where('entity_id', '=', entity)
    .where('period', '=', period)
    .where('ended_at', 'is', null)
    .execute();
}

/** Costs of a run that some freeze has taken for itself: who had them, and of which inputs they were. */
export interface TakenCosts {
  readonly entity: string | null;
  readonly period: string;
  readonly hash: string;
}

/** Pricings of a view that a freeze keeps or once kept: they are no longer among those that can be computed again. */
export async function findTaken(
  tx: Tx,
  view: string,
  periods: readonly string[],
): Promise<readonly TakenCosts[]> {
  const { rows } = await sql<TakenCosts>`
    select distinct entity_id as entity, period, inputs_hash as hash
    from pricing
    where view_id = ${view} and period = any(${[...periods]}::text[]) and freeze_number is not null`.execute(
    tx,
  );
  return rows;
}
