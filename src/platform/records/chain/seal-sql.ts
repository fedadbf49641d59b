import { sql } from 'kysely';
import type { Tx } from '../records.ts';

/** Only one process chains at a time. */
const sealLock = 7_281_004;

/** A row of the audit log as text: what the chain is made of. Times are UTC with microseconds. */
export type AuditRowText = Readonly<Record<(typeof auditColumns)[number], string | null>> & {
  readonly id: string;
};

/** Columns of the audit log in the order in which they enter the hash. */
export const auditColumns = [
  'id',
  'at',
  'actor_kind',
  'actor_id',
  'actor_name',
  'address',
  'action',
  'object_type',
  'object_id',
  'entity_id',
  'before',
  'after',
  'request_id',
] as const;

/** Takes the right to chain until the end of the transaction; false when another process has it and `wait` is false. */
export async function takeSealLock(tx: Tx, wait: boolean): Promise<boolean> {
  const key = sql.lit(sealLock);
  if (wait) {
    await sql`select pg_advisory_xact_lock(${key})`.execute(tx);
    return true;
  }
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${key}) as taken`.execute(
    tx,
  );
  return rows[0]?.taken ?? false;
}

/** The last link of the chain and the time now; position 0 and null for an empty chain. */
export async function chainEnd(
  tx: Tx,
): Promise<{ readonly position: bigint; readonly hash: string | null; readonly now: string }> {
  const { rows } = await sql<{ position: bigint; hash: string | null; now: string }>`
    select coalesce(head.position, 0)::bigint as position, head.hash, ${timeText(sql`clock_timestamp()`)} as now
    from (select 1) as one
    left join lateral (select position, hash from audit_seal order by position desc limit 1) as head on true`.execute(
    tx,
  );
  return rows[0] ?? { position: 0n, hash: null, now: '' };
}

/**
 * Committed rows that the chain lacks, by id. Unless `everything` is asked, only above a row that was sealed a quarter of
 * an hour ago: every sealing takes all rows that it sees, so that below it only a transaction that was open for so long
 * can have left one. That keeps the cost by the activity of a quarter of an hour, not by the length of the log.
 */
export async function unsealedRows(
  tx: Tx,
  { everything, limit }: { readonly everything: boolean; readonly limit: number },
): Promise<readonly AuditRowText[]> {
  const isNew = everything ? sql`true` : sql`audit_log.id > ${await settledId(tx)}::bigint`;
  const { rows } = await sql<AuditRowText>`
    select id::text as id, ${timeText(sql`at`)} as at, actor_kind, actor_id, actor_name, address, action,
      object_type, object_id, entity_id, before::text as before, after::text as after, request_id
    from audit_log
    where ${isNew}
      and not exists (select from audit_seal where audit_seal.audit_id = audit_log.id)
    order by audit_log.id
    limit ${limit}`.execute(tx);
  return rows;
}

/** Id of a row that was sealed a quarter of an hour ago or more. Asked first: the planner must know the number. */
async function settledId(tx: Tx): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select audit_id::text as id from audit_seal where sealed_at < now() - interval '15 minutes'
    order by sealed_at desc, position desc limit 1`.execute(tx);
  return rows[0]?.id ?? '0';
}

/** One link of the chain as text. */
export interface SealText {
  readonly position: string;
  readonly audit_id: string;
  readonly previous_hash: string;
  readonly hash: string;
  readonly sealed_at: string;
}

/** Adds links to the chain. */
export async function insertSeals(tx: Tx, seals: readonly SealText[]): Promise<void> {
  await sql`
    insert into audit_seal (position, audit_id, previous_hash, hash, sealed_at)
    select position, audit_id, previous_hash, hash, sealed_at
    from json_to_recordset(${JSON.stringify(seals)}::json)
      as seal (position bigint, audit_id bigint, previous_hash text, hash text, sealed_at timestamptz)`.execute(
    tx,
  );
}

function timeText(time: ReturnType<typeof sql>) {
  return sql<string>`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
