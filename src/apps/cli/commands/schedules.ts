import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ScheduleAnswer, ScheduleList } from '../../../platform/jobs/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import type { Column } from '../output.ts';

interface SetOptions {
  readonly cron: string;
  readonly timeZone: string;
  readonly import?: string;
  readonly source?: string;
  readonly kind?: string;
  readonly input?: string;
  readonly off?: boolean;
}

/** `finops schedules …`: runs that are asked for again and again. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('schedules')
    .description('runs that a server asks for again and again')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('every schedule, with its last and next time')
    .action(() => list(context));
  noun
    .command('set <name>')
    .description('make a schedule, or replace the one of that name')
    .requiredOption('--cron <fields>', 'minute, hour, day of month, month, day of week: "30 6 * * *"')
    .option('--time-zone <name>', 'of which the times are: Europe/Paris', 'UTC')
    .option('--import <path>', 'import what lies there: file, folder or s3:// address')
    .option('--source <name>', 'with --import: name of the source')
    .option('--kind <kind>', 'another kind of run, with --input')
    .option('--input <json>', 'what that run takes')
    .option('--off', 'keep it, but let it rest')
    .action((name: string, options: SetOptions) => set(context, name, options));
  noun
    .command('remove <name>')
    .description('remove a schedule; its runs stay')
    .action((name: string) => remove(context, name));
  addExamples(noun, {
    'finops schedules set nightly --cron "30 6 * * *" --import s3://billing/exports':
      'every morning, what is new; a day that was missed is made up for',
    'finops schedules set nightly --cron "30 6 * * *" --import s3://billing/exports --off': 'not for now',
  });
}

const columns: readonly Column[] = [
  { name: 'name', header: 'schedule', kind: 'text' },
  { name: 'kind', kind: 'text' },
  { name: 'cron', kind: 'text' },
  { name: 'timeZone', header: 'time zone', kind: 'text' },
  { name: 'nextAt', header: 'next', kind: 'text' },
  { name: 'lastAt', header: 'last', kind: 'text' },
  { name: 'lastRun', header: 'last run', kind: 'text' },
  { name: 'setBy', header: 'set by', kind: 'text' },
];

function rowOf({ input: _, enabled, nextAt, ...schedule }: ScheduleAnswer) {
  return { ...schedule, nextAt: enabled ? nextAt : 'off' };
}

function printList(context: Context, answer: ScheduleList): void {
  context.print({ json: answer, tables: [{ columns, rows: answer.items.map(rowOf) }] });
}

async function list(context: Context): Promise<void> {
  printList(
    context,
    await withClient(context, (client) => client.call<ScheduleList>('GET', address('/run-schedules'))),
  );
}

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const { cron, timeZone, off = false } = options;
  const body = { ...workOf(context, options), cron, timeZone, enabled: !off };
  const made = await withClient(context, (client) => client.call<ScheduleAnswer>('PUT', pathOf(name), body));
  context.print({ json: made, tables: [{ columns, rows: [rowOf(made)] }] });
}

async function remove(context: Context, name: string): Promise<void> {
  printList(
    context,
    await withClient(context, (client) => client.call<ScheduleList>('DELETE', pathOf(name))),
  );
}

function pathOf(name: string): string {
  return address(`/run-schedules/${encodeURIComponent(name)}`);
}

/** An import, or a run of any kind. */
function workOf({ io }: Context, options: SetOptions): { readonly kind: string; readonly input: unknown } {
  const { import: path, source, kind, input = '{}' } = options;
  if ((path === undefined) === (kind === undefined))
    throw errors.usage({ problem: 'Give either --import PATH, or --kind KIND with --input JSON.' });
  if (path === undefined) return { kind: kind ?? '', input: jsonOf(input) };
  // A server has a current folder of its own.
  const place = path.startsWith('s3://') ? path : resolve(io.cwd, path);
  return { kind: 'bill.import', input: { path: place, ...(source === undefined ? {} : { source }) } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw errors.usage({ problem: `--input is no JSON: ${text.slice(0, 60)}.` });
  }
}
