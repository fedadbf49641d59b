import { type Command, Option } from 'commander';
import type { EntityPeriod } from '../../../modules/organization/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { TableData } from '../output.ts';
import { allPages } from './organization-client.ts';
import { printHistory } from './organization-output.ts';

interface ListOptions {
  readonly entity?: string;
  readonly state?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `finops entity-periods …`: the months of entities, open, closed or locked. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('entity-periods')
    .alias('period')
    .description('months of entities: close, lock, reopen')
    .helpGroup(groups.organization);
  noun
    .command('list')
    .description('months that were closed at least once; all others are open')
    .option('--entity <id>', 'only this entity')
    .addOption(new Option('--state <state>', 'only these').choices(['OPEN', 'CLOSED', 'LOCKED']))
    .option('--from <month>', 'first month, YYYY-MM')
    .option('--to <month>', 'last month, YYYY-MM')
    .action((options: ListOptions) => list(context, options));
  step(noun, 'close', 'close an open month')
    .option('--reason <text>', 'why; kept')
    .action((entity: string, month: string, options: StepOptions) =>
      move(context, 'close', entity, month, options),
    );
  step(noun, 'lock', 'lock a closed month, for good')
    .option('--reason <text>', 'why; kept')
    .action((entity: string, month: string, options: StepOptions) =>
      move(context, 'lock', entity, month, options),
    );
  step(noun, 'reopen', 'open a closed month again')
    .requiredOption('--reason <text>', 'why; kept')
    .action((entity: string, month: string, options: StepOptions) =>
      move(context, 'reopen', entity, month, options),
    );
  step(noun, 'history', 'who closed, locked and reopened it').action((entity: string, month: string) =>
    printHistory(context, `${placeOf(entity, month)}/history`),
  );
  addExamples(noun, {
    'finops entity-periods close retail 2026-09': 'costs and owners of September stay as they are',
    'finops entity-periods reopen retail 2026-09 --reason "a late bill"': 'until it is locked',
  });
}

interface StepOptions {
  readonly reason?: string;
}

function step(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument('<entity>', 'id of the entity')
    .argument('<month>', 'YYYY-MM');
}

function placeOf(entity: string, month: string): string {
  return `/entity-periods/${encodeURIComponent(entity)}/${encodeURIComponent(month)}`;
}

async function list(context: Context, { entity, state, from, to }: ListOptions): Promise<void> {
  const asked = { entity, state, from, to };
  const items = await withClient(context, (client) =>
    allPages<EntityPeriod>(client, '/entity-periods', asked),
  );
  context.print({ json: { items }, tables: [periodTable(items)] });
}

async function move(
  context: Context,
  verb: 'close' | 'lock' | 'reopen',
  entity: string,
  month: string,
  { reason }: StepOptions,
): Promise<void> {
  const path = address(`${placeOf(entity, month)}/${verb}`);
  const moved = await withClient(context, (client) =>
    client.call<EntityPeriod>('POST', path, reason === undefined ? {} : { reason }),
  );
  context.print({ json: moved, tables: [periodTable([moved])] });
}

function periodTable(rows: readonly EntityPeriod[]): TableData {
  const columns = ['entity', 'period', 'state', 'reason', 'changedAt', 'changedBy'];
  return { columns: columns.map((name) => ({ name, header: headers[name] ?? name, kind: 'text' })), rows };
}

const headers: Readonly<Record<string, string>> = {
  period: 'month',
  changedAt: 'since',
  changedBy: 'by',
};
