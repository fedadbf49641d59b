import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import { type Part, type PartKind, sortParts } from './graph-parts.ts';
import type { PartRef, PartRow, RowPlan } from './graph-plan.ts';

/** Rows fetched or sent at once: some megabytes. */
const portion = 20_000;

/** Rows that hold in this version. */
function holdsIn(number: number): RawBuilder<boolean> {
  return sql<boolean>`since <= ${number} and (until is null or until > ${number})`;
}

/** Every part of a version, or of one kind: sorted by key, rules in their order. */
export async function readParts(
  tx: Tx,
  graph: string,
  number: number,
  kinds?: readonly PartKind[],
): Promise<PartRow[]> {
  const condition =
    kinds === undefined ? holdsIn(number) : sql<boolean>`kind = any(${kinds}) and ${holdsIn(number)}`;
  return readRows(tx, graph, condition);
}

/** The rows that a change of the draft looks at: what holds in it, and what it has ended; of these parts only, when named. */
export async function readDraftRows(
  tx: Tx,
  graph: string,
  draft: number,
  only?: readonly PartRef[],
): Promise<PartRow[]> {
  const condition = sql<boolean>`(until is null or until = ${draft})`;
  if (only === undefined) return readRows(tx, graph, condition);
  const rows = [];
  for (const [kind, keys] of byKind(only))
    rows.push(...(await readRows(tx, graph, sql`kind = ${kind} and key = any(${keys}) and ${condition}`)));
  return rows;
}

/** What one of two versions has and the other has not, each sorted by kind and key. */
export async function readDifference(
  tx: Tx,
  graph: string,
  from: number,
  to: number,
): Promise<{ readonly before: PartRow[]; readonly after: PartRow[] }> {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  const onlyLow = sql<boolean>`since <= ${low} and until > ${low} and until <= ${high}`;
  const onlyHigh = sql<boolean>`since > ${low} and since <= ${high} and (until is null or until > ${high})`;
  const [lower, higher] = [await readRows(tx, graph, onlyLow), await readRows(tx, graph, onlyHigh)];
  return from === low ? { before: lower, after: higher } : { before: higher, after: lower };
}

interface Portion {
  readonly kind: PartKind;
  readonly rows: readonly (readonly [
    key: string,
    since: number,
    until: number | null,
    position: number | null,
  ])[];
  /** One text a line: canonical JSON has no line ends. */
  readonly texts: string;
}

/** Portion by portion, and a portion as a few long texts: one row at a time takes three times as long. */
async function readRows(tx: Tx, graph: string, condition: RawBuilder<boolean>): Promise<PartRow[]> {
  const found: PartRow[] = [];
  for (let after: PartRow | undefined; ; ) {
    const start = found.length;
    const { rows } = await sql<Portion>`
      with page as (
        select kind, key, since, until, position, body
        from graph_part
        where graph_id = ${graph} and ${condition} and ${after ? isAfter(after) : sql`true`}
        order by kind, key, since
        limit ${portion}
      )
      select kind,
        json_agg(json_build_array(key, since, until, position) order by key, since) as rows,
        string_agg(body::text, e'\\n' order by key, since) as texts
      from page
      group by kind
      order by kind`.execute(tx);
    for (const { kind, rows: cells, texts } of rows) {
      const lines = texts.split('\n');
      cells.forEach(([key, since, until, position], index) => {
        found.push({ kind, key, since, until, position, text: lines[index] ?? '' });
      });
    }
    if (found.length - start < portion) break;
    after = found.at(-1);
  }
  return sortParts(found);
}

function isAfter({ kind, key, since }: PartRow): RawBuilder<boolean> {
  return sql<boolean>`(kind, key, since) > (${kind}, ${key}, ${since})`;
}

/** Does what a plan says, in a few statements whatever its size. */
export async function writePlan(tx: Tx, graph: string, draft: number, plan: RowPlan): Promise<void> {
  for (const [kind, keys] of byKind(plan.remove))
    await sql`
      delete from graph_part
      where graph_id = ${graph} and kind = ${kind} and key = any(${keys}) and since = ${draft}`.execute(tx);
  for (const [kind, keys] of byKind(plan.end))
    await sql`
      update graph_part set until = ${draft}
      where graph_id = ${graph} and kind = ${kind} and key = any(${keys}) and until is null`.execute(tx);
  for (const [kind, keys] of byKind(plan.resume))
    await sql`
      update graph_part set until = null
      where graph_id = ${graph} and kind = ${kind} and key = any(${keys}) and until = ${draft}`.execute(tx);
  for (let start = 0; start < plan.add.length; start += portion)
    await insertParts(tx, graph, draft, plan.add.slice(start, start + portion));
}

async function insertParts(tx: Tx, graph: string, draft: number, parts: readonly Part[]): Promise<void> {
  // Put together as text: the bodies are JSON already.
  const rows = parts.map(
    ({ kind, key, position, text }) => `["${kind}",${JSON.stringify(key)},${position},${text}]`,
  );
  await sql`
    insert into graph_part (graph_id, kind, key, since, position, body)
    select ${graph}, given ->> 0, given ->> 1, ${draft}, (given ->> 2)::integer, given -> 3
    from json_array_elements(${`[${rows.join(',')}]`}::json) as row_of (given)`.execute(tx);
}

/** Keys by kind, a portion at a time. */
function byKind(refs: readonly PartRef[]): (readonly [PartKind, readonly string[]])[] {
  const keys = new Map<PartKind, string[]>();
  for (const { kind, key } of refs) {
    const list = keys.get(kind) ?? [];
    keys.set(kind, list);
    list.push(key);
  }
  return [...keys].flatMap(([kind, all]) =>
    Array.from({ length: Math.ceil(all.length / portion) }, (_, index) => {
      return [kind, all.slice(index * portion, (index + 1) * portion)] as const;
    }),
  );
}

/** Takes back all that the draft has made and ended. */
export async function undoDraftParts(tx: Tx, graph: string, draft: number): Promise<void> {
  await sql`delete from graph_part where graph_id = ${graph} and since = ${draft}`.execute(tx);
  await sql`update graph_part set until = null where graph_id = ${graph} and until = ${draft}`.execute(tx);
}

/** Gives a fresh draft the content of an earlier version. */
export async function restoreParts(tx: Tx, graph: string, draft: number, earlier: number): Promise<void> {
  await sql`
    update graph_part set until = ${draft}
    where graph_id = ${graph} and until is null and since > ${earlier}`.execute(tx);
  await sql`
    insert into graph_part (graph_id, kind, key, since, position, body)
    select graph_id, kind, key, ${draft}, position, body
    from graph_part
    where graph_id = ${graph} and since <= ${earlier} and until > ${earlier}`.execute(tx);
}
