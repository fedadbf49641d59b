import type {
  PriceCloneAnswer,
  PriceCoverageAnswer,
  PriceDiffAnswer,
  PriceDraftAnswer,
  PriceFindingList,
  PriceVersionAnswer,
  PriceViewAnswer,
} from '../../../modules/showback/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { counted, type TableData } from '../output.ts';
import { allPages } from './organization-client.ts';
import { changeView, readView, viewPath, viewVersionPath } from './price-client.ts';
import {
  lineDiffTable,
  lineTable,
  priceFindingsText,
  priceFindingTable,
  priceVersionTable,
  printPriceDraft,
  printView,
  viewTable,
} from './price-output.ts';

/** `finops price views` */
export async function listViews(
  context: Context,
  { entity, kind, active }: { readonly entity?: string; readonly kind?: string; readonly active?: boolean },
): Promise<void> {
  const asked = { entity, kind, active: active ? 'true' : undefined };
  const items = await withClient(context, (client) =>
    allPages<PriceViewAnswer>(client, '/price-views', asked),
  );
  context.print({ json: { items }, tables: [viewTable(items)] });
}

/** `finops price show VIEW` */
export async function showView(context: Context, view: string): Promise<void> {
  printView(context, await withClient(context, (client) => readView(client, view)));
}

export interface CreateOptions {
  readonly kind: string;
  readonly label?: string;
  readonly currency?: string;
  readonly rateType?: string;
  readonly entity?: string;
  readonly graph?: string;
}

/** `finops price create VIEW --kind budget --currency EUR` */
export async function createView(context: Context, id: string, options: CreateOptions): Promise<void> {
  const { label = id, ...rest } = options;
  const made = await withClient(context, (client) =>
    client.call<PriceViewAnswer>('POST', address('/price-views'), { id, label, ...rest }),
  );
  context.print({ json: made, tables: [viewTable([made])] });
}

/** `finops price change VIEW`, `finops price retire VIEW`, `finops price restore VIEW` */
export async function patchView(
  context: Context,
  view: string,
  patch: { readonly label?: string; readonly rateType?: string; readonly active?: boolean },
): Promise<void> {
  if (Object.keys(patch).length === 0) throw errors.usage({ problem: `Say what to change of '${view}'.` });
  const after = await withClient(context, (client) =>
    changeView<PriceViewAnswer>(client, 'PATCH', { view }, patch),
  );
  context.print({ json: after, tables: [viewTable([after])] });
}

/** `finops price history VIEW` */
export async function showHistory(context: Context, view: string): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<PriceVersionAnswer>(client, viewPath(view, '/versions')),
  );
  context.print({ json: { items }, tables: [priceVersionTable(items)] });
}

/** `finops price draft VIEW` */
export async function openDraft(
  context: Context,
  view: string,
  options: { readonly empty?: boolean; readonly note?: string },
): Promise<void> {
  const opened = await withClient(context, (client) =>
    client.call<PriceViewAnswer>('POST', address(viewPath(view, '/draft')), options),
  );
  printView(context, opened);
}

/** `finops price discard VIEW` */
export async function discardDraft(context: Context, view: string): Promise<void> {
  const after = await withClient(context, (client) =>
    changeView<PriceViewAnswer>(client, 'DELETE', { view, below: '/draft' }),
  );
  printView(context, after);
}

/** `finops price publish VIEW` */
export async function publishDraft(
  context: Context,
  view: string,
  options: { readonly note?: string; readonly dryRun?: boolean },
): Promise<void> {
  const done = await withClient(context, (client) => publishOrTell(client, view, options));
  if ('items' in done) refuseWrong(context, view, done.items);
  else printPriceDraft(context, done);
}

/** Publishes a draft; all findings instead where one is an error: a refusal tells the first. */
export async function publishOrTell(
  client: Client,
  view: string,
  { note, dryRun = false }: { readonly note?: string; readonly dryRun?: boolean },
): Promise<PriceDraftAnswer | PriceFindingList> {
  const path = address(viewVersionPath(view, 'draft', '/findings'));
  const found = await client.call<PriceFindingList>('GET', path);
  if (found.totals.errors > 0) return found;
  const body = { dryRun, ...(note === undefined ? {} : { note }) };
  return changeView(client, 'POST', { view, below: '/draft/publish' }, body);
}

/** Prints why a draft is not published, and ends with 5. */
export function refuseWrong(context: Context, view: string, findings: PriceFindingList['items']): void {
  context.print({
    json: { view, published: false, findings },
    tables: [priceFindingTable(findings)],
  });
  context.say(`the draft of ${view} is not published: ${priceFindingsText(findings)}`);
  context.exitWith(exitCodes.badData);
}

/** `finops price findings VIEW` */
export async function showFindings(context: Context, view: string, version: string): Promise<void> {
  const path = address(viewVersionPath(view, version, '/findings'));
  const found = await withClient(context, (client) => client.call<PriceFindingList>('GET', path));
  context.print({ json: found, tables: [priceFindingTable(found.items)] });
  context.say(priceFindingsText(found.items));
}

export interface CloneOptions {
  readonly viewVersion: string;
  readonly factor?: string;
  readonly kind?: string;
  readonly label?: string;
  readonly entity?: string;
  readonly note?: string;
}

/** `finops price clone VIEW NEW --factor 1.03` */
export async function cloneView(
  context: Context,
  view: string,
  id: string,
  { viewVersion: version, ...options }: CloneOptions,
): Promise<void> {
  const made = await withClient(context, (client) =>
    client.call<PriceCloneAnswer>('POST', address(viewPath(view, '/clone')), { id, version, ...options }),
  );
  context.print({ json: made, tables: [viewTable([made.view])] });
  const { clonedFrom, factor, rounded } = made;
  const said = rounded === 0 ? 'exact' : `${counted(rounded, 'price')} rounded half-up at 12 decimals`;
  context.say(`draft of ${id}: version ${clonedFrom.version} of ${view} × ${factor}, ${said}`);
}

/** `finops price diff VIEW` */
export async function showDiff(
  context: Context,
  view: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const path = address(viewPath(view, '/diff'), { from, to });
  const found = await withClient(context, (client) => client.call<PriceDiffAnswer>('GET', path));
  context.print({ json: found, tables: [lineDiffTable(found.diff)] });
  context.say(`${counted(found.diff.unchanged, 'line')} unchanged`);
}

/** `finops price coverage VIEW --month 2026-10` */
export async function showCoverage(
  context: Context,
  view: string,
  { month, viewVersion }: { readonly month: string; readonly viewVersion: string },
): Promise<void> {
  const path = address(viewVersionPath(view, viewVersion, '/coverage'), { month });
  const found = await withClient(context, (client) => client.call<PriceCoverageAnswer>('GET', path));
  const unused = lineTable(
    found.unused.map(({ line }) => line),
    'Lines that price nothing',
  );
  context.print({
    json: found,
    tables: [entityTable(found), productTable(found), unpricedTable(found), unused],
  });
  const { pricedCells, cells } = found.totals;
  context.say(`${pricedCells} of ${counted(cells, 'cell')} have a price in version ${found.context.number}`);
}

const text = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'text' as const }));
const number = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'number' as const }));
const counts = [
  ...number('cells'),
  { name: 'pricedCells', header: 'priced', kind: 'number' as const },
  ...number('facts'),
  { name: 'pricedFacts', header: 'priced', kind: 'number' as const },
  { name: 'coverage', kind: 'share' as const },
];

function entityTable({ entities, totals }: PriceCoverageAnswer): TableData {
  return { columns: [...text('entity'), ...counts], rows: entities, totals };
}

function productTable({ items }: PriceCoverageAnswer): TableData {
  return {
    title: 'Products',
    columns: [
      ...text('entity', 'product', 'unit'),
      ...number('quantity'),
      { name: 'pricedQuantity', header: 'priced', kind: 'number' },
      ...counts,
    ],
    rows: items,
  };
}

function unpricedTable({ unpriced }: PriceCoverageAnswer): TableData {
  return {
    title: 'Without a price',
    columns: [
      ...text('entity', 'product', 'environment', 'region'),
      ...number('quantity'),
      ...text('unit', 'reason'),
      ...number('line'),
    ],
    rows: unpriced,
  };
}
