import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { RateType, ViewKind } from './model.ts';

/** A price view without its versions. */
export interface ViewRow {
  readonly id: string;
  readonly label: string;
  readonly kind: ViewKind;
  /** ISO 4217; null under `actual`, which keeps the currencies of the bills. */
  readonly currency: string | null;
  /** Which rate converts lines of another currency. */
  readonly rateType: RateType;
  /** Whose applications it prices; null: all. */
  readonly entity: string | null;
  /** Under `actual`: whose published runs are the costs. */
  readonly graph: string | null;
  readonly retiredAt: string | null;
  /** Raised by every change of the view, its draft included: the ETag. */
  readonly version: number;
}

/** A version without its lines. */
export interface VersionRow {
  readonly number: number;
  readonly state: 'draft' | 'published';
  /** SHA-256 in hex of its lines: see `hashLines`. */
  readonly hash: string;
  /** How many. */
  readonly lines: number;
  readonly note: string | null;
  /** The version whose lines it began with; null where it began empty. */
  readonly basedOn: number | null;
  /** The published version that it took the place of. */
  readonly supersedes: number | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly changedAt: string;
  readonly publishedAt: string | null;
  readonly publishedBy: string | null;
}

/** A view with the versions that matter: the newest published one, and the open draft. */
export interface ViewState extends ViewRow {
  readonly published: VersionRow | null;
  readonly draft: VersionRow | null;
}

/** Who does something, and when: ISO 8601. */
export interface Doing {
  readonly by: string;
  readonly at: string;
}

const viewColumns = [
  ...(['id', 'label', 'kind', 'currency', 'rate_type as rateType', 'entity_id as entity'] as const),
  ...(['graph_id as graph', 'retired_at as retiredAt', 'version'] as const),
] as const;
const versionColumns = [
  ...(['number', 'state', 'content_hash as hash', 'lines', 'note', 'based_on as basedOn'] as const),
  ...(['supersedes', 'created_at as createdAt', 'created_by as createdBy'] as const),
  ...(['changed_at as changedAt', 'published_at as publishedAt', 'published_by as publishedBy'] as const),
] as const;

/** What views to list. */
export interface ViewsAsked {
  readonly ids?: readonly string[];
  readonly entity?: string | undefined;
  readonly kind?: ViewKind | undefined;
  readonly active?: boolean | undefined;
  readonly after?: string | undefined;
  readonly limit?: number;
}

/** Views by id, each with its newest published version and its draft. */
export async function readViews(tx: Tx, asked: ViewsAsked): Promise<ViewState[]> {
  let query = tx.selectFrom('price_view').select(viewColumns).orderBy('id');
  if (asked.ids) query = query.where(sql<boolean>`id = any(${[...asked.ids]})`);
  if (asked.entity !== undefined) query = query.where('entity_id', '=', asked.entity);
  if (asked.kind !== undefined) query = query.where('kind', '=', asked.kind);
  if (asked.active !== undefined) query = query.where('active', '=', asked.active);
  if (asked.after !== undefined) query = query.where('id', '>', asked.after);
  if (asked.limit !== undefined) query = query.limit(asked.limit);
  return withVersions(tx, await query.execute());
}

/** One view, held until the end of the transaction; undefined where the caller may change none of this id. */
export async function lockViewRow(tx: Tx, id: string): Promise<ViewState | undefined> {
  const rows = await tx
    .selectFrom('price_view')
    .select(viewColumns)
    .where('id', '=', id)
    .forUpdate()
    .execute();
  return (await withVersions(tx, rows))[0];
}

async function withVersions(tx: Tx, views: readonly ViewRow[]): Promise<ViewState[]> {
  if (views.length === 0) return [];
  const newest = await tx
    .selectFrom('price_view_version')
    .select(['view_id as view', ...versionColumns])
    .distinctOn(['view_id', 'state'])
    .where(sql<boolean>`view_id = any(${views.map(({ id }) => id)})`)
    .orderBy('view_id')
    .orderBy('state')
    .orderBy('number', 'desc')
    .execute();
  const found = new Map(newest.map(({ view, ...version }) => [`${version.state} ${view}`, version]));
  return views.map((view) => ({
    ...view,
    published: found.get(`published ${view.id}`) ?? null,
    draft: found.get(`draft ${view.id}`) ?? null,
  }));
}

/** Makes a view; false when the id is taken, seen or unseen. */
export async function insertView(tx: Tx, view: Omit<ViewRow, 'retiredAt' | 'version'>): Promise<boolean> {
  const { id, label, kind, currency, rateType, entity, graph } = view;
  const made = await tx
    .insertInto('price_view')
    .values({ id, label, kind, currency, rate_type: rateType, entity_id: entity, graph_id: graph })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  return made.length > 0;
}

/** Changes what is said of a view, and raises its version; `retiredAt` null restores it. */
export async function updateView(
  tx: Tx,
  id: string,
  change: { readonly label?: string; readonly rateType?: RateType; readonly retiredAt?: string | null },
): Promise<void> {
  const { label, rateType, retiredAt } = change;
  await tx
    .updateTable('price_view')
    .set({
      version: sql<number>`version + 1`,
      ...(label === undefined ? {} : { label }),
      ...(rateType === undefined ? {} : { rate_type: rateType }),
      ...(retiredAt === undefined ? {} : { retired_at: retiredAt }),
    })
    .where('id', '=', id)
    .execute();
}

/** Versions, the newest first. */
export async function readVersions(
  tx: Tx,
  view: string,
  asked: { readonly before?: number | undefined; readonly number?: number; readonly limit?: number },
): Promise<VersionRow[]> {
  let query = tx
    .selectFrom('price_view_version')
    .select(versionColumns)
    .where('view_id', '=', view)
    .orderBy('number', 'desc');
  if (asked.before !== undefined) query = query.where('number', '<', asked.before);
  if (asked.number !== undefined) query = query.where('number', '=', asked.number);
  if (asked.limit !== undefined) query = query.limit(asked.limit);
  return query.execute();
}

/** An open draft, numbered after the last version; its lines come afterwards. */
export async function insertDraft(
  tx: Tx,
  view: Pick<ViewRow, 'id' | 'entity'>,
  draft: Pick<VersionRow, 'number' | 'hash' | 'lines' | 'basedOn' | 'note'>,
  { by, at }: Doing,
): Promise<void> {
  const { number, hash, lines, basedOn, note } = draft;
  await tx
    .insertInto('price_view_version')
    .values({
      ...{ view_id: view.id, entity_id: view.entity, number, state: 'draft', lines, note },
      ...{ content_hash: hash, based_on: basedOn, created_at: at, created_by: by, changed_at: at },
    })
    .execute();
}

/** What the draft holds now. */
export async function updateDraft(
  tx: Tx,
  view: string,
  { hash, lines }: Pick<VersionRow, 'hash' | 'lines'>,
  { at }: Doing,
): Promise<void> {
  await tx
    .updateTable('price_view_version')
    .set({ content_hash: hash, lines, changed_at: at })
    .where('view_id', '=', view)
    .where('state', '=', 'draft')
    .execute();
}

/** Makes the draft the newest published version; a note that is null leaves the draft's. */
export async function publishDraftRow(
  tx: Tx,
  view: string,
  { note, supersedes }: Pick<VersionRow, 'note' | 'supersedes'>,
  { by, at }: Doing,
): Promise<void> {
  await tx
    .updateTable('price_view_version')
    .set({
      ...{ state: 'published', published_at: at, published_by: by, supersedes },
      ...(note === null ? {} : { note }),
    })
    .where('view_id', '=', view)
    .where('state', '=', 'draft')
    .execute();
}

/** Takes the draft away; its lines are gone before. */
export async function deleteDraftRow(tx: Tx, view: string): Promise<void> {
  await tx
    .deleteFrom('price_view_version')
    .where('view_id', '=', view)
    .where('state', '=', 'draft')
    .execute();
}

/** The entity of an allocation graph in use (null: the installation's); undefined where the caller sees none of this id. */
export async function entityOfGraph(
  tx: Tx,
  id: string,
): Promise<{ readonly entity: string | null } | undefined> {
  return tx
    .selectFrom('graph')
    .select('entity_id as entity')
    .where('id', '=', id)
    .where('active', '=', true)
    .executeTakeFirst();
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
