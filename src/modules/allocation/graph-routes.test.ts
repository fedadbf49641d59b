import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GraphBench, openGraphBench, smallGraph } from './testing/graph-bench.ts';

let bench: GraphBench;
let graph: string;
let made = 0;
beforeAll(async () => {
  bench = await openGraphBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  graph = `g${++made}`;
  await done('POST', '/graphs', { id: graph, label: 'Main' });
});

type Send = Parameters<GraphBench['send']>;
const send = (...asked: Send) => bench.send(...asked);
const get = (path: string) => done('GET', `/graphs/${graph}${path}`);

/** The body of an answer that is no refusal. */
async function done(...asked: Send) {
  const { status, body } = await send(...asked);
  expect([asked[0], asked[1], status, status < 300 ? '' : body]).toEqual([asked[0], asked[1], status, '']);
  return body;
}

async function etag(): Promise<string> {
  return (await send('GET', `/graphs/${graph}`)).etag ?? '';
}

/** A change of the graph as it is now. */
async function changeNow(method: Send[0], path: string, body?: unknown) {
  return done(method, `/graphs/${graph}${path}`, body, { ifMatch: await etag() });
}

async function publishSmall(): Promise<void> {
  await changeNow('PUT', '/draft', { document: smallGraph });
  await changeNow('POST', '/draft/publish', { note: 'one' });
}

describe('graphs', () => {
  it('are made, listed, renamed, retired and restored', async () => {
    const id = `${graph}.x`;
    const first = await send('POST', '/graphs', { id, label: 'Retail', entity: 'retail' });
    expect(first).toMatchObject({
      status: 201,
      etag: '"v1"',
      body: { id, entity: 'retail', active: true, version: 1, published: null, draft: null },
    });
    const at = `/graphs/${id}`;
    expect(await done('PATCH', at, { label: 'Shops' }, { ifMatch: '"v1"' })).toMatchObject({
      label: 'Shops',
      version: 2,
    });
    expect(await done('PATCH', at, { label: 'Shops' }, { ifMatch: '"v2"' })).toMatchObject({ version: 2 });
    expect(await done('PATCH', at, { active: false }, { ifMatch: '*' })).toMatchObject({
      active: false,
      retiredAt: expect.stringMatching(/^20/),
    });
    const refused = await send('POST', `${at}/draft`, {});
    expect(refused).toMatchObject({ status: 409, body: { code: 'allocation.graphRetired' } });
    const of = async (query: string) =>
      (await done('GET', `/graphs?${query}`)).items.map((item: { id: string }) => item.id);
    expect(await of('entity=retail')).toEqual([id]);
    expect(await of('entity=retail&active=true')).toEqual([]);
    expect(await done('PATCH', at, { active: true }, { ifMatch: '"v3"' })).toMatchObject({ active: true });
    expect(await of('active=true')).toContain(id);
    expect((await send('POST', '/graphs', { id, label: 'x' })).body.code).toBe('allocation.graphTaken');
  });

  it('are listed page by page', async () => {
    const first = await done('GET', '/graphs?limit=1');
    const rest = await done('GET', `/graphs?cursor=${first.next}`);
    const all = await done('GET', '/graphs');
    expect([...first.items, ...rest.items]).toEqual(all.items);
    expect((await send('GET', '/graphs?cursor=%25')).body.code).toBe('records.unfitCursor');
  });

  it('have ids that can name a folder, and versions that are numbers or words', async () => {
    for (const id of ['', 'a b', 'a..b', '-a', 'a~b', 'x'.repeat(41), 'é'])
      expect([id, (await send('POST', '/graphs', { id, label: 'x' })).status]).toEqual([id, 400]);
    for (const version of ['0', 'latest', '1.5', '-1', '9999999999'])
      expect((await send('GET', `/graphs/${graph}/versions/${version}`)).status).toBe(400);
    expect(await send('GET', `/graphs/${graph}/versions/published`)).toMatchObject({
      status: 404,
      body: { code: 'allocation.unknownVersion', message: expect.stringContaining('published yet') },
    });
  });
});

describe('a change', () => {
  it('names the version that it was made of, and only one of two passes', async () => {
    const at = `/graphs/${graph}`;
    const changes = { changes: [{ put: 'node', value: { id: 'a', type: 'service' } }] };
    const asked: readonly (readonly [Send[0], string, unknown])[] = [
      ['PATCH', at, { label: 'x' }],
      ['PUT', `${at}/draft`, { document: {} }],
      ['POST', `${at}/draft/changes`, changes],
      ['POST', `${at}/draft/publish`, {}],
      ['DELETE', `${at}/draft`, undefined],
    ];
    await done('POST', `${at}/draft`, {});
    for (const [method, path, body] of asked) {
      expect([path, (await send(method, path, body)).body.code]).toEqual([path, 'allocation.ifMatchNeeded']);
      const stale = await send(method, path, body, { ifMatch: '"v1"' });
      expect([path, stale.status, stale.body.code]).toEqual([path, 412, 'allocation.staleGraph']);
    }
    const first = await send('POST', `${at}/draft/changes`, changes, { ifMatch: '"v2"' });
    expect(first).toMatchObject({
      status: 200,
      etag: '"v3"',
      body: { number: 1, version: 3, nodes: 1, dryRun: false },
    });
    expect((await send('POST', `${at}/draft/changes`, changes, { ifMatch: '"v2"' })).status).toBe(412);
    expect((await send('GET', `${at}/versions/draft`)).etag).toBe('"v3"');
  });

  it('of a graph that the caller does not see is of none, whatever it names', async () => {
    const scope = { entities: ['retail'] };
    const at = `/graphs/${graph}`;
    const asked: readonly (readonly [Send[0], string, unknown?])[] = [
      ['GET', at],
      ['GET', `${at}/versions`],
      ['GET', `${at}/versions/published`],
      ['GET', `${at}/versions/draft/nodes`],
      ['GET', `${at}/versions/1/edges`],
      ['GET', `${at}/versions/1/groups`],
      ['GET', `${at}/versions/1/rules`],
      ['GET', `${at}/versions/1/metrics`],
      ['GET', `${at}/versions/1/findings`],
      ['GET', `${at}/versions/1/nodes/db`],
      ['GET', `${at}/diff`],
      ['PATCH', at, { label: 'mine' }],
      ['POST', `${at}/draft`, {}],
      ['PUT', `${at}/draft`, { document: {} }],
      ['POST', `${at}/draft/changes`, { changes: [{ remove: 'node', id: 'a' }] }],
      ['POST', `${at}/draft/publish`, {}],
      ['DELETE', `${at}/draft`],
      ['POST', `${at}/rollback`, { version: 1 }],
    ];
    await publishSmall();
    for (const [method, path, body] of asked) {
      const answer = await send(method, path, body, { ifMatch: '*', scope });
      expect([method, path, answer.status, answer.body.code]).toEqual([
        method,
        path,
        404,
        'allocation.unknownGraph',
      ]);
    }
    expect((await done('GET', '/graphs', undefined, { scope })).items).not.toContainEqual(
      expect.objectContaining({ id: graph }),
    );
  });

  it('that does not fit is refused with its place, and nothing is half-written', async () => {
    const bad = [
      { nodes: [{ id: 'a', type: 'planet' }] },
      { edges: [{ from: 'a', to: 'b', strategy: 'fixed_percent', params: { percent: '130' } }] },
      { edges: [{ from: 'a', to: 'b', strategy: 'equal', parms: {} }] },
      { surprise: [] },
    ];
    for (const document of bad) {
      const answer = await send('PUT', `/graphs/${graph}/draft`, { document }, { ifMatch: '*' });
      expect([document, answer.status]).toEqual([document, 400]);
    }
    const twice = {
      document: {
        nodes: [
          { id: 'a', type: 'shared' },
          { id: 'a', type: 'product' },
        ],
      },
    };
    expect(await send('PUT', `/graphs/${graph}/draft`, twice, { ifMatch: '*' })).toMatchObject({
      status: 422,
      body: { code: 'allocation.malformedGraph', params: { issues: [{ path: 'nodes/a' }] } },
    });
    expect(await get('')).toMatchObject({ version: 1, draft: null });
  });

  it('is previewed: a dry run gives what the change will give', async () => {
    const dry = await changeNow('PUT', '/draft', { document: smallGraph, dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, number: 1, edges: 2 });
    expect(await get('')).toMatchObject({ version: 1, draft: null });
    const wet = await changeNow('PUT', '/draft', { document: smallGraph });
    expect({ ...wet, version: 1, dryRun: true }).toEqual(dry);
  });
});

describe('a draft', () => {
  it('goes from file to published version, with its history, its difference and the way back', async () => {
    await publishSmall();
    expect(await get('/versions/published')).toMatchObject({
      graph,
      number: 1,
      state: 'published',
      document: { nodes: { length: 3 } },
    });
    await changeNow('POST', '/draft/changes', {
      changes: [{ remove: 'node', id: 'app:web', withEdges: true }],
    });
    expect(await get('/diff')).toMatchObject({
      context: { graph, from: 1, to: 2 },
      diff: { nodes: { removed: [{ id: 'app:web' }] }, edges: { removed: [{ id: 'db -> app:web' }] } },
    });
    expect(await changeNow('POST', '/draft/publish', { dryRun: true })).toMatchObject({ state: 'draft' });
    expect(await changeNow('POST', '/draft/publish', {})).toMatchObject({ number: 2, state: 'published' });
    const back = await send('POST', `/graphs/${graph}/rollback`, { version: 1 });
    expect(back).toMatchObject({
      status: 201,
      body: { draft: { number: 3, basedOn: 1 }, published: { number: 2 } },
    });
    expect(await get('/diff?from=1&to=draft')).toMatchObject({ diff: { nodes: { added: [], removed: [] } } });
    expect(await changeNow('DELETE', '/draft')).toMatchObject({ draft: null });
    const { items } = await get('/versions');
    expect(
      items.map(({ number, state, note }: Readonly<Record<string, unknown>>) => [number, state, note]),
    ).toEqual([
      [2, 'published', null],
      [1, 'published', 'one'],
    ]);
    const first = await get('/versions?limit=1');
    expect((await get(`/versions?limit=1&cursor=${first.next}`)).items).toMatchObject([{ number: 1 }]);
  });

  it('that is wrong tells what is wrong, and is not published', async () => {
    const saved = await changeNow('POST', '/draft/changes', {
      changes: [{ put: 'edge', value: { from: 'a', to: 'b', strategy: 'equal' } }],
    });
    const { items, totals } = await get('/versions/draft/findings');
    expect(items).toEqual(saved.findings);
    expect(totals.errors).toBeGreaterThan(0);
    const refused = await send('POST', `/graphs/${graph}/draft/publish`, {}, { ifMatch: '*' });
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 'allocation.invalidGraph', params: { findings: items } },
    });
  });
});

describe('the lists of a version', () => {
  beforeEach(publishSmall);
  const ids = async (path: string) => {
    const { items, totals } = await get(`/versions/published/${path}`);
    return [totals.count, ...items.map((item: { id?: string; node?: string }) => item.id ?? item.node)];
  };

  it('say how many fit, whatever the page shows', async () => {
    const first = await get('/versions/1/nodes?limit=2');
    expect(first).toMatchObject({
      context: { graph, number: 1, state: 'published' },
      totals: { count: 3 },
      items: [{ id: 'app:shop' }, { id: 'app:web' }],
    });
    const rest = await get(`/versions/1/nodes?limit=2&cursor=${first.next}`);
    expect(rest).toMatchObject({ totals: { count: 3 }, items: [{ id: 'db', name: 'Orders database' }] });
    expect(rest.next).toBeUndefined();
  });

  it('are narrowed by type, text, ends and strategy', async () => {
    expect(await ids('nodes?type=product')).toEqual([2, 'app:shop', 'app:web']);
    expect(await ids('nodes?application=shop')).toEqual([1, 'app:shop']);
    expect(await ids('nodes?text=orders')).toEqual([1, 'db']);
    expect(await ids('nodes?text=DATA')).toEqual([1, 'db']);
    expect(await ids('nodes?text=archived')).toEqual([0]);
    expect(await ids("nodes?text=%25' or 1=1")).toEqual([0]);
    expect(await ids('edges?from=db')).toEqual([2, 'db -> app:shop', 'db -> app:web']);
    expect(await ids('edges?to=app:web')).toEqual([1, 'db -> app:web']);
    expect(await ids('edges?node=app:web')).toEqual([1, 'db -> app:web']);
    expect(await ids('edges?node=db&strategy=equal')).toEqual([0]);
    expect(await ids('edges?text=app:SHOP')).toEqual([1, 'db -> app:shop']);
    expect(await ids('edges?group=')).toEqual([2, 'db -> app:shop', 'db -> app:web']);
    expect(await ids('groups?node=db')).toEqual([1, 'db']);
    expect(await ids('metrics?text=quer')).toEqual([1, 'queries']);
    expect(await ids('rules')).toEqual([2, 'tagged', 'rest']);
    expect(await ids('rules?text=tags.app')).toEqual([1, 'tagged']);
    expect(await ids('rules?node=db')).toEqual([1, 'rest']);
  });

  it('show rules in their order, with their place', async () => {
    const first = await get('/versions/1/rules?limit=1');
    expect(first.items).toMatchObject([{ id: 'tagged', position: 1 }]);
    expect((await get(`/versions/1/rules?cursor=${first.next}`)).items).toMatchObject([
      { id: 'rest', position: 2 },
    ]);
  });

  it('show a node with the edges that bring it cost and take it on', async () => {
    expect(await get('/versions/1/nodes/db')).toMatchObject({
      node: { id: 'db', type: 'shared' },
      edgesIn: { totals: { count: 0 }, items: [] },
      edgesOut: {
        totals: { count: 2 },
        items: [
          { to: 'app:shop', strategy: 'proportional', params: { metric: 'queries' } },
          { to: 'app:web' },
        ],
      },
      groups: [{ node: 'db', fallback: 'equal' }],
    });
    expect(await get('/versions/1/nodes/app%3Ashop')).toMatchObject({ edgesIn: { totals: { count: 1 } } });
    const unknown = await send('GET', `/graphs/${graph}/versions/1/nodes/app:shopp`);
    expect(unknown).toMatchObject({
      status: 404,
      body: { code: 'allocation.unknownNode', params: { nearest: ['app:shop'] } },
    });
  });
});
