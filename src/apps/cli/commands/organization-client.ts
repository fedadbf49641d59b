import { address, type Client } from '../client.ts';
import { errors } from '../errors.ts';

/** Every item of a list, page by page. */
export async function allPages<T>(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const asked = address(path, { ...query, limit: 10_000, cursor });
    const page = await client.call<{ readonly items: readonly T[]; readonly next?: string }>('GET', asked);
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

/** The version that a change is made of, as If-Match has it: the one named, `3` or `v3`, or the one that is there. */
export async function versionOf(client: Client, path: string, ifMatch: string | undefined): Promise<string> {
  if (ifMatch === undefined) {
    const { version } = await client.call<{ readonly version: number }>('GET', address(path));
    return `"v${version}"`;
  }
  const version = /^"?v?(\d{1,9})"?$/.exec(ifMatch)?.[1];
  if (version === undefined)
    throw errors.usage({ problem: `--if-match takes a version such as 3, not '${ifMatch}'.` });
  return `"v${version}"`;
}
