import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The version of this package. */
export function productVersion(): string {
  // The same depth below the package's root in src/ and in dist/.
  return versionIn(new URL('../../../package.json', import.meta.url));
}

/** The version of the query engine, read from its package: loading the engine itself costs over 100 ms. */
export function engineVersion(): string {
  return versionIn(createRequire(import.meta.url).resolve('@duckdb/node-api/package.json'));
}

function versionIn(file: string | URL): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}
