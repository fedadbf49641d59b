import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { exitCodes, Refusal } from '../../../platform/kernel/index.ts';
import type { Workspace } from '../../../platform/warehouse/index.ts';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { counted } from '../output.ts';
import { engineVersion } from '../versions.ts';
import { withWorkspace } from '../workspace.ts';

/** One thing looked at. `advice`: what to do, unless it is ok. */
interface Check {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly advice: string | null;
}

/** `finops doctor`: whether everything is in order. Reads only. Exit code 1 when a check fails. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description('look whether everything is in order, and say what to do')
    .helpGroup(groups.system)
    .action(() => examine(context));
  addExamples(command, { 'finops doctor --json': 'for a bug report or a monitor' });
}

async function examine(context: Context): Promise<void> {
  const checks = await withWorkspace(context, async (workspace) => [
    checkNode(),
    await checkEngine(workspace),
    await checkFolder(workspace.root),
    await checkDisk(workspace.root),
    ...(await checkLake(workspace)),
    await checkLeftovers(workspace.root),
    ...(await checkExports(context)),
    await checkServer(workspace.root),
  ]);
  context.print({
    json: { checks },
    tables: [
      {
        columns: [
          { name: 'state', kind: 'text' },
          { name: 'check', kind: 'text' },
          { name: 'found', kind: 'text' },
          { name: 'advice', kind: 'text' },
        ],
        rows: checks.map((check) => ({ ...check, advice: check.advice ?? '' })),
      },
    ],
  });
  if (checks.some(({ state }) => state === 'fail')) context.exitWith(exitCodes.failure);
}

function ok(check: string, found: string): Check {
  return { check, state: 'ok', found, advice: null };
}

function warn(check: string, found: string, advice: string): Check {
  return { check, state: 'warn', found, advice };
}

function fail(check: string, found: string, advice: string): Check {
  return { check, state: 'fail', found, advice };
}

/** The first line of an error; a refusal says itself what to do. */
function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < 20 || (major === 20 && minor < 19);
  const found = `Node.js ${process.versions.node}`;
  return isOld ? fail('node', found, 'Install Node.js 20.19 or newer.') : ok('node', found);
}

async function checkEngine(workspace: Workspace): Promise<Check> {
  try {
    const engine = await workspace.engine();
    await engine.rows('select 1');
    return ok('engine', `DuckDB ${engineVersion()}`);
  } catch (error) {
    return fail('engine', wordsOf(error), 'Install the packages again: npm ci.');
  }
}

async function checkFolder(root: string): Promise<Check> {
  const folder = await nearestFolder(root);
  try {
    await access(folder, constants.W_OK);
  } catch {
    return fail('workspace', `${folder} cannot be written`, 'Give write permission, or use another --data.');
  }
  return folder === root ? ok('workspace', root) : ok('workspace', `${root} does not exist yet`);
}

/** The folder itself, or the first one above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : nearestFolder(dirname(path));
}

async function checkDisk(root: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestFolder(root));
  const gigabytes = (bavail * bsize) / 1e9;
  const found = `${gigabytes.toFixed(1)} GB free`;
  if (gigabytes < 0.2)
    return fail('disk', found, 'Free some space, or run finops gc: imports will be refused.');
  if (gigabytes < 2)
    return warn('disk', found, 'A large import may not fit; finops gc removes old snapshots.');
  return ok('disk', found);
}

async function checkLake(workspace: Workspace): Promise<Check[]> {
  const { lake } = workspace;
  const manifest = await lake.current().catch((error: unknown) => wordsOf(error));
  if (typeof manifest === 'string')
    return [fail('lake', manifest, 'Restore the newest whole manifest from a backup.')];
  const entries = manifest.partitions.flatMap(({ current, history }) => [
    ...(current ? [current] : []),
    ...history,
  ]);
  const files = new Map(
    entries.flatMap((entry) => entry.files.map((file) => [file.path, file.bytes] as const)),
  );
  const damaged: string[] = [];
  for (const [path, bytes] of files) {
    const info = await stat(lake.resolve(path)).catch(() => undefined);
    if (info?.size !== bytes) damaged.push(path);
  }
  const found = `generation ${manifest.generation}, ${counted(entries.length, 'snapshot')}, ${counted(files.size, 'file')}`;
  return [
    ok('lake', found),
    damaged.length === 0
      ? ok('files', `${counted(files.size, 'file')} there, with their size`)
      : fail(
          'files',
          `${counted(damaged.length, 'file')} missing or of another size, the first ${damaged[0]}`,
          'Restore them from a backup, or import the months again; finops snapshots verify names all of them.',
        ),
    await checkViews(workspace, manifest.generation),
  ];
}

async function checkViews(workspace: Workspace, generation: number): Promise<Check> {
  if (generation === 0) return ok('views', 'nothing imported yet');
  const { viewsAreCurrent } = await import('../../../modules/ingestion/index.ts');
  const current = await viewsAreCurrent(workspace).catch(() => false);
  return current
    ? ok('views', 'finops.duckdb shows the current generation')
    : warn('views', 'finops.duckdb is missing or shows an older generation', 'finops gc writes it anew.');
}

async function checkLeftovers(root: string): Promise<Check> {
  const names = (await readdir(join(root, 'tmp')).catch(() => [])).filter((name) => name !== 'duckdb');
  return names.length === 0
    ? ok('leftovers', 'none')
    : warn(
        'leftovers',
        `${counted(names.length, 'folder')} in ${join(root, 'tmp')}`,
        'Delete them when no import is running.',
      );
}

async function checkExports(context: Context): Promise<Check[]> {
  const exports = context.config().values['aws.exports'];
  if (exports.length === 0) return [];
  const { findExports } = await import('../../../modules/ingestion/index.ts');
  const checks: Check[] = [];
  for (const item of exports) {
    const name = `export ${item.name}`;
    try {
      const found = (await findExports([item])).filter((entry) => entry.name === item.exportName);
      const months = found.reduce((sum, { periods }) => sum + periods.length, 0);
      checks.push(
        months > 0
          ? ok(name, `${counted(months, 'month')} at ${item.uri}`)
          : warn(
              name,
              `no month of '${item.exportName}' at ${item.uri}`,
              'finops aws list-exports shows the names.',
            ),
      );
    } catch (error) {
      const advice = error instanceof Refusal ? 'See the sentence before.' : 'Check network and credentials.';
      checks.push(fail(name, wordsOf(error), advice));
    }
  }
  return checks;
}

async function checkServer(root: string): Promise<Check> {
  const { findServer, readServerFile } = await import('../../server/index.ts');
  const live = await findServer(root);
  if (live) return ok('server', `running at ${live.url}, pid ${live.pid}`);
  return (await readServerFile(root)) === undefined
    ? ok('server', 'not running')
    : warn(
        'server',
        'not running, but its file is there',
        'Nothing to do: the next finops serve replaces it.',
      );
}
