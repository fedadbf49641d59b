import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrometheusEndpoint } from '../../platform/config/index.ts';
import { type Jobs, openJobs } from '../../platform/jobs/index.ts';
import { fixedClock, nothing, systemCaller, systemClock } from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type GraphBench, openGraphBench, smallGraph } from './testing/graph-bench.ts';
import { openPrometheusServer, type PrometheusServer } from './testing/prometheus-server.ts';
import { usageHandlers } from './usage-handlers.ts';
import { usageMetrics } from './usage-reads.ts';
import { usageRoutes } from './usage-routes.ts';

let bench: GraphBench;
let workspace: Workspace;
let jobs: Jobs;
let server: PrometheusServer;
let folder: string;

const retail = { scope: { entities: ['retail'] } };
const labs = { scope: { entities: ['labs'] } };

beforeAll(async () => {
  bench = await openGraphBench();
  const noon = Date.parse('2026-10-05T12:00:00Z') / 1000;
  const series = [{ labels: { __name__: 'queries', app: 'web' }, samples: [[noon, 5] as const] }];
  server = await openPrometheusServer({ series });
  folder = join(bench.root, 'files');
  await mkdir(join(folder, 'retail'), { recursive: true });
  const clock = fixedClock('2026-10-20T10:00:00Z');
  workspace = openWorkspace({ root: bench.root, threads: 1, clock });
  const records = async () => bench.records;
  const endpoint = { url: server.url, allowInsecure: false, allowPrivateNetwork: false };
  const endpoints: PrometheusEndpoint[] = [
    { name: 'whole', ...endpoint },
    { name: 'retail', entity: 'retail', ...endpoint },
  ];
  const handlers = usageHandlers({
    ...{ workspace, records, endpoints },
    rootsOf: (_, scope) =>
      scope.kind === 'all' ? [folder] : scope.entities.map((entity) => join(folder, entity)),
  });
  const log = { info: () => {}, error: () => {} };
  const { randomness } = workspace;
  jobs = await openJobs({
    records: bench.records,
    clock: systemClock,
    randomness,
    handlers,
    log,
    concurrency: 1,
  });
  const problemOf = (error: unknown) => ({ detail: String(error) });
  await bench.app.register(usageRoutes, { workspace, records, jobs: async () => jobs, problemOf });
  await graph('main', null);
  await graph('shops', 'retail');
});
afterAll(async () => {
  await jobs.close();
  await server.close();
  await workspace.close();
  await bench.close();
});

async function graph(id: string, entity: string | null): Promise<void> {
  await done('POST', '/graphs', { id, label: id, ...(entity === null ? {} : { entity }) });
  const { etag } = await bench.send('GET', `/graphs/${id}`);
  await done('PUT', `/graphs/${id}/draft`, { document: smallGraph }, { ifMatch: etag ?? '' });
}

async function done(...asked: Parameters<GraphBench['send']>) {
  const { status, body } = await bench.send(...asked);
  expect([asked[0], asked[1], status, status < 300 ? '' : body]).toEqual([asked[0], asked[1], status, '']);
  return body;
}

async function refused(...asked: Parameters<GraphBench['send']>): Promise<[number, string]> {
  const { status, body } = await bench.send(...asked);
  return [status, body.code];
}

const header = 'node,day,metric,value,unit';
const october = `${header}\napp:shop,2026-10-01,queries,10,query\ndb,2026-10-01,queries,1,query\ndb,2026-10-03,queries,0.5,query\n`;

describe('an import', () => {
  it('of a text is a run that tells its months, and its values are there', async () => {
    const result = await done('POST', '/usage/imports', { source: 'csv', csv: october, name: 'q.csv' });
    expect(result).toMatchObject({
      graph: 'main',
      months: [{ month: '2026-10', status: 'imported', rows: 3 }],
      findings: [],
    });
    const [run] = await jobs.list(systemCaller, { limit: 1 });
    expect(run).toMatchObject({
      kind: 'usage.import',
      state: 'succeeded',
      entity: null,
      rowsIn: 3,
      rowsOut: 3,
    });
    expect(JSON.stringify(run)).not.toContain('app:shop,2026');
  });

  it('keeps the text in the records by its hash alone, and the same text once', async () => {
    const files = async () =>
      (await readdir(join(bench.root, 'raw'), { recursive: true })).filter((name) => name.endsWith('.csv'));
    const before = await files();
    await done('POST', '/usage/imports', { source: 'again', csv: october });
    expect(await files()).toEqual(before);
    const { origin, raw } = await workspace.lake.describe(
      { kind: 'all' },
      { dataset: 'usage', source: 'usage~main~again', period: '2026-10' },
    );
    expect(before).toEqual([join(raw[0]?.slice(0, 2) ?? '', `${raw[0]}.csv`)]);
    expect(origin).toMatchObject({
      kind: 'usage',
      delivery: 'file:usage.csv',
      metrics: [{ metric: 'queries', total: '11.5' }],
    });
    await done('POST', '/usage/rollbacks', { source: 'again', month: '2026-10', to: 'none' });
  });

  it('of a path reads where the caller may read, and nowhere else', async () => {
    await writeFile(join(folder, 'retail', 'a.csv'), october);
    await writeFile(join(folder, 'b.csv'), october);
    const asked = { graph: 'shops', source: 'files', path: join(folder, 'retail', 'a.csv') };
    expect(await done('POST', '/usage/imports', asked, retail)).toMatchObject({
      months: [{ status: 'imported' }],
    });
    expect(
      await refused('POST', '/usage/imports', { ...asked, path: join(folder, 'b.csv') }, retail),
    ).toEqual([403, 'objects.outsideRoots']);
    const [run] = await jobs.list(systemCaller, { limit: 1 });
    expect(run?.entity).toBe('retail');
  });

  it('that is refused tells every cell, and is a run that failed', async () => {
    const { status, body } = await bench.send('POST', '/usage/imports', {
      source: 'x',
      csv: `${header}\ndb,?,queries,-1,\n`,
    });
    expect([
      status,
      body.code,
      body.params.errors.map(({ row, field }: Record<string, unknown>) => [row, field]),
    ]).toEqual([
      422,
      'usage.unfitRows',
      [
        [2, 'day'],
        [2, 'value'],
      ],
    ]);
    const [run] = await jobs.list(systemCaller, { limit: 1 });
    expect([run?.state, run?.problem?.code]).toEqual(['failed', 'usage.unfitRows']);
  });

  it.each([
    ['neither path nor text', { source: 'x' }],
    ['path and text', { source: 'x', csv: 'a', path: 'b' }],
    ['a source that is no name', { source: 'a~b', csv: 'a' }],
    ['a source that climbs', { source: 'a..b', csv: 'a' }],
    ['an unknown field', { source: 'x', csv: 'a', dryrun: true }],
  ])('with %s is not taken', async (_, body) => {
    expect(await refused('POST', '/usage/imports', body)).toEqual([400, 'server.invalid']);
  });

  it('may be left to the server, or watched line by line', async () => {
    const payload = { source: 'lines', csv: october, dryRun: true };
    const left = await bench.app.inject({
      method: 'POST',
      url: '/usage/imports',
      headers: { prefer: 'respond-async' },
      payload,
    });
    expect([left.statusCode, left.headers['location'], left.json().state]).toEqual([
      202,
      `/api/v1/runs/${left.json().run}`,
      'queued',
    ]);
    const accept = { accept: 'application/x-ndjson' };
    const lines = async (source: string, csv: string) => {
      const { body } = await bench.app.inject({
        method: 'POST',
        url: '/usage/imports',
        headers: accept,
        payload: { ...payload, source, csv },
      });
      return body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    expect((await lines('watched', october)).at(-1)).toMatchObject({
      result: { dryRun: true, months: [{ status: 'dry-run' }] },
    });
    expect((await lines('watched', 'x')).at(-1)).toMatchObject({
      problem: { detail: expect.stringContaining('cannot be read as usage') },
    });
  });
});

describe('a fetch', () => {
  const queries = [{ metric: 'queries', query: 'queries', node: 'app:{app}' }];

  it('is a run that belongs to the entity of the graph', async () => {
    const result = await done(
      'POST',
      '/usage/fetches',
      { graph: 'shops', endpoint: 'retail', month: '2026-10', queries },
      retail,
    );
    expect(result).toMatchObject({ source: 'retail', months: [{ rows: 1, metrics: [{ total: '5' }] }] });
    const [run] = await jobs.list(systemCaller, { limit: 1 });
    expect(run).toMatchObject({ kind: 'usage.fetch', entity: 'retail', state: 'succeeded' });
  });

  it('asks only systems that the caller may ask', async () => {
    const asked = (endpoint: string) => ({ graph: 'shops', endpoint, month: '2026-10', queries });
    expect(await refused('POST', '/usage/fetches', asked('whole'), retail)).toEqual([
      404,
      'usage.unknownEndpoint',
    ]);
    expect(await refused('POST', '/usage/fetches', asked('nobody'))).toEqual([404, 'usage.unknownEndpoint']);
    const both = { scope: { entities: ['retail', 'labs'] } };
    expect((await bench.send('POST', '/usage/fetches', asked('retail'), both)).status).toBe(200);
  });

  it.each([
    ['no query', []],
    ['a step that does not fill a day', [{ ...queries[0], step: '7h' }]],
    ['a step too short', [{ ...queries[0], step: '5s' }]],
    ['a template without end', [{ ...queries[0], node: 'app:{app' }]],
    ['two units of one metric', [queries[0], { ...queries[0], unit: 'x' }]],
  ])('with %s is not taken', async (_, given) => {
    const body = { endpoint: 'whole', queries: given };
    expect(await refused('POST', '/usage/fetches', body)).toEqual([400, 'server.invalid']);
  });
});

describe('what is known of usage', () => {
  it('is listed by source and month, page by page', async () => {
    const list = await done('GET', '/usage?limit=1');
    expect(list.items).toEqual([
      {
        source: 'csv',
        month: '2026-10',
        rows: 3,
        metrics: [{ metric: 'queries', unit: 'query', rows: 3, total: '11.5' }],
        snapshot: expect.any(String),
        importedAt: expect.stringMatching(/^2026-10-20/),
        delivery: 'file:q.csv',
        earlier: 0,
      },
    ]);
    expect(list.next).toBeUndefined();
    const first = await done('GET', '/usage?graph=shops&limit=1');
    const second = await done('GET', `/usage?graph=shops&limit=1&cursor=${first.next}`);
    expect([first, second].map(({ items }) => items[0].source)).toEqual(['files', 'retail']);
    expect((await done('GET', '/usage?graph=shops&source=retail')).items).toHaveLength(1);
    expect((await done('GET', '/usage?from=2026-11')).items).toEqual([]);
  });

  it('is summed by metric, with the days that are over and have no value', async () => {
    const { items } = await done('GET', '/usage/metrics?month=2026-10');
    expect(items).toEqual([
      {
        metric: 'queries',
        unit: 'query',
        units: ['query'],
        sources: ['csv'],
        rows: 3,
        nodes: 2,
        daysPresent: 2,
        daysMissing: 17,
        total: '11.5',
        firstDay: '2026-10-01',
        lastDay: '2026-10-03',
      },
    ]);
    const other = `${header}\ndb,2026-10-01,queries,1,k\ndb,2026-10-01,bytes,1,B\n`;
    await done('POST', '/usage/imports', { source: 'other', csv: other });
    const page = await done('GET', '/usage/metrics?month=2026-10&limit=1');
    expect(page.items[0].metric).toBe('bytes');
    const next = await done('GET', `/usage/metrics?month=2026-10&limit=1&cursor=${page.next}`);
    expect(next.items[0]).toMatchObject({
      metric: 'queries',
      unit: null,
      units: ['k', 'query'],
      total: null,
      sources: ['csv', 'other'],
    });
  });

  it('is given day by day, where no value is null and not 0, and units are not added', async () => {
    const { items } = await done('GET', '/usage/timeseries?month=2026-10&node=db&metric=queries');
    expect(
      items.map(({ metric, unit, values }: Record<string, unknown>) => [
        metric,
        unit,
        (values as unknown[]).length,
      ]),
    ).toEqual([
      ['queries', 'k', 31],
      ['queries', 'query', 31],
    ]);
    expect(items[1].values.slice(0, 4)).toEqual([
      { day: '2026-10-01', value: '1' },
      { day: '2026-10-02', value: null },
      { day: '2026-10-03', value: '0.5' },
      { day: '2026-10-04', value: null },
    ]);
    expect((await done('GET', '/usage/timeseries?month=2026-10&node=db')).items).toHaveLength(3);
  });

  it('is of graphs that the caller sees, and of the applications in a scope', async () => {
    for (const path of [
      '/usage?graph=shops',
      '/usage/metrics?graph=shops&month=2026-10',
      '/usage/timeseries?graph=shops&month=2026-10&node=db',
    ])
      expect([path, await refused('GET', path, undefined, labs)]).toEqual([
        path,
        [404, 'allocation.unknownGraph'],
      ]);
    expect(await refused('GET', '/usage', undefined, retail)).toEqual([404, 'allocation.unknownGraph']);
    const { items } = await done('GET', '/usage?graph=shops', undefined, retail);
    expect(items).toHaveLength(2);
    const ofShop = { ...nothing, applications: ['shop'] };
    const seen = await usageMetrics(workspace, ofShop, 'shops', { month: '2026-10', limit: 9 });
    expect(seen.items).toMatchObject([{ metric: 'queries', rows: 1, nodes: 1, total: '10' }]);
  });

  it('is refused for graphs of others when it is written', async () => {
    const body = { graph: 'shops', source: 'x', csv: october };
    expect(await refused('POST', '/usage/imports', body, labs)).toEqual([404, 'allocation.unknownGraph']);
    const back = { graph: 'shops', source: 'files', month: '2026-10' };
    expect(await refused('POST', '/usage/rollbacks', back, labs)).toEqual([404, 'allocation.unknownGraph']);
  });
});

describe('a rollback', () => {
  it('goes back to what was, withdraws, and is in the audit log', async () => {
    const csv = (value: number) => `${header}\ndb,2026-09-01,queries,${value},\n`;
    const body = { source: 'back', month: '2026-09' };
    await done('POST', '/usage/imports', { source: 'back', csv: csv(1) });
    expect(await refused('POST', '/usage/rollbacks', body)).toEqual([404, 'usage.nothingEarlier']);
    await done('POST', '/usage/imports', { source: 'back', csv: csv(2) });
    const total = async () => (await done('GET', '/usage?source=back')).items[0]?.metrics[0].total;
    const { snapshot } = await done('POST', '/usage/rollbacks', body);
    expect([await total(), (await done('GET', '/usage?source=back')).items[0].snapshot]).toEqual([
      '1',
      snapshot,
    ]);
    expect(await done('POST', '/usage/rollbacks', { ...body, to: 'none' })).toMatchObject({ snapshot: null });
    expect(await total()).toBeUndefined();
    expect(await refused('POST', '/usage/rollbacks', { ...body, to: 'nothing' })).toEqual([
      404,
      'usage.unknownSnapshot',
    ]);
    expect(await refused('POST', '/usage/rollbacks', { ...body, source: 'no' })).toEqual([
      404,
      'usage.unknownMonth',
    ]);
    const lines = await bench.records.asOwner((tx) =>
      tx.selectFrom('audit_log').selectAll().where('action', '=', 'usage.rollback').execute(),
    );
    const ofMonth = lines.filter((line) => line.object_id === 'main/back/2026-09');
    expect(ofMonth).toHaveLength(2);
  });
});
