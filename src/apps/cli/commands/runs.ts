import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { RunAnswer, RunDetailAnswer, RunList } from '../../../platform/jobs/index.ts';
import { type ExitCode, exitCodes } from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import type { Column, TableData } from '../output.ts';
import type { Progress } from '../progress.ts';
import { wholeNumber } from './cost.ts';

const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];
/** How often a watched run is asked after. */
const lookMs = 1000;

interface ListOptions {
  readonly kind?: string;
  readonly state?: string;
  readonly limit: string;
}

/** `finops runs …`: long work, such as imports, with its steps and log. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('runs')
    .description('long work, such as imports: how it goes and went')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('runs, the newest first')
    .option('--kind <kind>', 'only of this kind: bill.import')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .option('--limit <n>', 'so many at most', '50')
    .action((options: ListOptions) => list(context, options));
  noun
    .command('show <run>')
    .description('a run with its steps and the end of its log')
    .action((id: string) => show(context, id));
  noun
    .command('watch <run>')
    .description('show how a run goes until it ends; the exit code is that of the run')
    .action((id: string) => watch(context, id));
  noun
    .command('retry <run>')
    .description('run again what has failed or was cancelled')
    .action((id: string) => change(context, id, 'retry'));
  noun
    .command('cancel <run>')
    .description('stop a run; what it has published stays')
    .action((id: string) => change(context, id, 'cancel'));
  addExamples(noun, {
    'finops runs list --state failed': 'what went wrong',
    'finops runs show 01k9z3w2m7h4q8xta': 'why',
    'finops runs retry 01k9z3w2m7h4q8xta': 'once that is mended',
  });
}

const columns: readonly Column[] = [
  { name: 'id', header: 'run', kind: 'text' },
  { name: 'kind', kind: 'text' },
  { name: 'state', kind: 'text' },
  { name: 'entity', kind: 'text' },
  { name: 'askedBy', header: 'asked by', kind: 'text' },
  { name: 'createdAt', header: 'asked', kind: 'text' },
  { name: 'seconds', kind: 'number' },
  { name: 'attempt', kind: 'number' },
  { name: 'rowsIn', header: 'rows in', kind: 'number' },
  { name: 'rowsOut', header: 'rows out', kind: 'number' },
  { name: 'why', kind: 'text' },
];

function rowOf(run: RunAnswer) {
  const { id, kind, state, entity, askedBy, createdAt, attempt, rowsIn, rowsOut, problem, progress } = run;
  return {
    ...{ id, kind, state, entity, createdAt, attempt, rowsIn, rowsOut },
    askedBy: askedBy.name,
    seconds: secondsOf(run),
    why: problem?.code ?? progress?.label ?? null,
  };
}

/** From the first beginning to the end; null for what has not ended. */
function secondsOf({ startedAt, finishedAt }: RunAnswer): number | null {
  if (startedAt === null || finishedAt === null) return null;
  return Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 100) / 10;
}

async function list(context: Context, { kind, state, limit }: ListOptions): Promise<void> {
  const path = address('/runs', { kind, state, limit: wholeNumber('--limit', limit) });
  const answer = await withClient(context, (client) => client.call<RunList>('GET', path));
  context.print({ json: answer, tables: [{ columns, rows: answer.items.map(rowOf) }] });
}

async function show(context: Context, id: string): Promise<void> {
  print(context, await withClient(context, (client) => findRun(client, id)));
}

function findRun(client: Client, id: string): Promise<RunDetailAnswer> {
  return client.call<RunDetailAnswer>('GET', address(`/runs/${encodeURIComponent(id)}`));
}

function print(context: Context, run: RunDetailAnswer): void {
  const tables: [TableData, ...TableData[]] = [{ columns, rows: [rowOf(run)] }];
  if (run.steps.length > 0) tables.push(stepTable(run.steps));
  if (run.log.length > 0) tables.push(logTable(run.log));
  context.print({ json: run, tables });
  if (run.problem && context.format() === 'table') context.say(`${run.problem.code}: ${run.problem.message}`);
}

function stepTable(steps: RunDetailAnswer['steps']): TableData {
  return {
    title: 'Steps',
    columns: [
      { name: 'attempt', kind: 'number' },
      { name: 'name', header: 'step', kind: 'text' },
      { name: 'state', kind: 'text' },
      { name: 'rowsIn', header: 'rows in', kind: 'number' },
      { name: 'rowsOut', header: 'rows out', kind: 'number' },
      { name: 'startedAt', header: 'began', kind: 'text' },
      { name: 'finishedAt', header: 'ended', kind: 'text' },
    ],
    rows: steps,
  };
}

function logTable(log: RunDetailAnswer['log']): TableData {
  return {
    title: 'Log',
    columns: [
      { name: 'at', kind: 'text' },
      { name: 'level', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: log.map(({ at, level, message }) => ({ at, level, message })),
  };
}

async function watch(context: Context, id: string): Promise<void> {
  const shown = context.progress(`run ${id}`);
  const run = await withClient(context, (client) => untilEnded(client, id, shown)).finally(shown.stop);
  print(context, run);
  if (run.state === 'cancelled') context.exitWith(exitCodes.conflict);
  if (run.problem) context.exitWith(run.problem.exitCode as ExitCode);
}

async function untilEnded(client: Client, id: string, shown: Progress): Promise<RunDetailAnswer> {
  for (;;) {
    const run = await findRun(client, id);
    if (run.finishedAt !== null) return run;
    shown.update(stateOf(run));
    await sleep(lookMs);
  }
}

function stateOf({ state, progress }: RunDetailAnswer) {
  if (!progress) return { step: state };
  const { label, done, total, unit, rows } = progress;
  const bytes = unit === 'bytes' ? { bytes: done, ...(total === null ? {} : { totalBytes: total }) } : {};
  return { step: label, ...bytes, ...(rows === undefined ? {} : { rows }) };
}

async function change(context: Context, id: string, verb: 'retry' | 'cancel'): Promise<void> {
  const path = address(`/runs/${encodeURIComponent(id)}/${verb}`);
  const { run, server } = await withClient(context, async (client) => ({
    run: await client.call<RunAnswer>('POST', path, {}),
    server: client.server,
  }));
  context.print({ json: run, tables: [{ columns, rows: [rowOf(run)] }] });
  if (run.state === 'queued' && server === undefined)
    context.say('It waits for a worker: finops serve, or finops worker on the same PostgreSQL.');
  if (run.state === 'running') context.say('It is told to stop.');
}
