import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { PartCounts } from './graph-parts.ts';

/** A graph without its versions. */
export interface GraphRow {
  readonly id: string;
  readonly label: string;
  /** Null: the installation's. */
  readonly entity: string | null;
  readonly retiredAt: string | null;
  /** Raised by every change of the graph, its draft included: the ETag. */
  readonly version: number;
}

/** A version without its content. */
export interface VersionRow extends PartCounts {
  readonly number: number;
  readonly state: 'draft' | 'published';
  /** SHA-256 in hex: see `hashDocument`. */
  readonly hash: string;
  /** The version whose content it began with; null where it began empty. */
  readonly basedOn: number | null;
  readonly note: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly changedAt: string;
  readonly publishedAt: string | null;
  readonly publishedBy: string | null;
}

/** A graph with the versions that matter: the newest published one, and the open draft. */
export interface GraphState extends GraphRow {
  readonly published: VersionRow | null;
  readonly draft: VersionRow | null;
}

const graphColumns = ['id', 'label', 'entity_id as entity', 'retired_at as retiredAt', 'version'] as const;
const versionColumns = [
  'number',
  'state',
  'content_hash as hash',
  'nodes',
  'edges',
  'groups',
  'rules',
  'metrics',
  'based_on as basedOn',
  'note',
  'created_at as createdAt',
  'created_by as createdBy',
  'changed_at as changedAt',
  'published_at as publishedAt',
  'published_by as publishedBy',
] as const;

/** Graphs by id, each with its newest published version and its draft. */
export async function readGraphs(
  tx: Tx,
  asked: {
    readonly ids?: readonly string[];
    readonly entity?: string | undefined;
    readonly active?: boolean | undefined;
    readonly after?: string | undefined;
    readonly limit?: number;
  },
): Promise<GraphState[]> {
  let query = tx.selectFrom('graph').select(graphColumns).orderBy('id');
  if (asked.ids) query = query.where('id', 'in', asked.ids);
  if (asked.entity !== undefined) query = query.where('entity_id', '=', asked.entity);
  if (asked.active !== undefined) query = query.where('active', '=', asked.active);
  if (asked.after !== undefined) query = query.where('id', '>', asked.after);
  if (asked.limit !== undefined) query = query.limit(asked.limit);
  return withVersions(tx, await query.execute());
}

/** One graph, held until the end of the transaction; undefined where the caller sees none. */
export async function lockGraphRow(tx: Tx, id: string): Promise<GraphState | undefined> {
  const rows = await tx.selectFrom('graph').select(graphColumns).where('id', '=', id).forUpdate().execute();
  return (await withVersions(tx, rows))[0];
}

async function withVersions(tx: Tx, graphs: readonly GraphRow[]): Promise<GraphState[]> {
  if (graphs.length === 0) return [];
  const ids = graphs.map(({ id }) => id);
  const newest = await tx
    .selectFrom('graph_version')
    .select(['graph_id as graph', ...versionColumns])
    .distinctOn(['graph_id', 'state'])
    .where('graph_id', 'in', ids)
    .orderBy('graph_id')
    .orderBy('state')
    .orderBy('number', 'desc')
    .execute();
  const of = (id: string, wanted: VersionRow['state']) => {
    const found = newest.find(({ graph, state }) => graph === id && state === wanted);
    if (!found) return null;
    const { graph: _, ...version } = found;
    return version;
  };
  return graphs.map((graph) => ({
    ...graph,
    published: of(graph.id, 'published'),
    draft: of(graph.id, 'draft'),
  }));
}

/** Makes a graph; false when the id is taken, seen or unseen. */
export async function insertGraph(
  tx: Tx,
  graph: Pick<GraphRow, 'id' | 'label' | 'entity'>,
): Promise<boolean> {
  const made = await tx
    .insertInto('graph')
    .values({ id: graph.id, label: graph.label, entity_id: graph.entity })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  return made.length > 0;
}

/** Changes what is said of a graph, and raises its version. */
export async function updateGraph(
  tx: Tx,
  id: string,
  change: { readonly label?: string; readonly retired?: boolean },
): Promise<void> {
  const { label, retired } = change;
  await tx
    .updateTable('graph')
    .set({
      version: sql<number>`version + 1`,
      ...(label === undefined ? {} : { label }),
      ...(retired === undefined ? {} : { retired_at: retired ? sql<string>`now()` : null }),
    })
    .where('id', '=', id)
    .execute();
}

/** An open draft, numbered after the last version. */
export async function insertDraft(
  tx: Tx,
  graph: string,
  draft: PartCounts &
    Pick<VersionRow, 'number' | 'hash' | 'basedOn'> & { readonly by: string; readonly note?: string | null },
): Promise<void> {
  const { number, hash, basedOn, by, note = null, nodes, edges, groups, rules, metrics } = draft;
  const counts = { nodes, edges, groups, rules, metrics };
  await tx
    .insertInto('graph_version')
    .values({
      ...counts,
      graph_id: graph,
      number,
      state: 'draft',
      content_hash: hash,
      based_on: basedOn,
      note,
      created_by: by,
    })
    .execute();
}

/** What the draft holds now. */
export async function updateDraft(
  tx: Tx,
  graph: string,
  content: PartCounts & { readonly hash: string },
): Promise<void> {
  const { hash, nodes, edges, groups, rules, metrics } = content;
  await tx
    .updateTable('graph_version')
    .set({
      ...{ nodes, edges, groups, rules, metrics },
      content_hash: hash,
      changed_at: sql<string>`clock_timestamp()`,
    })
    .where('graph_id', '=', graph)
    .where('state', '=', 'draft')
    .execute();
}

/** Makes the draft the newest published version. */
export async function publishDraftRow(
  tx: Tx,
  graph: string,
  { note, by }: { readonly note: string | null; readonly by: string },
): Promise<void> {
  await tx
    .updateTable('graph_version')
    .set({
      state: 'published',
      published_at: sql<string>`clock_timestamp()`,
      published_by: by,
      ...(note === null ? {} : { note }),
    })
    .where('graph_id', '=', graph)
    .where('state', '=', 'draft')
    .execute();
}

/** Takes the draft away; its parts are gone before. */
export async function deleteDraftRow(tx: Tx, graph: string): Promise<void> {
  await tx.deleteFrom('graph_version').where('graph_id', '=', graph).where('state', '=', 'draft').execute();
}

/** Versions, the newest first. */
export async function readVersions(
  tx: Tx,
  graph: string,
  asked: { readonly before?: number | undefined; readonly number?: number; readonly limit?: number },
): Promise<VersionRow[]> {
  let query = tx
    .selectFrom('graph_version')
    .select(versionColumns)
    .where('graph_id', '=', graph)
    .orderBy('number', 'desc');
  if (asked.before !== undefined) query = query.where('number', '<', asked.before);
  if (asked.number !== undefined) query = query.where('number', '=', asked.number);
  if (asked.limit !== undefined) query = query.limit(asked.limit);
  return query.execute();
}

/** True when there is an entity of this id in use that the caller sees. */
export async function hasEntity(tx: Tx, id: string): Promise<boolean> {
  const found = await tx
    .selectFrom('entity')
    .select('id')
    .where('id', '=', id)
    .where('active', '=', true)
    .execute();
  return found.length > 0;
}

/** Those of these applications that there are, in use, in the entity (any, when null). */
export async function applicationsAmong(
  tx: Tx,
  ids: readonly string[],
  entity: string | null,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select id
    from application
    where id = any(${ids}) and active and (${entity}::text is null or entity_id = ${entity})`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}
