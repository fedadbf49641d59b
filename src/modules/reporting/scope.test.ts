import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everything, nothing } from '../../platform/kernel/index.ts';
import type { CostQueryInput, Filter, Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { apiFor } from '../focus/testing/api-for.ts';
import type { MonthsBench } from '../ingestion/testing/months-fixture.ts';
import { reportingRoutes } from './routes.ts';
import { listReports } from './run-report.ts';
import { exampleParameters } from './testing/library.ts';
import { apiOf, loadManySources, sources, workspaceWithOnly } from './testing/many-sources.ts';

/** Every set of sources that leaves at least one out, by name: the lake that holds it alone, and its API. */
interface Alone {
  readonly kept: readonly string[];
  readonly workspace: Workspace;
  readonly api: FastifyInstance;
  /** The API of the lake with all sources, for a caller whose scope are these. */
  readonly scoped: FastifyInstance;
}

let bench: MonthsBench;
let imports: readonly string[];
let rowIds: readonly string[];
const subsets: Alone[] = [];

beforeAll(async () => {
  bench = await loadManySources();
  const { lake } = bench.workspace;
  imports = [
    ...new Set(
      (await lake.current()).partitions.flatMap(({ current, history }) =>
        [...(current ? [current] : []), ...history].map(({ id }) => id),
      ),
    ),
  ];
  const { relation } = await lake.select(everything, costDataset);
  const rows = await bench.engine.rows(`select x_RowId as id from ${relation} order by 1`);
  rowIds = [...rows.map(({ id }) => String(id)), ...imports.map((id) => `${id}:1:1:0`)];
  for (let bits = 1; bits < 2 ** sources.length - 1; bits++) {
    const kept = sources.filter((_, index) => (bits >> index) & 1);
    const workspace = await workspaceWithOnly(bench.workspace, kept);
    const api = await apiOf(workspace);
    const scoped = await apiOf(bench.workspace, { ...nothing, entities: ['fr'], sources: kept });
    subsets.push({ kept, workspace, api, scoped });
  }
  // The copies are one generation on; so is the lake that they were made from.
  await lake.write((writer) =>
    writer.change('as it was', ({ partitions, discarded }) => ({ partitions, discarded })),
  );
}, 60_000);

afterAll(async () => {
  for (const { workspace, api, scoped } of subsets) {
    await Promise.all([api.close(), scoped.close()]);
    await workspace.close();
    await rm(workspace.root, { recursive: true, force: true });
  }
  await bench.close();
});

interface Question {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly payload?: object;
}

/** Status and body; the cursor of a cost query is of its scope, so that only its presence is compared. */
async function answerOf(api: FastifyInstance, question: Question): Promise<unknown> {
  const { statusCode, body } = await api.inject(question);
  return { statusCode, body: body.replace(/"next":"[^"]+"}$/, '"next":"…"}') };
}

const source = fc.constantFrom(...sources, 'nobody');
const period = fc.constantFrom('2026-09', '2026-10', '2026-11', 'all');
/** Months that are there, with an old version, and any other. */
const month = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(['aws', '2026-10'] as const, ['azure', '2026-10'] as const) },
  { weight: 2, arbitrary: fc.tuple(source, period) },
);
const get = (url: string): Question => ({ method: 'GET', url });
const post = (url: string, payload: object): Question => ({ method: 'POST', url, payload });

const condition = fc.oneof(
  source.map((value): Filter => ({ field: { column: 'x_SourceName' }, op: '=', value })),
  source.map((value): Filter => ({ field: { column: 'x_SourceName' }, op: '!=', value })),
  fc.constant<Filter>({ field: { column: 'x_SourceName' }, op: 'is not null' }),
  fc.constant<Filter>({ field: { column: 'BilledCost' }, op: '>=', value: '0.25' }),
  fc.constant<Filter>({ field: { tag: 'app' }, op: '=', value: 'shop' }),
  fc.constant<Filter>({ field: { column: 'x_OfGcp' }, op: 'is null' }),
);
const filter: fc.Arbitrary<Filter> = fc.oneof(
  condition,
  fc.tuple(condition, condition).map(([a, b]): Filter => ({ or: [a, { not: b }] })),
);
const dimension = fc.constantFrom(
  ...[{ column: 'x_SourceName' }, { column: 'ServiceName' }, { column: 'BillingCurrency' }],
  ...[{ tag: 'app' }, { grain: 'day' as const }, { grain: 'month' as const }, { column: 'x_Ours' }],
  ...[{ column: 'x_OfGcp' }, { column: 'x_OfGpc' }, { column: 'InvoiceId' }],
);
const costQuery: fc.Arbitrary<CostQueryInput> = fc.record(
  {
    measures: fc.constant([{ sum: 'BilledCost' }, { count: 'rows' as const }, { sum: 'ConsumedQuantity' }]),
    dimensions: fc.uniqueArray(dimension, { maxLength: 3 }),
    where: filter,
    sources: fc.uniqueArray(source, { minLength: 1 }),
    from: fc.constantFrom('2026-10', '2026-11'),
    limit: fc.constantFrom(1, 100),
  },
  { requiredKeys: ['measures'] },
);

/** Reports with parameters that the bills here know. */
const parameters = { provider: 'Microsoft', 'sub-account': 'sub-1', service: 'Machines', resource: 'vm-1' };
const report = fc.constantFrom(...listReports()).map(({ name, parameters: known }) => {
  const given = { ...exampleParameters[name] };
  for (const parameter of known) {
    const value = parameters[parameter.name as keyof typeof parameters];
    if (value !== undefined && given[parameter.name] !== undefined) given[parameter.name] = value;
  }
  return post(`/reports/${name}/runs`, { parameters: given });
});

const questions: Readonly<Record<string, fc.Arbitrary<Question>>> = {
  'a list of sources': fc.constantFrom(get('/sources'), get('/sources?limit=1')),
  'a list of months': fc.oneof(
    fc.constantFrom(get('/periods'), get('/periods?limit=2'), get('/periods?from=2026-10')),
    source.map((name) => get(`/periods?source=${name}`)),
  ),
  'a list of snapshots': fc.oneof(
    fc.constantFrom(get('/snapshots'), get('/snapshots?period=2026-10')),
    source.map((name) => get(`/snapshots?source=${name}`)),
  ),
  'a list of imports': fc.oneof(
    fc.constantFrom(get('/imports'), get('/imports?limit=1')),
    source.map((name) => get(`/imports?source=${name}`)),
  ),
  'an import': fc.integer().map((n) => get(`/imports/${imports[Math.abs(n) % imports.length]}`)),
  'the history of a month': month.map(([name, of]) => get(`/periods/${name}/${of}`)),
  'a difference': fc
    .tuple(month, fc.constantFrom('ServiceName', 'x_UsageType,day', ''))
    .map(([[name, of], by]) => get(`/periods/${name}/${of}/diff?by=${by}`)),
  'a reconciliation': fc
    .tuple(month, fc.constantFrom(undefined, 'inv-7'))
    .map(([[name, of], invoiceId]) =>
      post(`/periods/${name}/${of}/reconcile`, { invoiceTotal: '7.00', invoiceId }),
    ),
  'a row': fc.integer().map((n) => get(`/rows/${rowIds[Math.abs(n) % rowIds.length]}`)),
  'a rollback to a snapshot that is not there': month.map(([name, of]) =>
    post(`/periods/${name}/${of}/rollback`, { to: 'no-such-snapshot' }),
  ),
  'a pin of a snapshot that is not there': month.map(([name, of]) =>
    post(`/periods/${name}/${of}/pins`, { reason: 'x', snapshot: 'no-such-snapshot' }),
  ),
  'a cost query': costQuery.map((query) => post('/cost-queries', query)),
  'a linked cost query': costQuery.map((query) =>
    get(`/cost-queries?q=${encodeURIComponent(JSON.stringify(query))}`),
  ),
  'a report': report,
};

describe('to a caller who sees some sources, the answer is that of a lake that holds no others:', () => {
  test.each(Object.entries(questions))('%s', async (name, question) => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.nat(subsets.length - 1), question, async (index, asked) => {
        const { api, scoped } = subsets[index] as Alone;
        const answer = await answerOf(scoped, asked);
        expect(answer).toEqual(await answerOf(api, asked));
        statuses.add((answer as { statusCode: number }).statusCode);
      }),
      { numRuns: 40 },
    );
    expect([...statuses]).toContain(name.endsWith('is not there') ? 404 : 200);
    expect([...statuses].filter((status) => ![200, 400, 404, 422].includes(status))).toEqual([]);
  });

  test('an export', async () => {
    const body = { custom: true, provenance: true };
    for (const [index, { api, scoped }] of subsets.entries()) {
      const asked = post('/exports', { ...body, name: `focus-${index}.csv` });
      expect(await answerOf(scoped, asked)).toEqual(await answerOf(api, asked));
      const files = [scoped, api].map((each) => answerOf(each, get(`/exports/focus-${index}.csv`)));
      const [file, expected] = await Promise.all(files);
      expect(file).toEqual(expected);
      expect(file).toMatchObject({ statusCode: 200, body: expect.stringContaining('x_SourceName') });
    }
  });
});

test('a caller who sees everything has the answers of the whole lake', async () => {
  const api = await apiOf(bench.workspace);
  const { rows } = (
    await api.inject(
      post('/cost-queries', {
        measures: [{ count: 'rows' }],
        dimensions: [{ column: 'x_SourceName' }],
        orderBy: [{ name: 'x_SourceName' }],
      }),
    )
  ).json();
  expect(rows).toEqual([
    { x_SourceName: 'aws', rows: 2 },
    { x_SourceName: 'azure', rows: 2 },
    { x_SourceName: 'gcp', rows: 1 },
  ]);
  await api.close();
});

describe('to a caller without sources', () => {
  const engineer = { ...nothing, applications: ['shop'] };
  const rawRows: readonly Question[] = [
    post('/cost-queries', { measures: [{ sum: 'BilledCost' }] }),
    get(`/cost-queries?q=${encodeURIComponent('{"measures":[{"count":"rows"}]}')}`),
    post('/reports/service-summary/runs', {}),
    post('/exports', {}),
    get('/periods/aws/2026-10/diff'),
    get('/periods/nobody/2026-10/diff'),
    post('/periods/aws/2026-10/reconcile', { invoiceTotal: '1.00' }),
    post('/periods/nobody/2026-10/reconcile', { invoiceTotal: '1.00' }),
    get('/rows/abc:1:1:0'),
  ];

  test.each([
    ['but with applications, raw rows are refused: they are seen by entity', engineer, 'applicationScope'],
    ['raw rows are refused', { ...nothing, companies: ['acme'] }, 'noSources'],
  ])('%s', async (_, scope, code) => {
    const api = await apiOf(bench.workspace, scope);
    for (const question of rawRows) {
      const answer = await api.inject(question);
      expect([question.url, answer.statusCode, answer.json().code]).toEqual([
        question.url,
        403,
        `lake.${code}`,
      ]);
    }
    for (const url of ['/sources', '/periods', '/snapshots', '/imports', '/exports'])
      expect((await api.inject(get(url))).json().items).toEqual([]);
    for (const url of ['/periods/aws/2026-10', `/imports/${imports[0]}`, '/exports/focus-0.csv'])
      expect((await api.inject(get(url))).statusCode).toBe(404);
    await api.close();
  });
});

test('every route says which permission it demands', async () => {
  const routes: RouteOptions[] = [];
  const api = await apiFor(everything, async (app) => {
    app.addHook('onRoute', (route) => void routes.push(route));
    await app.register(reportingRoutes, { workspace: bench.workspace });
    await app.ready();
  });
  const listed = routes.filter(({ method }) => method !== 'HEAD');
  expect(listed.map(({ method, url, config }) => `${method} ${url} ${config?.permission}`).sort()).toEqual([
    'GET /cost-queries cost.read',
    'GET /reports cost.read',
    'POST /cost-queries cost.read',
    'POST /reports/:name/runs cost.read',
  ]);
  await api.close();
});
