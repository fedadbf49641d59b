import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PriceDraftAnswer, PriceViewAnswer } from '../../../modules/showback/index.ts';
import { address, type Client } from '../client.ts';
import type { Context } from '../context.ts';

/** The address of a price view, or of something below it. */
export function viewPath(view: string, below = ''): string {
  return `/price-views/${encodeURIComponent(view)}${below}`;
}

/** The address of a version, or of something below it. */
export function viewVersionPath(view: string, version: string, below = ''): string {
  return viewPath(view, `/versions/${encodeURIComponent(version)}${below}`);
}

/** The price view as it is now. */
export async function readView(client: Client, view: string): Promise<PriceViewAnswer> {
  return client.call<PriceViewAnswer>('GET', address(viewPath(view)));
}

/** A change of a price view as it is now. */
export async function changeView<T = PriceDraftAnswer>(
  client: Client,
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  { view, below = '' }: { readonly view: string; readonly below?: string },
  body?: unknown,
): Promise<T> {
  const { version } = await readView(client, view);
  return client.call<T>(method, address(viewPath(view, below)), body, `"v${version}"`);
}

/** A file that an import takes: a workbook when its name says so, else CSV. */
export async function fileBody(
  context: Context,
  file: string,
): Promise<{ readonly csv: string } | { readonly xlsx: string }> {
  const bytes = await readFile(resolve(context.io.cwd, file));
  return /\.xlsx$/i.test(file) ? { xlsx: bytes.toString('base64') } : { csv: bytes.toString('utf8') };
}
