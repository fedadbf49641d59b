import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, csv, focus, openBench, put } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace } from '../../platform/warehouse/index.ts';
import { buildApp } from './app.ts';
import { type Books, openBooks } from './books.ts';
import { problemSchema } from './contract.ts';

let bench: Bench;
let app: FastifyInstance;
let books: Books;
let prepared: PreparedRecords;
let bill: string;
const defects: unknown[] = [];
const log: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  prepared = await prepareTestRecords(bench.workspace.root);
  const config = loadConfig({ env: prepared.env, cwd: bench.folder });
  books = openBooks({ workspace: bench.workspace, config });
  const logger = pino({}, { write: (line: string) => log.push(line) });
  app = await buildApp({
    workspace: bench.workspace,
    config,
    books,
    logger,
    onDefect: (error) => defects.push(error),
  });
  bill = await put(
    bench,
    'saas-2026-10.csv',
    csv(
      focus(
        { ServiceName: 'Search', BilledCost: '10.000000000001', EffectiveCost: '9' },
        { ServiceName: 'Mail', BilledCost: '-0.5', EffectiveCost: '-0.5' },
      ),
    ),
  );
  await call('POST', '/api/v1/imports', { path: bill, source: 'saas' });
});
afterAll(async () => {
  await app.close();
  await books.close();
  await prepared.remove();
  await bench.close();
});
beforeEach(() => {
  defects.length = 0;
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

async function call(
  method: Method,
  url: string,
  payload?: unknown,
  headers: Readonly<Record<string, string>> = {},
) {
  const json = payload === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await app.inject({
    method,
    url,
    headers: { ...json, ...headers },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: () => answer.json() };
}

const byService = { measures: [{ sum: 'BilledCost' }], dimensions: [{ column: 'ServiceName' }] };

describe('reads', () => {
  it('gives costs by service with the exact total', async () => {
    const { rows, totals } = (await call('POST', '/api/v1/cost-queries', byService)).json();
    expect(rows).toEqual([
      { ServiceName: 'Search', BilledCost: '10.000000000001' },
      { ServiceName: 'Mail', BilledCost: '-0.5' },
    ]);
    expect(totals).toEqual({ BilledCost: '9.500000000001' });
  });

  it('answers the same query from a link', async () => {
    const linked = await call(
      'GET',
      `/api/v1/cost-queries?q=${encodeURIComponent(JSON.stringify(byService))}`,
    );
    expect(linked.json()).toEqual((await call('POST', '/api/v1/cost-queries', byService)).json());
    expect((await call('GET', '/api/v1/cost-queries?q=nonsense')).json().code).toBe('reporting.unfitQuery');
  });

  it('lists sources, months, snapshots and imports of one and the same generation', async () => {
    const [sources, periods, snapshots, imports] = await Promise.all(
      ['sources', 'periods', 'snapshots', 'imports'].map(async (name) =>
        (await call('GET', `/api/v1/${name}`)).json(),
      ),
    );
    expect(sources.items).toMatchObject([{ source: 'saas', months: 1, rows: 2 }]);
    expect(periods.totals).toMatchObject([{ rows: 2, BilledCost: '9.500000000001', EffectiveCost: '8.5' }]);
    expect(snapshots.totals).toMatchObject({ snapshots: 1, rows: 2 });
    expect(imports.items).toMatchObject([{ source: 'saas', current: true, id: snapshots.items[0].snapshot }]);
    expect(
      new Set([sources, periods, snapshots, imports].map(({ context }) => context.generation)).size,
    ).toBe(1);
  });

  it('tells an import with its figures and the files it read, and which id is unknown', async () => {
    const { items } = (await call('GET', '/api/v1/imports')).json();
    const found = (await call('GET', `/api/v1/imports/${items[0].id}`)).json();
    expect(found.imports).toMatchObject([{ billedCost: '9.500000000001', unexplained: '0' }]);
    expect(found.readFiles).toMatchObject([{ uri: bill, rows: 2 }]);
    expect((await call('GET', '/api/v1/imports/nope')).json()).toMatchObject({
      status: 404,
      code: 'ingestion.unknownImport',
    });
  });

  it('explains a row down to the cells of the bill', async () => {
    const query = { measures: [{ sum: 'BilledCost' }], dimensions: [{ column: 'x_RowId' }] };
    const { rows } = (await call('POST', '/api/v1/cost-queries', query)).json();
    const explained = (await call('GET', `/api/v1/rows/${rows[0].x_RowId}`)).json();
    expect(explained).toMatchObject({ file: bill, row: 1, original: { BilledCost: '10.000000000001' } });
  });

  it('runs a report of the library', async () => {
    const { items } = (await call('GET', '/api/v1/reports')).json();
    expect(items.length).toBeGreaterThanOrEqual(53);
    const run = (await call('POST', '/api/v1/reports/billed-to-effective-bridge/runs', {})).json();
    expect(run.rows[0]).toMatchObject({ BilledCost: '9.500000000001', EffectiveCost: '8.5' });
  });

  it('ties a month to its invoice, and says by how much it does not', async () => {
    const at = '/api/v1/periods/saas/2026-10/reconcile';
    expect((await call('POST', at, { invoiceTotal: '9.50' })).json()).toMatchObject({ ties: true });
    expect((await call('POST', at, { invoiceTotal: '9.60' })).json()).toMatchObject({
      ties: false,
      difference: '-0.10',
    });
  });
});

describe('exports', () => {
  it('are made, listed, fetched and removed by name', async () => {
    const made = (await call('POST', '/api/v1/exports', { version: '1.2', name: 'costs.csv' })).json();
    expect(made).toMatchObject({ name: 'costs.csv', rows: 2 });
    const fetched = await call('GET', '/api/v1/exports/costs.csv');
    expect([fetched.text.split('\n').length - 2, fetched.text.length]).toEqual([2, made.bytes]);
    expect((await call('POST', '/api/v1/exports', { name: 'costs.csv' })).json().code).toBe(
      'focus.fileExists',
    );
    expect((await call('DELETE', '/api/v1/exports/costs.csv')).json()).toEqual({ items: [] });
    expect((await call('GET', '/api/v1/exports/costs.csv')).json().code).toBe('focus.unknownFile');
  });

  it.each(['../lake/manifest/000001.json', '/etc/passwd', '.hidden', 'a/b.csv', 'x\u0000.csv'])(
    'never leave their folder: %j',
    async (name) => {
      expect((await call('POST', '/api/v1/exports', { name })).json().code).toBe('server.invalid');
      const fetched = await call('GET', `/api/v1/exports/${encodeURIComponent(name)}`);
      expect([400, 404]).toContain(fetched.status);
    },
  );
});

describe('changes', () => {
  it('replace a month, show what changed, go back, and respect pins', async () => {
    const at = '/api/v1/periods/saas/2026-10';
    const first = (await call('GET', at)).json().items[0].snapshot;
    await put(
      bench,
      'saas-2026-10.csv',
      csv(focus({ ServiceName: 'Search', BilledCost: '12', EffectiveCost: '12' })),
    );
    const { imports } = (await call('POST', '/api/v1/imports', { path: bill, source: 'saas' })).json();
    expect(imports).toMatchObject([{ status: 'replaced', replaced: first }]);

    const diff = (await call('GET', `${at}/diff?by=ServiceName`)).json();
    expect(diff.totals).toMatchObject([
      { BilledCost: { from: '9.500000000001', to: '12', difference: '2.499999999999' } },
    ]);
    expect(diff.groupsInAll).toBe(2);

    await call('POST', `${at}/pins`, { reason: 'published' });
    const refused = (await call('POST', `${at}/rollback`, {})).json();
    expect(refused).toMatchObject({ status: 409, code: 'lake.pinned', exitCode: 7 });
    const unpinned = (await call('DELETE', `${at}/pins?reason=published`)).json();
    expect(unpinned.months).toMatchObject([{ pinned: [] }]);

    const back = (await call('POST', `${at}/rollback`, {})).json();
    expect(back.months).toMatchObject([{ snapshot: first, rows: 2, oldSnapshots: 1 }]);
    expect((await call('GET', '/api/v1/snapshots?limit=1')).json()).toMatchObject({
      items: [{}],
      next: expect.any(String),
    });
  });

  it('page through a list without gaps, and refuse a cursor that is none', async () => {
    const all = (await call('GET', '/api/v1/snapshots')).json().items;
    const seen = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page = (await call('GET', `/api/v1/snapshots?limit=1${next && `&cursor=${next}`}`)).json();
      seen.push(...page.items);
      next = page.next;
    }
    expect(seen).toEqual(all);
    expect((await call('GET', '/api/v1/snapshots?cursor=abc')).json().code).toBe('ingestion.unfitCursor');
  });

  it('collect and verify: a lost file is found', async () => {
    expect((await call('POST', '/api/v1/snapshots/gc', {})).json()).toMatchObject({ discarded: 0 });
    expect((await call('POST', '/api/v1/snapshots/verify', {})).json().findings).toEqual([]);
    const manifest = await bench.workspace.lake.current();
    const file = manifest.partitions.find(({ dataset }) => dataset === 'cost')?.current?.files[0]?.path ?? '';
    const path = bench.workspace.lake.resolve(file);
    await rename(path, `${path}.away`);
    const { findings } = (await call('POST', '/api/v1/snapshots/verify', {})).json();
    await rename(`${path}.away`, path);
    expect(findings).toEqual([{ path: file, problem: 'the file is missing' }]);
  });
});

describe('a streamed import', () => {
  it('tells its progress line by line and ends with the result', async () => {
    const path = await put(bench, 'other-2026-10.csv', csv(focus({ BilledCost: '1' })));
    const streamed = await call('POST', '/api/v1/imports', { path }, { accept: 'application/x-ndjson' });
    const lines = streamed.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(streamed.headers['content-type']).toBe('application/x-ndjson');
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.slice(0, -1).every((line) => line.progress.source === 'other')).toBe(true);
    expect(lines.at(-1).result.imports).toMatchObject([{ source: 'other', status: 'imported' }]);
  });

  it('ends with a problem when there is nothing to import', async () => {
    const streamed = await call(
      'POST',
      '/api/v1/imports',
      { path: '/nowhere.csv' },
      { accept: 'application/x-ndjson' },
    );
    const lines = streamed.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ problem: { status: 404, code: 'ingestion.notFound', exitCode: 3 } }]);
  });
});

describe('problems', () => {
  it.each([
    ['an unknown field', 'POST', '/api/v1/cost-queries', { ...byService, foo: 1 }, 400, 'server.invalid'],
    [
      'a refusal of a module',
      'POST',
      '/api/v1/cost-queries',
      { measures: [{ sum: 'Billed' }] },
      400,
      'query.unknownColumn',
    ],
    ['an unknown address', 'GET', '/api/v2/sources', undefined, 404, 'server.noRoute'],
    ['an unknown month', 'GET', '/api/v1/periods/saas/1999-01', undefined, 404, 'lake.unknownMonth'],
    ['a method that is not there', 'PUT', '/api/v1/sources', undefined, 405, 'server.wrongMethod'],
    ['a month that is none', 'GET', '/api/v1/periods/saas/2026-13', undefined, 400, 'server.invalid'],
    [
      'a body that is too large',
      'POST',
      '/api/v1/cost-queries',
      { x: 'x'.repeat(1_100_000) },
      413,
      'server.tooLarge',
    ],
    ['an address that cannot be decoded', 'GET', '/api/v1/rows/%zz', undefined, 400, 'server.badRequest'],
  ] as const)('are RFC 9457 for %s', async (_, method, url, body, status, code) => {
    const answer = await call(method, url, body);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const problem = problemSchema.parse(answer.json());
    expect([answer.status, problem.status, problem.code]).toEqual([status, status, code]);
    expect(problem.type).toBe(`urn:centrail:problem:${code}`);
  });

  it('name the field that does not fit, also where several forms are allowed', async () => {
    const body = { measures: [{ sum: 'BilledCost' }], dimensions: [{ colum: 'ServiceName' }], limit: 0 };
    const { params } = (await call('POST', '/api/v1/cost-queries', body)).json();
    expect(params.issues.map(({ field }: { field: string }) => field)).toEqual([
      'body.dimensions.0.column',
      'body.limit',
    ]);
  });

  it('refuse a body that is not JSON, in type or in content', async () => {
    const form = await app.inject({
      method: 'POST',
      url: '/api/v1/imports',
      payload: 'path=x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(form.json().code).toBe('server.mediaType');
    const broken = await app.inject({
      method: 'POST',
      url: '/api/v1/imports',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(broken.json().code).toBe('server.notJson');
  });

  it('give an id and nothing else when the fault is ours', async () => {
    const manifest = await bench.workspace.lake.current();
    const file = manifest.partitions.find(({ dataset, source }) => dataset === 'cost' && source === 'other')
      ?.current?.files[0];
    const path = bench.workspace.lake.resolve(file?.path ?? '');
    await rename(path, `${path}.away`);
    await writeFile(path, 'not parquet');
    const answer = await call('POST', '/api/v1/cost-queries', byService);
    await rm(path);
    await rename(`${path}.away`, path);
    expect([answer.status, answer.json().code]).toEqual([500, 'server.defect']);
    expect(answer.text).not.toMatch(/select|parquet|stack|\.ts/i);
    expect(defects).toHaveLength(1);
    const id = answer.json().params.id;
    const logged = log.filter((line) => line.includes(id) && line.includes('a request failed')).join();
    expect(logged).toMatch(/read_parquet/);
    expect(logged).toMatch(/"stack"/);
  });
});

describe('ETags', () => {
  it('spare a client what it has seen, until the lake changes', async () => {
    const first = await call('GET', '/api/v1/periods');
    const etag = String(first.headers['etag']);
    expect((await call('GET', '/api/v1/periods', undefined, { 'if-none-match': etag })).status).toBe(304);
    await call('POST', '/api/v1/periods/saas/2026-10/pins', { reason: 'a change' });
    const later = await call('GET', '/api/v1/periods', undefined, { 'if-none-match': etag });
    expect([later.status, later.headers['etag'] === etag]).toEqual([200, false]);
    expect((await call('GET', '/api/v1/imports/nope')).headers['etag']).toBeUndefined();
  });
});

describe('the audit log', () => {
  it('has a line of every change of a month, and none of a refused one', async () => {
    const month = '/api/v1/periods/saas/2026-10';
    const lines = async () =>
      (await call('GET', '/api/v1/audit?objectType=month&objectId=saas/2026-10&limit=1000')).json().items as {
        readonly action: string;
      }[];
    const before = (await lines()).length;
    expect((await call('POST', `${month}/pins`, { reason: 'audited' })).status).toBe(200);
    expect((await call('POST', `${month}/rollback`, {})).status).toBe(409);
    expect((await call('DELETE', `${month}/pins?reason=audited`)).status).toBe(200);
    const added = (await lines()).slice(0, -before || undefined).map(({ action }) => action);
    expect(added.sort()).toEqual(['month.pin', 'month.unpin']);
  });
});

describe('Idempotency-Key', () => {
  const at = '/api/v1/periods/other/2026-10/pins';

  it('gives the same answer to the same request, and does the work once', async () => {
    const key = { 'idempotency-key': 'pin-1' };
    const first = await call('POST', at, { reason: 'once' }, key);
    const again = await call('POST', at, { reason: 'once' }, key);
    expect([first.headers['idempotency-hit'], again.headers['idempotency-hit']]).toEqual([undefined, 'true']);
    expect(again.text).toBe(first.text);
  });

  it('refuses another request with a key that was used', async () => {
    const other = await call('POST', at, { reason: 'twice' }, { 'idempotency-key': 'pin-1' });
    expect([other.status, other.json().code]).toEqual([422, 'server.keyReused']);
  });

  it('gives both the one answer when the second comes while the first one runs', async () => {
    const path = await put(bench, 'slow-2026-10.csv', csv(focus({ BilledCost: '4' })));
    const ask = () => call('POST', '/api/v1/imports', { path }, { 'idempotency-key': 'slow' });
    const answers = await Promise.all([ask(), ask()]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, answers[0]?.text],
      [200, answers[0]?.text],
    ]);
  });

  it('lets a refused request be tried again', async () => {
    const key = { 'idempotency-key': 'later' };
    const late = join(bench.folder, 'late-2026-10.csv');
    expect((await call('POST', '/api/v1/imports', { path: late }, key)).status).toBe(404);
    await put(bench, 'late-2026-10.csv', csv(focus({ BilledCost: '2' })));
    expect((await call('POST', '/api/v1/imports', { path: late }, key)).status).toBe(200);
  });

  it('does not repeat an import that left a bill out: mended, it is imported', async () => {
    const key = { 'idempotency-key': 'mended' };
    const path = await put(bench, 'mended-2026-10.csv', csv(focus({ BilledCost: 'many' })));
    const first = (await call('POST', '/api/v1/imports', { path }, key)).json();
    expect(first.errors).toHaveLength(1);
    await put(bench, 'mended-2026-10.csv', csv(focus({ BilledCost: '2' })));
    const again = await call('POST', '/api/v1/imports', { path }, key);
    expect([again.headers['idempotency-hit'], again.json().errors]).toEqual([undefined, []]);
  });

  it('repeats the last line of a streamed import', async () => {
    const headers = { 'idempotency-key': 'stream', accept: 'application/x-ndjson' };
    const path = await put(bench, 'stream-2026-10.csv', csv(focus({ BilledCost: '3' })));
    const first = await call('POST', '/api/v1/imports', { path }, headers);
    const again = await call('POST', '/api/v1/imports', { path }, headers);
    expect(again.headers['idempotency-hit']).toBe('true');
    expect(again.text).toBe(`${first.text.trimEnd().split('\n').at(-1)}\n`);
  });
});

describe('operation', () => {
  it('says that it lives, that it is ready, and what it has done', async () => {
    expect((await call('GET', '/healthz')).json()).toMatchObject({ status: 'ok' });
    expect((await call('GET', '/readyz')).json()).toEqual({
      status: 'ready',
      checks: { lake: true, engine: true },
    });
    const { text } = await call('GET', '/metrics');
    expect(text).toMatch(
      /^finops_http_requests_total\{method="POST",route="\/api\/v1\/imports",status="200"\} \d+$/m,
    );
    expect(text).toMatch(/^finops_imports_total\{status="imported"\} \d+$/m);
    expect(text).toMatch(/^finops_import_rows_total\{source="other"\} 1$/m);
    expect(text).toMatch(/^finops_lake_generation \d+$/m);
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^# (HELP|TYPE) |^\w+(\{.*\})? [\d.e+-]+$/);
  });

  it('is not ready when the lake is damaged', async () => {
    const root = join(bench.folder, '..', 'damaged');
    const workspace = openWorkspace({ root, threads: 1 });
    const config = loadConfig({ env: {}, cwd: bench.folder });
    const other = await buildApp({
      workspace,
      config,
      books: openBooks({ workspace, config }),
      openApi: false,
    });
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(root, 'lake', 'manifest'), { recursive: true });
    await writeFile(join(root, 'lake', 'manifest', '000001.json'), '{}');
    const answer = await other.inject({ method: 'GET', url: '/readyz' });
    await other.close();
    await workspace.close();
    expect([answer.statusCode, answer.json().checks]).toEqual([503, { lake: false, engine: true }]);
  });
});

describe('the OpenAPI description', () => {
  it('is 3.1 and describes every route: answers, problems, parameters and bodies', async () => {
    const document = (await call('GET', '/api/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method} ${path}`,
        path,
        method,
        operation,
      })),
    );
    expect(operations.length).toBeGreaterThanOrEqual(22);
    for (const { name, path, method, operation } of operations) {
      expect([name, operation.summary]).toEqual([name, expect.any(String)]);
      const answers = Object.keys(operation.responses);
      expect([name, answers]).toEqual([name, expect.arrayContaining(['4XX', '5XX'])]);
      expect([name, answers.some((status) => /^(20\d|302)$/.test(status))]).toEqual([name, true]);
      if (operation.requestBody) expect([name, method]).toEqual([name, expect.stringMatching(/^p/)]);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect([name, inPath.length]).toEqual([name, (path.match(/\{/g) ?? []).length]);
    }
  });

  it('refers to nothing that is not there', async () => {
    const document = (await call('GET', '/api/openapi.json')).json();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(references).toContain('#/components/schemas/Problem');
    for (const reference of new Set(references)) {
      const target = reference
        .split('/')
        .slice(1)
        .reduce((at, part) => at?.[part], document);
      expect([reference, typeof target]).toEqual([reference, 'object']);
    }
  });
});

interface Operation {
  readonly summary?: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly requestBody?: unknown;
  readonly parameters?: readonly { readonly in: string }[];
}
