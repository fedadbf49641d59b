import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { groups } from '../help.ts';
import { engineVersion, productVersion } from '../versions.ts';

/** `finops version`: what a bug report needs to know. Reads no configuration, so that it works with a broken one. */
export function register(program: Command, context: Context): void {
  program
    .command('version')
    .description('versions of finops and of what it runs on')
    .helpGroup(groups.system)
    .action(() => printVersions(context));
}

function printVersions(context: Context): void {
  const versions = {
    centrail: productVersion(),
    node: process.versions.node,
    duckdb: engineVersion(),
    platform: `${process.platform}-${process.arch}`,
  };
  const rows = Object.entries(versions).map(([component, version]) => ({ component, version }));
  context.print({
    json: versions,
    tables: [
      {
        columns: [
          { name: 'component', kind: 'text' },
          { name: 'version', kind: 'text' },
        ],
        rows,
      },
    ],
  });
}
