import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AwsExport } from '../../platform/config/index.ts';
import { everything, nothing, type Scope } from '../../platform/kernel/index.ts';
import { openTestRecords, type TestRecords } from '../../platform/records/testing/test-records.ts';
import { apiFor } from '../focus/testing/api-for.ts';
import { findManifests, importExports, loadedMonths } from './aws-cur.ts';
import type { ImportRequest } from './contract.ts';
import { importBill } from './import-bill.ts';
import { findImport, listImports } from './list-imports.ts';
import { ingestionRoutes } from './routes.ts';
import { runImport } from './run-import.ts';
import { type Bench, costRows, cur, focus, importInto, openBench, put, stateOf } from './testing/bills.ts';

let bench: Bench;
let books: TestRecords;
beforeAll(async () => {
  books = await openTestRecords();
});
afterAll(() => books.close());
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const only = (...sources: string[]): Scope => ({ ...nothing, entities: ['fr'], sources });

/** The routes as somebody with this scope calls them. */
function api(scope: Scope, hook: (app: FastifyInstance) => void = () => {}): Promise<FastifyInstance> {
  const { workspace } = bench;
  return apiFor(scope, async (app) => {
    hook(app);
    await app.register(ingestionRoutes, {
      workspace,
      gc: { keepDays: 90, keepVersions: 3 },
      records: async () => books.records,
      jobs: () => Promise.reject(new Error('imports are asked for below the routes here')),
      problemOf: (error) => ({ message: String(error) }),
    });
    await app.ready();
  });
}

/** An import by somebody with this scope, who may read the folder of bills. */
function importAs(scope: Scope, request: ImportRequest, exports: readonly AwsExport[] = []) {
  const { workspace, folder } = bench;
  return runImport(workspace, request, { scope, roots: [folder], exports, anyBucket: false });
}

async function send(scope: Scope, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const app = await api(scope);
  const answer = await app.inject({ method, url, ...(payload ? { payload } : {}) });
  await app.close();
  return answer;
}

describe('a caller who sees some sources imports', () => {
  test('into these, named or by the name of the file', async () => {
    const path = await put(bench, 'acme-2026-10.csv', cur({}));
    const byName = await importAs(only('acme'), { path });
    expect(byName.imports).toMatchObject([{ source: 'acme', status: 'imported' }]);
    const named = await importAs(only('acme', 'other'), { path, source: 'other' });
    expect(named.imports).toMatchObject([{ source: 'other', status: 'imported' }]);
  });

  test.each([
    ['a source that it names', { source: 'other' }],
    ['a source by the name of the file', {}],
  ])('nothing into %s and that is out of scope, there or not', async (_, named) => {
    const path = await put(bench, 'other.csv', cur({}));
    const refused = {
      code: 'ingestion.foreignSource',
      status: 403,
      exitCode: 4,
      params: { source: 'other' },
    };
    await expect(importAs(only('acme'), { path, ...named })).rejects.toMatchObject(refused);
    await importInto(bench, path);
    const before = await stateOf(bench);
    // The bill is loaded and has not changed: that is not told either.
    await expect(importAs(only('acme'), { path, ...named })).rejects.toMatchObject(refused);
    expect(await stateOf(bench)).toEqual(before);
  });

  test('all of a folder or nothing of it', async () => {
    await put(bench, 'acme.csv', cur({}));
    await put(bench, 'other.csv', focus({}));
    const before = await stateOf(bench);
    const path = bench.folder;
    await expect(importAs(only('acme'), { path })).rejects.toMatchObject({
      code: 'ingestion.foreignSource',
    });
    expect(await stateOf(bench)).toEqual(before);
    expect((await importAs(only('acme', 'other'), { path })).imports).toHaveLength(2);
  });

  test('from the buckets of its own exports alone', async () => {
    const other = { name: 'o', uri: 's3://bills/other', exportName: 'o', source: 'other' };
    const request = { path: 's3://bills/other/2026-10.csv', source: 'acme' };
    await expect(importAs(only('acme'), request, [other])).rejects.toMatchObject({
      code: 'ingestion.foreignBucket',
      status: 403,
    });
  });

  test('and is told what its own rows lack, with an answer that names no other source', async () => {
    await importInto(bench, await put(bench, 'other.csv', cur({})));
    const path = join(bench.folder, 'acme.csv');
    await copyFile(join(bench.folder, 'other.csv'), path);
    const { lake, clock, randomness, root } = bench.workspace;
    const context = { workspaceRoot: root, lake, engine: bench.engine, clock, randomness };
    const request = { path, again: true };
    const stores = { roots: [bench.folder] };
    const narrow = await importBill({ ...context, scope: only('acme') }, request, stores);
    expect(narrow.errors).toEqual([]);
    expect(JSON.stringify(narrow)).not.toContain('other');
    const wide = await importBill({ ...context, scope: everything }, request, stores);
    expect(JSON.stringify(wide.issues)).toContain("source 'other'");

    // What the second import left behind names the other source: only to whoever sees that too.
    const id = wide.imports[0]?.snapshot ?? '';
    const read = async (scope: Scope) => {
      const { foundIssues, issues } = await findImport(lake, scope, id);
      const listed = (await listImports(lake, scope, { limit: 10, source: 'acme' })).items.at(-1);
      expect([issues, listed?.issues]).toEqual([foundIssues.length, foundIssues.length]);
      return foundIssues.filter(({ code }) => code === 'ingestion.sameBillTwice').length;
    };
    expect(await read(everything)).toBe(1);
    expect(await read(only('acme', 'other'))).toBe(1);
    expect(await read(only('acme'))).toBe(0);
  });
});

test('the exports of a provider are seen and imported in scope', async () => {
  const at = 'bucket/main/20261001-20261101';
  await put(bench, `${at}/v1/main-1.csv`, cur({}));
  const manifest = {
    assemblyId: 'v1',
    reportName: 'main',
    bucket: 'b',
    billingPeriod: { start: '20261001T000000.000Z', end: '20261101T000000.000Z' },
    reportKeys: ['main/20261001-20261101/v1/main-1.csv'],
  };
  await put(bench, `${at}/main-Manifest.json`, JSON.stringify(manifest));
  const exports = [
    { name: 'main', uri: join(bench.folder, 'bucket'), exportName: 'main', source: 'acme' },
  ] as const;
  const options = { range: {}, reset: false, dryRun: false };
  const { workspace } = bench;
  const refused = await importExports(workspace, only('other'), exports, options);
  expect(refused.errors).toMatchObject([{ code: 'ingestion.foreignSource', exitCode: 4 }]);
  expect((await importExports(workspace, only('acme'), exports, options)).errors).toEqual([]);
  const states = async (scope: Scope) => [
    (await findManifests(workspace.lake, scope, exports, {})).map(({ state }) => state),
    (await loadedMonths(workspace.lake, scope, exports)).map(({ period }) => period),
  ];
  expect(await states(only('acme'))).toEqual([['loaded'], ['2026-10']]);
  expect(await states(only('other'))).toEqual([['new'], []]);
});

describe('a caller who sees some sources', () => {
  const month = '/periods/acme/2026-10';
  const other = '/periods/other/2026-10';
  beforeEach(async () => {
    await importInto(bench, await put(bench, 'other.csv', cur({}, {})));
    await put(bench, 'acme.csv', cur({}));
    await importInto(bench, join(bench.folder, 'acme.csv'));
    await put(bench, 'acme.csv', cur({}, {}));
    await importInto(bench, join(bench.folder, 'acme.csv'));
  });

  test('changes months of these', async () => {
    const changes = [
      await send(only('acme'), 'POST', `${month}/rollback`, {}),
      await send(only('acme'), 'POST', `${month}/pins`, { reason: 'closed' }),
      await send(only('acme'), 'DELETE', `${month}/pins`),
    ];
    for (const { statusCode, json } of changes) {
      expect(statusCode).toBe(200);
      expect(json().months).toMatchObject([{ source: 'acme', rows: 1 }]);
    }
    expect(changes[1]?.json().months[0].pinned).toEqual(['closed']);
    expect(await costRows(bench, 'x_SourceName')).toHaveLength(3);
  });

  test('and no other month: it is not there', async () => {
    const before = await stateOf(bench);
    for (const [method, end, payload] of [
      ['POST', '/rollback', { to: 'none' }],
      ['POST', '/pins', { reason: 'x' }],
      ['DELETE', '/pins', undefined],
      ['GET', '', undefined],
      ['GET', '/diff', undefined],
      ['POST', '/reconcile', { invoiceTotal: '0.20' }],
    ] as const) {
      const refused = await send(only('acme'), method, `${other}${end}`, payload);
      expect([refused.statusCode, refused.json().code]).toEqual([404, 'lake.unknownMonth']);
      const unknown = await send(only('acme'), method, `/periods/nobody/2026-10${end}`, payload);
      expect(refused.body.replaceAll('other', 'nobody')).toBe(unknown.body);
    }
    expect(await stateOf(bench)).toEqual(before);
  });

  test('does no work on the whole lake', async () => {
    const before = await stateOf(bench);
    for (const url of ['/snapshots/gc', '/snapshots/verify']) {
      const refused = await send(only('acme', 'other'), 'POST', url, {});
      expect([refused.statusCode, refused.json().code]).toEqual([403, 'lake.partOfLake']);
      expect((await send(everything, 'POST', url, {})).statusCode).toBe(200);
    }
    expect((await stateOf(bench)).generation).toBe(before.generation);
  });
});

test('every route says which permission it demands', async () => {
  const routes: RouteOptions[] = [];
  const app = await api(everything, (own) => own.addHook('onRoute', (route) => void routes.push(route)));
  const listed = routes.filter(({ method }) => method !== 'HEAD');
  expect(listed.map(({ method, url, config }) => `${method} ${url} ${config?.permission}`).sort()).toEqual([
    'DELETE /periods/:source/:period/pins snapshot.change',
    'GET /imports cost.read',
    'GET /imports/:id cost.read',
    'GET /periods cost.read',
    'GET /periods/:source/:period cost.read',
    'GET /periods/:source/:period/diff cost.read',
    'GET /rows/:id cost.read',
    'GET /snapshots cost.read',
    'GET /sources cost.read',
    'POST /aws-imports bill.import',
    'POST /imports bill.import',
    'POST /periods/:source/:period/pins snapshot.change',
    'POST /periods/:source/:period/reconcile cost.read',
    'POST /periods/:source/:period/rollback snapshot.change',
    'POST /snapshots/gc snapshot.change',
    'POST /snapshots/verify snapshot.change',
  ]);
  await app.close();
});
