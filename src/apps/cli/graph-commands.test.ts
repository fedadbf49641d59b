import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as model from '../../modules/allocation/index.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { movedTable } from './commands/graph-output.ts';
import * as words from './commands/graph-words.ts';
import { render } from './output.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;
let graph: string;
let made = 0;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-graph-'));
  prepared = await prepareTestRecords(data);
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
  server = await serve({ workspace, config });
  const entity = ['--label', 'Retail', '--country', 'FR', '--currency', 'EUR'];
  await done('entities', 'create', 'retail', ...entity);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});
beforeEach(() => {
  graph = `g${++made}`;
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

async function done(...args: readonly string[]) {
  const answer = await finops(...args);
  expect(answer, answer.err).toMatchObject({ code: 0 });
  return answer;
}

const file = `
metrics:
  - { id: queries, from: usage }
rules:
  - { id: rest, node: db }
nodes:
  - { id: db, type: shared, labels: { team: data } }
  - { id: app:shop, type: product }
  - { id: app:web, type: product }
edges:
  - { from: db, to: app:shop, strategy: proportional, params: { metric: queries } }
  - { from: db, to: app:web, strategy: proportional, params: { metric: queries } }
`;
/** The database by fixed percentages, and one product more. */
const other = file
  .replaceAll(
    'strategy: proportional, params: { metric: queries }',
    "strategy: fixed_percent, params: { percent: '40' }",
  )
  .replace('  - { id: queries, from: usage }', '  - { id: bytes, from: usage }')
  .replace('type: shared, labels', 'type: shared, name: Orders, labels');
const wrong = `${file}  - { from: db, to: app:api, strategy: equal }\n  - { from: app:web, to: app:web, strategy: equal }\n`;

/** A file of a graph, by name. */
async function write(text: string, name = 'graph.yaml'): Promise<string> {
  await writeFile(join(data, name), `graph: ${graph}\n${text}`);
  return name;
}

async function publish(text: string, note = 'one'): Promise<void> {
  await done('graph', 'apply', await write(text), '--publish', '--note', note);
}

it('offers the types and strategies that there are', () => {
  expect(words.nodeTypes).toEqual(model.nodeTypes);
  expect(words.strategyNames).toEqual(model.strategyNames);
});

describe('finops graph validate', () => {
  it('needs no workspace, and tells every finding with its line', async () => {
    const io = fakeIo({ cwd: data });
    const name = await write(wrong);
    expect(await run(['graph', 'validate', name, '--json', '--data', '/nowhere/at/all'], io)).toBe(5);
    const { graph: named, valid, findings } = JSON.parse(io.out());
    expect([named, valid]).toEqual([graph, false]);
    const errors = findings.filter(({ severity }: { severity: string }) => severity === 'error');
    expect(errors.length).toBeGreaterThan(1);
    expect(errors.map(({ params }: { params: { line: number } }) => params.line)).toEqual(
      expect.arrayContaining([15, 14]),
    );
    const table = await finops('graph', 'validate', name);
    expect(table).toMatchObject({ code: 5, err: expect.stringMatching(/3 nodes, 4 edges: \d+ errors/) });
    expect(table.out).toMatch(/error +15 +edges\/app:web -> app:web/);
  });

  it('takes what is right, and JSON too', async () => {
    expect(await json('graph', 'validate', await write(file))).toMatchObject({ code: 0, valid: true });
    await writeFile(
      join(data, 'graph.json'),
      JSON.stringify({ graph, nodes: [{ id: 'a', type: 'product' }] }),
    );
    expect(await json('graph', 'validate', 'graph.json')).toMatchObject({ code: 0, graph });
  });

  it('tells what is no graph at all', async () => {
    expect(await json('graph', 'validate', await write('nodes: [', 'bad.yaml'))).toMatchObject({
      code: 5,
      valid: false,
      findings: [{ severity: 'error' }, ...[]],
    });
    expect(await finops('graph', 'validate', 'nowhere.yaml')).toMatchObject({ code: 1 });
  });
});

describe('finops graph apply', () => {
  it('makes the graph, its draft and its version, and the version comes back as the same file', async () => {
    const applied = await json(
      'graph',
      'apply',
      await write(file),
      '--publish',
      '--note',
      'one',
      '--entity',
      'retail',
    );
    expect(applied).toMatchObject({ code: 0, graph, number: 1, state: 'published', nodes: 3, edges: 2 });
    expect(await json('graph', 'show', graph)).toMatchObject({
      entity: 'retail',
      draft: null,
      published: { number: 1, note: 'one', hash: applied.hash },
    });
    const exported = (await done('graph', 'export', graph)).out;
    expect(exported).not.toContain('id: db -> app:shop');
    await writeFile(join(data, 'again.yaml'), exported);
    expect(await json('graph', 'plan', 'again.yaml')).toMatchObject({
      code: 0,
      graph,
      against: 1,
      diff: { edges: { changed: [] } },
    });
    const again = await finops('graph', 'apply', 'again.yaml', '--publish');
    expect(again).toMatchObject({
      code: 0,
      err: expect.stringContaining('version 1, which is published, says the same'),
    });
    expect(await json('graph', 'show', graph)).toMatchObject({ draft: null, version: 3 });
    expect(await json('graph', 'export', graph)).toMatchObject({
      hash: applied.hash,
      document: { nodes: { length: 3 } },
    });
  });

  it('saves a draft that is wrong, and does not publish it', async () => {
    await publish(file);
    const name = await write(wrong);
    expect(await json('graph', 'apply', name)).toMatchObject({ code: 0, state: 'draft', number: 2 });
    const refused = await finops('graph', 'apply', name, '--publish');
    expect(refused).toMatchObject({ code: 5, err: expect.stringContaining('not published') });
    expect(refused.out).toContain('app:web -> app:web');
    expect(await finops('graph', 'publish', graph)).toMatchObject({ code: 5 });
    expect(await json('graph', 'show', graph)).toMatchObject({
      draft: { number: 2 },
      published: { number: 1 },
    });
    await done('graph', 'discard', graph);
    expect(await json('graph', 'show', graph)).toMatchObject({ draft: null });
  });

  it('changes nothing for a file that is none, and nothing in a dry run', async () => {
    expect(await finops('graph', 'apply', await write('nodes: 7'), '--publish')).toMatchObject({ code: 5 });
    expect(await finops('graph', 'apply', await write(file), '--dry-run')).toMatchObject({
      code: 0,
      err: expect.stringContaining(`would be: the graph ${graph} made`),
    });
    expect(await finops('graph', 'show', graph)).toMatchObject({ code: 3 });
    await publish(file);
    expect(await json('graph', 'apply', await write(other), '--dry-run')).toMatchObject({
      dryRun: true,
      number: 2,
    });
    expect(await json('graph', 'show', graph)).toMatchObject({ draft: null });
    expect(
      await finops('graph', 'apply', await write(file), '--entity', 'nobody', '--graph', 'elsewhere'),
    ).toMatchObject({
      code: 3,
      err: expect.stringContaining("no entity 'nobody'"),
    });
  });
});

describe('finops graph plan', () => {
  it('shows what a file changes, to people and to programs', async () => {
    expect(await json('graph', 'plan', await write(file))).toMatchObject({
      code: 0,
      against: null,
      whatIf: null,
    });
    await publish(file);
    const name = await write(other);
    const { out, err } = await done('graph', 'plan', name);
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        '~ node db',
        '    name: (none) → Orders',
        '+ metric bytes (from usage)',
        '- metric queries (from usage)',
      ]),
    );
    expect(err).toContain(`compared with version 1 of ${graph}`);
    const rows = (await done('graph', 'plan', name, '--format', 'csv')).out.split('\n');
    expect(rows).toContain('changed,node,db,name,,Orders');
    expect(rows).toContain('removed,metric,queries,,,');
    expect(await finops('graph', 'plan', await write(wrong))).toMatchObject({ code: 5 });
    expect(await finops('graph', 'plan', await write(file), '--against', '7')).toMatchObject({ code: 3 });
    expect((await done('graph', 'plan', await write(file))).err).toContain('the file says what version 1');
  });

  it('shows what it moves, each currency apart, to the cent', () => {
    const pair = { before: '10', after: '12.005', delta: '2.005' };
    const table = movedTable({
      graph: 'main',
      month: '2026-10',
      before: { run: null, version: 1 },
      reusedAttribution: true,
      currencies: ['EUR', 'USD'].map((currency) => ({
        currency,
        total: { before: '100', after: '100', delta: '0' },
        products: [
          { node: `app:${currency}`, name: '', type: 'product', ...pair, share: null, change: null },
        ],
        unchangedProducts: 0,
        unallocated: { before: '5', after: '2.995', delta: '-2.005' },
        coverage: { before: null, after: null },
      })),
      findings: [],
      checks: [],
    });
    const text = render({ json: {}, tables: [table] }, 'table');
    expect(text).toMatch(/app:EUR +10\.00 +12\.01 +2\.01 +EUR/);
    expect(text).toMatch(/unallocated +5\.00 +3\.00 +-2\.01 +USD/);
    expect(text).toMatch(/total +100\.00 +100\.00 +0\.00 +EUR/);
  });
});

describe('finops graph history, diff, rollback', () => {
  it('tell what was, and go back to it', async () => {
    await publish(file, 'one');
    await publish(other, 'two');
    const { items } = await json('graph', 'history', graph);
    expect(items).toMatchObject([
      { number: 2, note: 'two', basedOn: 1 },
      { number: 1, note: 'one', publishedBy: 'local owner' },
    ]);
    const changed = await json('graph', 'diff', graph, '--from', '1', '--to', '2');
    expect(changed).toMatchObject({
      context: { from: 1, to: 2 },
      diff: { nodes: { changed: [{ id: 'db' }] } },
    });
    expect((await done('graph', 'diff', graph, '--from', '1', '--to', '2')).out).toMatch(
      /changed +node +db +name +– +Orders/,
    );
    expect(await json('graph', 'rollback', graph, '--to', '1', '--publish', '--note', 'back')).toMatchObject({
      code: 0,
      number: 3,
      state: 'published',
      hash: items[1].hash,
    });
    expect(await finops('graph', 'rollback', graph, '--to', 'one')).toMatchObject({ code: 2 });
    expect(await finops('graph', 'rollback', graph, '--to', '9')).toMatchObject({ code: 3 });
    expect(await finops('graph', 'diff', graph)).toMatchObject({
      code: 3,
      err: expect.stringContaining('no open draft'),
    });
  });
});

describe('finops graph node, edge, nodes, edges', () => {
  it('put one thing into the draft, take one out, and list what there is', async () => {
    await publish(file);
    const at = ['--graph', graph];
    const draft = ['--graph-version', 'draft'];
    await done(
      'graph',
      'node',
      'add',
      'app:api',
      '--type',
      'product',
      '--name',
      'API',
      '--label',
      'team=web',
      ...at,
    );
    await done(
      'graph',
      'edge',
      'add',
      'db',
      'app:api',
      '--strategy',
      'proportional',
      '--param',
      'metric=queries',
      ...at,
    );
    expect((await json('graph', 'nodes', graph, '--type', 'product', ...draft)).items).toHaveLength(3);
    expect((await json('graph', 'edges', graph, '--to', 'app:api', ...draft)).items).toMatchObject([
      { id: 'db -> app:api', params: { metric: 'queries' } },
    ]);
    expect((await json('graph', 'edges', graph, '--to', 'app:api')).items).toEqual([]);
    const shown = await done('graph', 'node', 'show', 'app:api', ...at, ...draft);
    expect(shown.out).toMatch(/app:api +product +API +– +team=web/);
    expect(shown.out).toMatch(/db -> app:api +db +app:api +proportional +metric=queries/);
    await done('graph', 'edge', 'remove', 'db -> app:web', ...at);
    const removed = await finops('graph', 'node', 'remove', 'app:api', '--with-edges', ...at);
    expect(removed.err).toMatch(/draft 2 of g\d+: 0 added, 0 changed, 2 removed/);
    expect((await json('graph', 'edges', graph, ...draft)).items).toMatchObject([{ id: 'db -> app:shop' }]);
    expect(await finops('graph', 'edge', 'remove', 'a -> b', ...at)).toMatchObject({ code: 3 });
    expect(await finops('graph', 'edge', 'add', 'db', 'x', '--param', 'metric', ...at)).toMatchObject({
      code: 2,
    });
    expect(
      await finops('graph', 'edge', 'add', 'db', 'x', '--strategy', 'fixed_percent', ...at),
    ).toMatchObject({ code: 2 });
    expect(await finops('graph', 'node', 'show', 'app:shp', ...at)).toMatchObject({
      code: 3,
      err: expect.stringContaining('app:shop'),
    });
  });

  it('make, list, retire and restore graphs', async () => {
    await done('graph', 'create', graph, '--entity', 'retail', '--label', 'Retail’s own');
    expect(
      (await json('graph', 'list', '--entity', 'retail')).items.map(({ id }: { id: string }) => id),
    ).toContain(graph);
    await done('graph', 'retire', graph);
    expect(await finops('graph', 'apply', await write(file))).toMatchObject({ code: 7 });
    await done('graph', 'restore', graph);
    expect((await done('graph', 'list')).out).toContain('Retail’s own');
    expect(await finops('graph', 'create', graph)).toMatchObject({ code: 7 });
    expect(await finops('graph', 'show', 'nowhere')).toMatchObject({ code: 3 });
  });
});
