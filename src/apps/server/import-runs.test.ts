import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, cur, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import type { RunDetailAnswer } from '../../platform/jobs/index.ts';
import { openRecords } from '../../platform/records/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from './serve.ts';
import { readServerFile } from './server-file.ts';

/** Imports as runs, over HTTP with a real server. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-import-runs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function bill(name: string, cost: string, rows = 1): Promise<string> {
  const path = join(folder, 'bills', name);
  await mkdir(join(folder, 'bills'), { recursive: true });
  const [header, row] = csv(focus({ BilledCost: cost, EffectiveCost: cost })).split('\n');
  await writeFile(path, `${header}\n${`${row}\n`.repeat(rows)}`);
  return path;
}

interface Asking {
  readonly url: string;
  readonly secret: string;
}

function ask(
  { url, secret }: Asking,
  path: string,
  body?: unknown,
  { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    headers: {
      authorization: `Bearer ${secret}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
}

const json = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
const runOf = (to: Asking, id: string | null) => json<RunDetailAnswer>(ask(to, `/runs/${id}`));

async function ended(to: Asking, id: string): Promise<RunDetailAnswer> {
  for (;;) {
    const run = await runOf(to, id);
    if (run.finishedAt !== null) return run;
    await sleep(100);
  }
}

describe('an import on a server', () => {
  let prepared: PreparedRecords;
  let workspace: Workspace;
  let server: RunningServer;
  let to: Asking;

  beforeAll(async () => {
    const root = join(folder, 'data');
    prepared = await prepareTestRecords(root);
    workspace = openWorkspace({ root, threads: 1 });
    const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: folder });
    server = await serve({ workspace, config });
    to = { url: server.url, secret: (await readServerFile(root))?.secret ?? '' };
  });
  afterAll(async () => {
    await server.close();
    await workspace.close();
    await prepared.remove();
  });

  it('is a run that the answer names, with its steps and the rows of each', async () => {
    const path = await bill('saas-2026-10.csv', '10.5', 3);
    const answer = await ask(to, '/imports', { path });
    expect(await answer.json()).toMatchObject({ imports: [{ source: 'saas', status: 'imported' }] });
    const run = await runOf(to, answer.headers.get('finops-run'));
    expect(run).toMatchObject({
      kind: 'bill.import',
      state: 'succeeded',
      rowsIn: 3,
      rowsOut: 3,
      askedBy: { kind: 'owner' },
      input: { request: { path } },
      result: { imports: [{ billedCost: '31.5' }] },
    });
    expect(run.steps).toMatchObject([
      { name: 'read saas', state: 'succeeded', rowsIn: 3 },
      { name: 'convert saas 2026-10', state: 'succeeded', rowsIn: 3, rowsOut: 3 },
      { name: 'publish saas', state: 'succeeded', rowsOut: 3 },
    ]);
    expect(run.log.map(({ message }) => message)).toContain(
      'saas 2026-10: imported, 3 rows, billed 31.5 USD',
    );
  });

  it('of AWS exports is one too, told line by line by the process that does it', async () => {
    const at = join(folder, 'bucket', 'main', '20261001-20261101');
    await mkdir(join(at, 'v1'), { recursive: true });
    await writeFile(join(at, 'v1', 'main-1.csv'), csv(cur({})));
    const manifest = {
      ...{ assemblyId: 'v1', reportName: 'main', bucket: 'b' },
      billingPeriod: { start: '20261001T000000.000Z', end: '20261101T000000.000Z' },
      reportKeys: ['main/20261001-20261101/v1/main-1.csv'],
    };
    await writeFile(join(at, 'main-Manifest.json'), JSON.stringify(manifest));
    const request = { adHoc: { uri: join(folder, 'bucket'), exportName: 'main' } };
    const accept = { accept: 'application/x-ndjson' };
    const answer = await ask(to, '/aws-imports', request, { headers: accept });
    const lines = (await answer.text()).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      result: { imports: [{ source: 'main', billingPeriod: '2026-10', status: 'imported' }] },
    });
    expect(lines.some((line) => line.includes('"step":"convert"'))).toBe(true);
    const run = await runOf(to, answer.headers.get('finops-run'));
    expect(run).toMatchObject({ kind: 'aws.import', state: 'succeeded', rowsIn: 1, rowsOut: 1 });

    const later = await ask(to, '/aws-imports', request, { headers: { prefer: 'respond-async' } });
    expect([later.status, later.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    expect(await ended(to, later.headers.get('finops-run') ?? '')).toMatchObject({
      result: { imports: [{ status: 'unchanged' }] },
    });
    expect((await ask(to, '/aws-imports', { exports: ['nope'] })).status).toBe(400);
  });

  it('is described for programs, with its events', async () => {
    const { paths } = await json<{ paths: Record<string, object> }>(
      fetch(`${to.url}/api/openapi.json`, { headers: { authorization: `Bearer ${to.secret}` } }),
    );
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/v1/imports', '/api/v1/runs/{id}/events', '/api/v1/run-schedules/{name}']),
    );
  });

  it('fails as a run when a delivery is refused, with the code, and the answer still tells of the rest', async () => {
    const place = join(folder, 'bills', 'two');
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'good-2026-10.csv'), csv(focus({ BilledCost: '1', EffectiveCost: '1' })));
    await writeFile(join(place, 'bad-2026-10.csv'), 'a,b\n1,2\n');
    const answer = await ask(to, '/imports', { path: place });
    const { imports, errors } = (await answer.json()) as {
      imports: { status: string }[];
      errors: { code: string }[];
    };
    expect([answer.status, imports[0]?.status]).toEqual([200, 'imported']);
    expect(await runOf(to, answer.headers.get('finops-run'))).toMatchObject({
      state: 'failed',
      problem: { code: errors[0]?.code },
      result: { imports: [{ source: 'good' }] },
    });
  });

  it('is refused like before, and the run says with what', async () => {
    const answer = await ask(to, '/imports', { path: join(folder, 'nothing.csv') });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      404,
      'ingestion.notFound',
    ]);
    expect(await runOf(to, answer.headers.get('finops-run'))).toMatchObject({
      state: 'failed',
      problem: { code: 'ingestion.notFound' },
    });
  });

  it('goes on alone with Prefer: respond-async, also when it was asked for twice', async () => {
    const path = await bill('async-2026-10.csv', '2', 20_000);
    const headers = { prefer: 'respond-async' };
    const answers = await Promise.all([1, 2].map(() => ask(to, '/imports', { path }, { headers })));
    const told = await Promise.all(answers.map((answer) => answer.json() as Promise<{ run: string }>));
    const [first] = told;
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.headers.get('location')).toBe(`/api/v1/runs/${first?.run}`);
    expect(told[1]?.run).toBe(first?.run);
    expect(await ended(to, first?.run ?? '')).toMatchObject({ state: 'succeeded', rowsOut: 20_000 });
  });

  it('is cancelled when its caller hangs up, and changes nothing', async () => {
    const path = await bill('left-2026-10.csv', '3', 150_000);
    const hangUp = new AbortController();
    const left = ask(to, '/imports', { path }, { signal: hangUp.signal });
    const { items } = await untilRunning(to);
    hangUp.abort();
    await expect(left).rejects.toThrow();
    expect(await ended(to, items[0]?.id ?? '')).toMatchObject({ state: 'cancelled' });
    const { items: sources } = await json<{ items: { source: string }[] }>(ask(to, '/sources'));
    expect(sources.map(({ source }) => source)).not.toContain('left');
  });
});

async function untilRunning(to: Asking): Promise<{ items: { id: string }[] }> {
  for (;;) {
    const list = await json<{ items: { id: string }[] }>(ask(to, '/runs?state=running'));
    if (list.items.length > 0) return list;
    await sleep(50);
  }
}

describe('kill -9 of a server in the middle of an import', () => {
  let root: string;
  let prepared: PreparedRecords;

  beforeAll(async () => {
    root = join(folder, 'killed');
    prepared = await prepareTestRecords(root);
  });
  afterAll(() => prepared.remove());

  async function start(): Promise<{ readonly process: ChildProcess; readonly to: Asking }> {
    const main = join(import.meta.dirname, '../cli/main.ts');
    const words = ['serve', '--port', '0', '--data', root, '--json'];
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...words], {
      cwd: folder,
      env: { ...process.env, ...prepared.env, FINOPS_LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    if (!url) throw new Error(line.toString());
    return { process: child, to: { url, secret: (await readServerFile(root))?.secret ?? '' } };
  }

  it('leaves a run that the next server takes up; the bill comes in once, to the cent', async () => {
    const path = await bill('big-2026-10.csv', '0.000000000001', 200_000);
    const first = await start();
    const headers = { prefer: 'respond-async' };
    const { run } = await json<{ run: string }>(ask(first.to, '/imports', { path }, { headers }));
    await untilRunning(first.to);
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    if (prepared.env['FINOPS_DATABASE_URL'] !== undefined) await letTimePass();

    const second = await start();
    const { state, attempt, interruptions, result } = await ended(second.to, run);
    expect({ state, attempt, interruptions }).toEqual({ state: 'succeeded', attempt: 2, interruptions: 1 });
    expect(result).toMatchObject({ imports: [{ rowsWritten: 200_000, billedCost: '0.0000002' }] });
    const again = await json<{ imports: object[] }>(ask(second.to, '/imports', { path }));
    expect(again.imports).toMatchObject([{ status: 'unchanged', billedCost: '0.0000002' }]);
    const history = await json<{ items: object[] }>(ask(second.to, '/periods/big/2026-10'));
    expect(history.items).toHaveLength(1);
    second.process.kill('SIGTERM');
    await once(second.process, 'exit');
  }, 180_000);

  /** On PostgreSQL somebody else may be at the run: half a minute of silence says that nobody is. */
  async function letTimePass(): Promise<void> {
    const records = await openRecords({ root, databaseUrl: prepared.env['FINOPS_DATABASE_URL'] });
    await records.asOwner((tx) =>
      sql`update run set alive_at = alive_at - interval '31 seconds' where state = 'running'`.execute(tx),
    );
    await records.close();
  }
});
