import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../../../platform/kernel/index.ts';
import type { AuditHeadAnswer, AuditList, AuditVerificationAnswer } from '../../../platform/records/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { addExamples, groups } from '../help.ts';
import { counted, type TableData } from '../output.ts';
import { collect, wholeNumber } from './cost.ts';

/** `finops audit …`: what was done by whom, and the proof that nobody has changed that afterwards. */
export function register(program: Command, context: Context): void {
  const noun = program
    .command('audit')
    .description('what was done, by whom, and whether the log is whole')
    .helpGroup(groups.workspace);
  noun
    .command('list')
    .description('what was done, newest first')
    .option('--object <type:id>', 'only to this object, or to objects of this type: application')
    .option('--actor <name>', 'only by this person, token or program: its id or name')
    .option('--action <action>', 'only this; with a dot at its end, everything that begins so: application.')
    .option('--entity <id>', 'only to what belongs to this entity')
    .option('--from <time>', 'from this day or time on (UTC)')
    .option('--to <time>', 'before this day or time (UTC)')
    .option('--limit <n>', 'rows shown (default: 100)')
    .option('--cursor <cursor>', 'the page that begins here')
    .action((options: ListOptions) => list(context, options));
  noun
    .command('head')
    .description('the last place of the log, to write down where nobody can change it')
    .action(() => head(context));
  noun
    .command('verify')
    .description('recompute the log; exit code 6 when a byte, a row or its end is not what it was')
    .option('--anchor <position:hash>', 'a place known from elsewhere; may be repeated', collect)
    .option('--anchor-file <file>', 'a file of such places, one a line')
    .action((options: VerifyOptions) => verify(context, options));
  addExamples(noun, {
    'finops audit list --object application:shop': 'who changed it, when, from what to what',
    'finops audit verify': 'whether the log is whole, up to every head that was written down',
    'finops audit head': 'what to write down',
  });
}

interface ListOptions {
  readonly object?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly entity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

async function list(context: Context, { object, limit, ...filter }: ListOptions): Promise<void> {
  const [, objectType, objectId] = /^([^:]+)(?::(.+))?$/.exec(object ?? '') ?? [];
  const query = {
    ...filter,
    objectType,
    objectId,
    limit: limit === undefined ? undefined : wholeNumber('--limit', limit),
  };
  const answer = await withClient(context, (client) =>
    client.call<AuditList>('GET', address('/audit', query)),
  );
  const table: TableData = {
    columns: [
      { name: 'at', kind: 'text' },
      { name: 'actor', kind: 'text' },
      { name: 'action', kind: 'text' },
      { name: 'object', kind: 'text' },
      { name: 'entity', kind: 'text' },
      { name: 'changed', kind: 'text' },
      { name: 'position', kind: 'text' },
    ],
    rows: answer.items.map((item) => ({
      ...item,
      actor: item.actor.name,
      object: `${item.object.type}:${item.object.id}`,
      changed: changedFields(item.before, item.after).join(', ') || null,
      position: item.sealed?.position ?? null,
      before: null,
      after: null,
      sealed: null,
    })),
  };
  context.print({ json: answer, tables: [table] });
  if (answer.next !== undefined) context.say(`more: --cursor ${answer.next}`);
}

/** Names of the fields that differ; of the whole object when there was none before, or is none now. */
function changedFields(before: unknown, after: unknown): readonly string[] {
  const [was, is] = [asObject(before), asObject(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]),
  );
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

async function head(context: Context): Promise<void> {
  const answer = await withClient(context, (client) =>
    client.call<AuditHeadAnswer>('GET', address('/audit/head')),
  );
  const rows = answer.head ? [{ ...answer.head, anchor: `${answer.head.position}:${answer.head.hash}` }] : [];
  context.print({
    json: answer,
    tables: [{ columns: [{ name: 'anchor', header: 'position:hash', kind: 'text' }], rows }],
  });
}

interface VerifyOptions {
  readonly anchor?: readonly string[];
  readonly anchorFile?: string;
}

async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const { parseAnchor } = await import('../../../platform/records/index.ts');
  const lines = options.anchorFile === undefined ? [] : await anchorLines(context, options.anchorFile);
  const anchors = [...(options.anchor ?? []), ...lines].map(parseAnchor);
  const answer = await withClient(context, (client) =>
    client.call<AuditVerificationAnswer>('POST', address('/audit/verify'), { anchors }),
  );
  const table: TableData = {
    columns: [
      { name: 'severity', kind: 'text' },
      { name: 'problem', kind: 'text' },
      { name: 'position', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: answer.findings,
  };
  context.print({ json: answer, tables: [table] });
  context.say(summaryOf(answer));
  if (!answer.intact) context.exitWith(exitCodes.booksDoNotBalance);
}

function summaryOf({ rows, anchors, unsealed, intact, findingsCount }: AuditVerificationAnswer): string {
  const state = intact ? 'the log is whole' : `the log is BROKEN: ${counted(findingsCount, 'finding')}`;
  const known =
    anchors === 0
      ? 'no head known from outside: a tail cut off would not be seen'
      : `${counted(anchors, 'head')} known from outside`;
  return `${state}; ${counted(rows, 'row')} recomputed, ${counted(unsealed.rows, 'row')} not sealed yet, ${known}`;
}

/** One `position:hash` a line; empty lines and lines that begin with # are skipped. */
async function anchorLines(context: Context, file: string): Promise<readonly string[]> {
  const path = resolve(context.io.cwd, file);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw errors.usage({ problem: `The file of anchors ${path} cannot be read (${error.code}).` });
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
