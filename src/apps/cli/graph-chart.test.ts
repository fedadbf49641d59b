import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publishSmall } from '../../modules/allocation/testing/publish-results.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock, Refusal } from '../../platform/kernel/index.ts';
import { keys, startS3 } from '../../platform/objects/testing/s3-server.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { findServer, type RunningServer, serve } from '../server/index.ts';
import { addChart } from './commands/graph-chart.ts';
import { createContext, type RunState } from './context.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

const nodes = [
  { id: 'k8s', type: 'platform', name: 'Cluster' },
  { id: 'shop', type: 'product', name: 'Shop' },
];
const graphYaml = `
nodes:
  - { id: k8s, type: platform, name: Cluster }
  - { id: shop, type: product, name: Shop }
edges:
  - { from: k8s, to: shop, strategy: equal }
`;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-graph-chart-'));
  prepared = await prepareTestRecords(data);
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  await publishSmall(workspace, {
    nodes,
    edges: [{ from: 'k8s', to: 'shop', share: 800 }],
    direct: [
      { node: 'k8s', day: 1, amount: '1000' },
      { node: 'shop', day: 2, amount: '20.5', dimension: 'Storage' },
    ],
  });
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
  server = await serve({ workspace, config });
  await writeFile(join(data, 'graph.yaml'), graphYaml);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});

/** `graph chart` with these words; the code of a refusal, or how the command ended. */
async function chart(...words: readonly string[]) {
  const io = fakeIo({ cwd: data, env: prepared.env });
  const state: RunState = { exitCode: 0, usesSignal: false };
  const program = new Command('finops').exitOverride().configureOutput({ writeErr: () => {} });
  for (const option of ['--data <dir>', '--json', '--format <format>', '--config <file>', '--quiet'])
    program.option(option);
  const context = createContext(program, io, state);
  addChart(program.command('graph').exitOverride(), context);
  try {
    await program.parseAsync(['graph', 'chart', ...words, '--data', data], { from: 'user' });
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.message, out: '', err: '' };
    throw error;
  }
  return { code: state.exitCode, message: '', out: io.out(), err: io.err() };
}

const drawn = (file: string) => readFile(join(data, file));
const text = async (file: string) => (await drawn(file)).toString();

describe('finops graph chart', () => {
  it('draws the structure of a file, as SVG or PNG by the name of the file', async () => {
    expect(await chart('graph.yaml', '--out', 'a.svg')).toMatchObject({ code: 0 });
    for (const said of ['<svg ', 'Structure of graph.yaml', 'Cluster'])
      expect(await text('a.svg')).toContain(said);
    const { out, err } = await chart(
      'graph.yaml',
      '--kind',
      'graph',
      '--out',
      'a.PNG',
      '--theme',
      'dark',
      '--json',
    );
    expect((await drawn('a.PNG')).subarray(1, 4).toString()).toBe('PNG');
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, kind: 'graph', format: 'png' });
    expect(err).toContain('Structure of graph.yaml');
  });

  it('draws the money of a month', async () => {
    expect(await chart('--month', '2026-10', '--out', 'sankey.svg')).toMatchObject({ code: 0 });
    const sankey = await text('sankey.svg');
    for (const said of ['Where cost flows: graph main, 2026-10', 'Cluster', '1,000 EUR', '820.50 EUR'])
      expect(sankey).toContain(said);
    expect(await chart('--kind', 'trend', '--month', '2026-10', '--out', 'trend.svg')).toMatchObject({
      code: 0,
    });
    expect(await text('trend.svg')).toContain('Storage  20.50 EUR');
    const waterfall = [
      '--kind',
      'waterfall',
      '--node',
      'k8s',
      '--month',
      '2026-10',
      '--out',
      'waterfall.svg',
    ];
    expect(await chart(...waterfall)).toMatchObject({ code: 0 });
    expect(await text('waterfall.svg')).toContain('−800.00 EUR');
  });

  it('draws the structure of a version', async () => {
    const { secret = '' } = (await findServer(data)) ?? {};
    const send = (method: string, path: string, body: unknown) =>
      fetch(`${server.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'if-match': '*' },
        body: JSON.stringify(body),
      });
    await send('POST', '/graphs', { id: 'retail', label: 'Retail' });
    const document = { nodes, edges: [{ from: 'k8s', to: 'shop', strategy: 'equal' }] };
    const put = await send('PUT', '/graphs/retail/draft', { document });
    expect([put.status, put.status < 300 ? '' : await put.text()]).toEqual([200, '']);
    expect(await chart('--graph', 'retail', '--graph-version', 'draft', '--out', 'b.svg')).toMatchObject({
      code: 0,
    });
    expect(await text('b.svg')).toContain('Structure of the graph retail, version 1 (draft)');
    expect(await chart('--graph', 'retail', '--out', 'c.svg')).toMatchObject({
      code: 'allocation.unknownVersion',
    });
  });

  it('keeps what is there already, and writes nothing when there is nothing to draw', async () => {
    await writeFile(join(data, 'kept.svg'), 'mine');
    expect(await chart('graph.yaml', '--out', 'kept.svg')).toMatchObject({ code: 'cli.fileTaken' });
    expect(await text('kept.svg')).toBe('mine');
    expect(await chart('graph.yaml', '--out', 'kept.svg', '--overwrite')).toMatchObject({ code: 0 });
    expect(await text('kept.svg')).toContain('<svg');
    expect(await chart('graph.yaml', '--out', 'no/where.svg')).toMatchObject({ code: 'cli.folderMissing' });
    expect(await chart('--month', '2026-01', '--out', 'none.svg')).toMatchObject({
      code: 'allocation.noPublishedRun',
    });
    await expect(drawn('none.svg')).rejects.toThrow(/ENOENT/);
  });

  it('puts a picture to S3, once unless it may be replaced', async () => {
    const s3 = await startS3();
    await s3.createBucket('pictures');
    const access = { ...keys, AWS_ENDPOINT_URL_S3: s3.options.endpoint, AWS_REGION: 'us-east-1' };
    for (const [name, value] of Object.entries(access)) vi.stubEnv(name, value);
    const words = ['graph.yaml', '--out', 's3://pictures/graph.png'];
    expect(await chart(...words)).toMatchObject({ code: 0 });
    expect(await chart(...words)).toMatchObject({ code: 'objects.taken' });
    expect(await chart(...words, '--overwrite')).toMatchObject({ code: 0 });
    vi.unstubAllEnvs();
    await s3.close();
  });

  it.each([
    [['graph.yaml', '--out', 'x.pdf'], /ends in .svg or .png, not 'x.pdf'/],
    [['graph.yaml', '--month', '2026-10', '--out', 'x.svg'], /A file has no costs/],
    [['--kind', 'trend', '--out', 'x.svg'], /--kind trend needs --month/],
    [['--kind', 'waterfall', '--month', '2026-10', '--out', 'x.svg'], /needs --node/],
    [['graph.yaml', '--top', '0', '--out', 'x.svg'], /--top takes a whole number, not '0'/],
  ])('says what does not go together: %j', async (words, message) => {
    const refused = await chart(...words);
    expect([refused.code, refused.message]).toEqual(['cli.usage', expect.stringMatching(message)]);
  });

  it('says everything that is wrong with a file, by its lines, and ends with 5', async () => {
    await writeFile(join(data, 'bad.yaml'), 'nodes: [{ id: a, type: prodct }]\nedge: []\n');
    const { code, err } = await chart('bad.yaml', '--out', 'bad.svg');
    expect(code).toBe(5);
    expect(err.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^bad.yaml: Line 1, column 18: 'type' is 'prodct'/),
      "bad.yaml: Line 2, column 1: 'edge' means nothing here. Did you mean 'edges'?",
    ]);
  });
});
