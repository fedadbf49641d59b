import { sql } from 'kysely';
import type { Tx } from '../records.ts';

/** What is wrong at one position of the chain. */
export interface BrokenLink {
  /** Decimal text. */
  readonly position: string;
  /** Id of the row of the audit log, decimal text. */
  readonly auditId: string;
  readonly problem: 'changed-row' | 'missing-row' | 'gap' | 'broken-link';
}

/** One stretch of the chain, looked at. */
export interface Stretch {
  readonly links: number;
  /** Last position and hash of it; null when the chain has ended. */
  readonly end: { readonly position: bigint; readonly hash: string } | null;
  /** The first hundred. */
  readonly broken: readonly BrokenLink[];
  readonly brokenCount: number;
}

/**
 * Recomputes the hashes of the next links in the database, from the rows themselves, and compares each link with the one
 * before it. It shares no code with the sealer: what one of them gets wrong, the other one finds.
 */
export async function lookAtLinks(
  tx: Tx,
  {
    after,
    limit,
  }: { readonly after: { readonly position: bigint; readonly hash: string }; readonly limit: number },
): Promise<Stretch> {
  const { rows } = await sql<{
    links: number;
    position: bigint | null;
    hash: string | null;
    broken: readonly BrokenLink[];
    broken_count: number;
  }>`
    with link as (
      select s.position, s.audit_id, s.previous_hash, s.hash, a.id as found,
        lag(s.position, 1, ${String(after.position)}::bigint) over (order by s.position) as position_before,
        lag(s.hash, 1, ${after.hash}::text) over (order by s.position) as hash_before,
        encode(sha256(convert_to(concat(
          s.previous_hash,
          octet_length(s.position::text), ':', s.position,
          octet_length(${time(sql`s.sealed_at`)}), ':', ${time(sql`s.sealed_at`)},
          octet_length(a.id::text), ':', a.id,
          octet_length(${time(sql`a.at`)}), ':', ${time(sql`a.at`)},
          ${field(sql`a.actor_kind`)}, ${field(sql`a.actor_id`)}, ${field(sql`a.actor_name`)},
          ${field(sql`a.address`)}, ${field(sql`a.action`)}, ${field(sql`a.object_type`)},
          ${field(sql`a.object_id`)}, ${field(sql`a.entity_id`)}, ${field(sql`a.before::text`)},
          ${field(sql`a.after::text`)}, ${field(sql`a.request_id`)}
        ), 'UTF8')), 'hex') as recomputed
      from audit_seal s
      left join audit_log a on a.id = s.audit_id
      where s.position > ${String(after.position)}::bigint
      order by s.position
      limit ${limit}
    ), judged as (
      select position, audit_id, hash,
        case
          when position <> position_before + 1 then 'gap'
          when previous_hash <> hash_before then 'broken-link'
          when found is null then 'missing-row'
          when hash <> recomputed then 'changed-row'
        end as problem
      from link
    ), broken as (
      select position, audit_id, problem from judged where problem is not null order by position limit 100
    )
    select
      (select count(*)::integer from judged) as links,
      (select max(position) from judged) as position,
      (select hash from judged order by position desc limit 1) as hash,
      (select count(problem)::integer from judged) as broken_count,
      (select coalesce(json_agg(json_build_object(
        'position', position::text, 'auditId', audit_id::text, 'problem', problem) order by position), '[]')
        from broken) as broken`.execute(tx);
  const [found] = rows;
  return {
    links: found?.links ?? 0,
    end: found?.position && found.hash !== null ? { position: found.position, hash: found.hash } : null,
    broken: found?.broken ?? [],
    brokenCount: found?.broken_count ?? 0,
  };
}

/** The hashes at the given positions; positions that the chain lacks are left out. */
export async function hashesAt(tx: Tx, positions: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ position: string; hash: string }>`
    select position::text as position, hash from audit_seal
    where position = any(${[...positions]}::bigint[])`.execute(tx);
  return new Map(rows.map(({ position, hash }) => [position, hash]));
}

/** Rows that the chain lacks, when the oldest of them was written, and whether that was more than a minute ago. */
export async function unsealedTail(
  tx: Tx,
): Promise<{ readonly rows: number; readonly oldest: string | null; readonly overdue: boolean }> {
  const { rows } = await sql<{ rows: number; oldest: string | null; overdue: boolean }>`
    select count(*)::integer as rows, min(a.at) as oldest,
      coalesce(min(a.at) < clock_timestamp() - interval '1 minute', false) as overdue
    from audit_log a
    where not exists (select from audit_seal s where s.audit_id = a.id)`.execute(tx);
  return rows[0] ?? { rows: 0, oldest: null, overdue: false };
}

function field(text: ReturnType<typeof sql>) {
  return sql`coalesce(octet_length(convert_to(${text}, 'UTF8')) || ':' || ${text}, '-')`;
}

function time(at: ReturnType<typeof sql>) {
  return sql`to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
