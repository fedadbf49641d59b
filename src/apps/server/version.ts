import { readFileSync } from 'node:fs';

/** The version of this package. */
export function productVersion(): string {
  // The same depth below the package's root in src/ and in dist/.
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
