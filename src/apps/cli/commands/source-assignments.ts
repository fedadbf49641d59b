import type { Command } from 'commander';
import type { SourceAssignment } from '../../../modules/organization/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { allPages, versionOf } from './organization-client.ts';

interface AssignOptions {
  readonly entity: string;
  readonly ifMatch?: string;
}

/** `finops sources assign|unassign|assignments`: whose bills a source delivers. */
export function registerAssignments(sources: Command, context: Context): void {
  sources
    .command('assignments')
    .description('sources and the entities that their bills belong to')
    .option('--entity <id>', 'only this entity')
    .action(({ entity }: { readonly entity?: string }) => list(context, entity));
  sources
    .command('assign <source>')
    .description('give the bills of a source to an entity')
    .requiredOption('--entity <id>', 'the entity')
    .option('--if-match <version>', 'only if it is still at this version (default: the one read now)')
    .action((source: string, options: AssignOptions) => assign(context, source, options));
  sources
    .command('unassign <source>')
    .description('take a source from its entity')
    .option('--if-match <version>', 'only if it is still at this version (default: the one read now)')
    .action((source: string, options: Omit<AssignOptions, 'entity'>) => unassign(context, source, options));
}

async function list(context: Context, entity: string | undefined): Promise<void> {
  const items = await withClient(context, (client) =>
    allPages<SourceAssignment>(client, '/source-assignments', { entity }),
  );
  print(context, items);
}

async function assign(context: Context, source: string, options: AssignOptions): Promise<void> {
  const { entity } = options;
  const assigned = await withClient(context, async (client) => {
    const all = await allPages<SourceAssignment>(client, '/source-assignments');
    const known = all.some((item) => item.source === source) || options.ifMatch !== undefined;
    const ifMatch = known ? await versionOf(client, placeOf(source), options.ifMatch) : undefined;
    return client.call<SourceAssignment>('PUT', address(placeOf(source)), { entity }, ifMatch);
  });
  print(context, [assigned]);
}

async function unassign(
  context: Context,
  source: string,
  options: Omit<AssignOptions, 'entity'>,
): Promise<void> {
  const taken = await withClient(context, async (client) => {
    const ifMatch = await versionOf(client, placeOf(source), options.ifMatch);
    return client.call<SourceAssignment>('DELETE', address(placeOf(source)), undefined, ifMatch);
  });
  print(context, [taken]);
}

function placeOf(source: string): string {
  return `/source-assignments/${encodeURIComponent(source)}`;
}

function print(context: Context, items: readonly SourceAssignment[]): void {
  context.print({
    json: { items },
    tables: [
      {
        columns: [
          { name: 'source', kind: 'text' },
          { name: 'entity', kind: 'text' },
          { name: 'version', kind: 'number' },
        ],
        rows: items,
      },
    ],
  });
}
