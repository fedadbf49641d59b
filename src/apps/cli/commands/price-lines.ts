import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PriceImportAnswer, PriceLineDetail, PriceLineList } from '../../../modules/showback/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { outFile } from '../out-file.ts';
import { counted } from '../output.ts';
import { allPages } from './organization-client.ts';
import { changeView, fileBody, readView, viewVersionPath } from './price-client.ts';
import { cellErrorTable, lineDiffTable, lineTable, priceDraftText, printPriceDraft } from './price-output.ts';
import { publishOrTell, refuseWrong } from './price-views.ts';

type Line = PriceLineList['items'][number];

export interface LinesOptions {
  readonly viewVersion: string;
  readonly level?: string;
  readonly target?: string;
  readonly month?: string;
}

/** `finops price lines VIEW` */
export async function showLines(context: Context, view: string, options: LinesOptions): Promise<void> {
  const { viewVersion, ...asked } = options;
  const items = await withClient(context, (client) => linesOf(client, { view, version: viewVersion }, asked));
  context.print({ json: { items }, tables: [lineTable(items)] });
  context.say(counted(items.length, 'line'));
}

function linesOf(
  client: Client,
  { view, version }: { readonly view: string; readonly version: string },
  asked: Readonly<Record<string, string | undefined>> = {},
): Promise<Line[]> {
  return allPages<Line>(client, viewVersionPath(view, version, '/lines'), asked);
}

export interface LineOptions {
  readonly level?: string;
  readonly target?: string;
  readonly entity?: string;
  readonly environment?: string;
  readonly region?: string;
  readonly pool?: boolean;
  readonly unit?: string;
  readonly amount?: string;
  readonly tiers?: string;
  readonly currency?: string;
  readonly from?: string;
  readonly to?: string;
  readonly note?: string;
}

/** `finops price line add VIEW --target vcpu --unit vCPU-hour --amount 0.04 --from 2026-01` */
export async function addLine(context: Context, view: string, options: LineOptions): Promise<void> {
  const line = await fieldsOf(options);
  const done = await withClient(context, (client) =>
    changeView(client, 'POST', { view, below: '/draft/lines' }, { line: { level: 'product', ...line } }),
  );
  printPriceDraft(context, done);
}

/** `finops price line change VIEW 3 --amount 0.05`: what is not named stays as it is. */
export async function changeLine(
  context: Context,
  view: string,
  number: string,
  options: LineOptions,
): Promise<void> {
  const fields = await fieldsOf(options);
  if (Object.keys(fields).length === 0)
    throw errors.usage({ problem: `Say what to change of line ${number}.` });
  const done = await withClient(context, async (client) => {
    const { draft } = await readView(client, view);
    const version = draft ? 'draft' : 'published';
    const at = viewVersionPath(view, version, `/lines/${encodeURIComponent(number)}`);
    const { number: _, ...before } = (await client.call<PriceLineDetail>('GET', address(at))).line;
    return changeView(client, 'PUT', lineAt(view, number), { line: { ...before, ...fields } });
  });
  printPriceDraft(context, done);
}

/** `finops price line remove VIEW 3` */
export async function removeLine(context: Context, view: string, number: string): Promise<void> {
  const done = await withClient(context, (client) => changeView(client, 'DELETE', lineAt(view, number)));
  printPriceDraft(context, done);
}

function lineAt(view: string, number: string) {
  return { view, below: `/draft/lines/${encodeURIComponent(number)}` };
}

/** Named options only; an empty text takes a value away. A price and tiers exclude each other. */
async function fieldsOf({
  pool,
  tiers,
  from,
  to,
  ...given
}: LineOptions): Promise<Readonly<Record<string, unknown>>> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given))
    fields[name] = value === '' && name !== 'target' ? null : value;
  if (pool) Object.assign(fields, { kind: 'pool', unit: null, tiers: null });
  if (fields['amount'] !== undefined) fields['tiers'] = null;
  if (tiers !== undefined) Object.assign(fields, { tiers: await tiersOf(tiers), amount: null });
  if (from !== undefined) fields['validFrom'] = from;
  if (to !== undefined) fields['validTo'] = to === '' ? null : to;
  return fields;
}

async function tiersOf(text: string): Promise<unknown> {
  const { parseTiers } = await import('../../../modules/showback/index.ts');
  const tiers = parseTiers(text);
  if (!tiers)
    throw errors.usage({ problem: `--tiers takes 'graduated 0:0.10;100:0.08', not '${text.slice(0, 60)}'.` });
  return tiers;
}

export interface ImportOptions {
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly publish?: boolean;
  readonly note?: string;
}

/** `finops price import VIEW FILE` */
export async function importLines(
  context: Context,
  view: string,
  file: string,
  { replace = false, dryRun = false, publish = false, note }: ImportOptions,
): Promise<void> {
  const body = { ...(await fileBody(context, file)), mode: replace ? 'replace' : 'upsert', dryRun };
  const { read, published } = await withClient(context, async (client) => {
    const read = await changeView<PriceImportAnswer>(client, 'POST', { view, below: '/draft/import' }, body);
    const isReady = publish && !dryRun && read.state === 'draft';
    return {
      read,
      published: isReady ? await publishOrTell(client, view, note === undefined ? {} : { note }) : undefined,
    };
  });
  if (read.errors.length > 0) {
    context.print({ json: read, tables: [cellErrorTable(read.errors)] });
    context.say(`${counted(read.errors.length, 'cell')} of ${counted(read.rows, 'row')} do not fit`);
    context.exitWith(exitCodes.badData);
    return;
  }
  if (published && 'items' in published) return refuseWrong(context, view, published.items);
  const json = published ? { ...read, state: published.state, version: published.version } : read;
  context.print({ json, tables: [lineDiffTable(read.diff)] });
  context.say(`${priceDraftText(json)}; ${read.diff.unchanged} unchanged`);
  if (publish && !dryRun && !published)
    context.say(`version ${read.number}, which is published, says the same`);
}

export interface ExportOptions {
  readonly viewVersion: string;
  readonly out?: string;
  readonly overwrite?: boolean;
}

/** `finops price export VIEW`: CSV on stdout, or a file whose name ends in .csv or .xlsx. */
export async function exportLines(
  context: Context,
  view: string,
  { viewVersion: version, out, overwrite = false }: ExportOptions,
): Promise<void> {
  const csvPath = address(viewVersionPath(view, version, '/export'), { format: 'csv' });
  if (out === undefined) {
    context.io.stdout.write(await withClient(context, (client) => client.text(csvPath)));
    return;
  }
  const format = /\.(csv|xlsx)$/i.exec(out)?.[1]?.toLowerCase();
  if (format === undefined)
    throw errors.usage({ problem: `--out takes a file that ends in .csv or .xlsx, not '${out}'.` });
  const place = await outFile(context, out, overwrite);
  const content = await withClient(context, async (client) =>
    format === 'csv' ? client.text(csvPath) : workbookOf(await linesOf(client, { view, version })),
  );
  const folder = await mkdtemp(join(tmpdir(), 'finops-prices-'));
  try {
    await writeFile(join(folder, 'prices'), content);
    await place.take(join(folder, 'prices'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  context.say(place.name);
}

async function workbookOf(lines: readonly Line[]): Promise<Uint8Array> {
  const { lineXlsxSheet } = await import('../../../modules/showback/index.ts');
  const { xlsxFile } = await import('../../../platform/documents/index.ts');
  return xlsxFile([lineXlsxSheet(lines)]);
}
