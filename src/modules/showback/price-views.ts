import type { Caller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import type { RateType, ViewKind } from './model.ts';
import { priceErrors } from './price-errors.ts';
import {
  entityOfGraph,
  hasEntity,
  insertView,
  lockViewRow,
  readVersions,
  readViews,
  updateView,
  type VersionRow,
  type ViewRow,
  type ViewState,
  type ViewsAsked,
} from './price-views-sql.ts';

/** Which version: its number, the newest published one, or the open draft. */
export type VersionRef = number | 'published' | 'draft';

/** A price view as answers show it. */
export interface PriceView extends ViewState {
  readonly active: boolean;
}

/** A view that has versions and lines: any but one under `actual`. */
export interface PricedView extends PriceView {
  readonly currency: string;
}

/** Price views that the caller sees, by id. */
export async function listViews(tx: Tx, asked: ViewsAsked = {}): Promise<PriceView[]> {
  return (await readViews(tx, asked)).map(asView);
}

/** One price view. Refusal: `price.unknownView`. */
export async function requireView(tx: Tx, id: string): Promise<PriceView> {
  const [found] = await readViews(tx, { ids: [id] });
  if (!found) throw priceErrors.unknownView({ view: id });
  return asView(found);
}

/**
 * One view, held until the end of the transaction: whoever changes it stands in line. Refusals: `price.unknownView`;
 * `price.wholeScopeNeeded` for a view of the installation that the caller may only read.
 */
export async function lockView(tx: Tx, id: string): Promise<PriceView> {
  const found = await lockViewRow(tx, id);
  if (found) return asView(found);
  await requireView(tx, id);
  throw priceErrors.wholeScopeNeeded({ what: `The price view '${id}'` });
}

/** As `lockView`, of a view whose lines can be changed. Refusals: `price.viewRetired`, `price.noLines` under `actual`. */
export async function lockPricedView(tx: Tx, id: string): Promise<PricedView> {
  const view = await lockView(tx, id);
  if (view.retiredAt !== null) throw priceErrors.viewRetired({ view: id, retiredAt: view.retiredAt });
  return asPriced(view);
}

/** A view as one with versions and lines. Refusal: `price.noLines` under `actual`. */
export function asPriced({ currency, ...view }: PriceView): PricedView {
  if (currency === null) throw priceErrors.noLines({ view: view.id });
  return { ...view, currency };
}

function asView(state: ViewState): PriceView {
  return { ...state, active: state.retiredAt === null };
}

/** A price view to be made. `entity` null: the installation's, which callers without limits make only. */
export interface NewView {
  readonly id: string;
  readonly label: string;
  readonly kind: ViewKind;
  /** Null under `actual`. */
  readonly currency: string | null;
  readonly rateType: RateType;
  readonly entity: string | null;
  /** Of kind `actual` only. */
  readonly graph: string | null;
}

/** Makes a view without any version. Its id, kind, currency, entity and graph are for ever. */
export async function createView(tx: Tx, caller: Caller, view: NewView): Promise<PriceView> {
  const { id, entity, graph } = view;
  if (entity === null && caller.scope.kind !== 'all')
    throw priceErrors.wholeScopeNeeded({ what: 'A price view without entity' });
  if (entity !== null && !(await hasEntity(tx, entity))) throw priceErrors.unknownEntity({ entity });
  if (graph !== null) await refuseUnfitGraph(tx, view, graph);
  if (!(await insertView(tx, view))) throw priceErrors.viewTaken({ view: id });
  await auditView(tx, caller, view, 'create', null, { ...view });
  return requireView(tx, id);
}

async function refuseUnfitGraph(tx: Tx, { id, entity }: NewView, graph: string): Promise<void> {
  const found = await entityOfGraph(tx, graph);
  if (!found) throw priceErrors.unknownGraph({ graph });
  if (found.entity !== null && found.entity !== entity)
    throw priceErrors.graphOfAnother({ graph, graphEntity: found.entity, view: id, entity });
}

/** What may be changed of a view. `active` false retires it: what it priced stays, and it is given no more months. */
export interface ViewPatch {
  readonly label?: string | undefined;
  readonly rateType?: RateType | undefined;
  readonly active?: boolean | undefined;
}

/** Renames a view, changes its type of rates, retires or restores it; what is so already is no change. */
export async function changeView(
  tx: Tx,
  caller: Caller,
  id: string,
  patch: ViewPatch & { readonly now: Date },
): Promise<PriceView> {
  const before = await lockView(tx, id);
  const { label = before.label, rateType = before.rateType, active = before.active, now } = patch;
  const isMoved = active !== before.active;
  if (!isMoved && label === before.label && rateType === before.rateType) return before;
  await updateView(tx, id, {
    ...{ label, rateType },
    ...(isMoved ? { retiredAt: active ? null : now.toISOString() } : {}),
  });
  const after = await requireView(tx, id);
  const said = (view: PriceView) => ({ label: view.label, rateType: view.rateType, active: view.active });
  const verb = isMoved ? (active ? 'restore' : 'retire') : 'update';
  await auditView(tx, caller, before, verb, said(before), said(after));
  return after;
}

/** One line of the audit log about a view: `price-view.publish`. */
export async function auditView(
  tx: Tx,
  caller: Caller,
  { id, entity }: Pick<ViewRow, 'id' | 'entity'>,
  verb: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  const object = { type: 'price-view', id };
  await audit(tx, caller, { action: `price-view.${verb}`, object, entity, before, after });
}

/** The version meant. Refusals: `price.unknownVersion`; `price.noLines` under `actual`. */
export async function requireVersion(tx: Tx, view: PriceView, wanted: VersionRef): Promise<VersionRow> {
  const { id, published, draft } = asPriced(view);
  if (wanted === 'published' && published) return published;
  if (wanted === 'draft' && draft) return draft;
  const [found] = typeof wanted === 'number' ? await readVersions(tx, id, { number: wanted }) : [];
  if (!found) throw priceErrors.unknownVersion({ view: id, version: String(wanted) });
  return found;
}

/** The versions of a view, the newest first; `before`: only those with a smaller number. */
export async function versionsOf(
  tx: Tx,
  viewId: string,
  page: { readonly before?: number | undefined; readonly limit?: number } = {},
): Promise<VersionRow[]> {
  asPriced(await requireView(tx, viewId));
  return readVersions(tx, viewId, page);
}

/** A version that months are priced under; 0 under `actual`, which has none. */
export interface VersionForPricing {
  readonly view: string;
  readonly label: string;
  readonly kind: ViewKind;
  readonly version: number;
  /** Null under `actual`. */
  readonly currency: string | null;
  readonly rateType: RateType;
  readonly entity: string | null;
  readonly graph: string | null;
}

/**
 * The newest published version of a view, of retired ones too: history keeps its prices. 0 under `actual`. Refusal:
 * `price.notPublished`.
 */
export function versionOf(view: PriceView): VersionForPricing {
  const { id, label, kind, currency, rateType, entity, graph, published } = view;
  if (kind !== 'actual' && !published) throw priceErrors.notPublished({ view: id });
  return { view: id, label, kind, version: published?.number ?? 0, currency, rateType, entity, graph };
}

/** The ETag of a price view, its draft and versions included: `"v3"`. */
export function viewEtag(version: number): string {
  return `"v${version}"`;
}

/**
 * Lets a change pass that was made of what is stored (`If-Match`, RFC 9110 section 13.1.1; `*` is any). Refused: no version
 * named (428), another version stored (412).
 */
export function refuseStaleView(
  { id: view, version }: Pick<ViewRow, 'id' | 'version'>,
  ifMatch: string | undefined,
): void {
  if (ifMatch === undefined) throw priceErrors.ifMatchNeeded({ view });
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (!named.includes(viewEtag(version)) && !named.includes('*'))
    throw priceErrors.stale({ view, version, given: ifMatch.slice(0, 100) });
}
