import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openPrometheusServer,
  type PrometheusServer,
} from '../../modules/allocation/testing/prometheus-server.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;
let monitoring: PrometheusServer;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-usage-'));
  prepared = await prepareTestRecords(data);
  const noon = Date.parse('2026-10-05T12:00:00Z') / 1000;
  const labels = { __name__: 'queries', app: 'web', zone: 'eu' };
  monitoring = await openPrometheusServer({
    series: [{ labels, samples: [[noon, 5]] }],
    authorization: 'Bearer hunter2',
  });
  const endpoint = { name: 'prom', url: monitoring.url, bearerTokenVariable: 'PROM_TOKEN' };
  env = {
    ...prepared.env,
    FINOPS_SERVER_PORT: '0',
    FINOPS_USAGE_PROMETHEUS: JSON.stringify([endpoint]),
    PROM_TOKEN: 'hunter2',
  };
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  server = await serve({ workspace, config: loadConfig({ env, cwd: data }) });
  const text =
    'graph: main\nmetrics:\n  - { id: queries, from: usage }\nnodes:\n  - { id: db, type: shared }\n  - { id: app:web, type: product }\n' +
    'edges:\n  - { from: db, to: app:web, strategy: proportional, params: { metric: queries } }\nrules:\n  - { id: rest, node: db }\n';
  await write('graph.yaml', text);
  await done('graph', 'apply', 'graph.yaml', '--publish', '--note', 'one');
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await monitoring.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

async function done(...args: readonly string[]): Promise<string> {
  const answer = await finops(...args);
  expect(answer, answer.err).toMatchObject({ code: 0 });
  return answer.out;
}

function write(name: string, text: string): Promise<void> {
  return writeFile(join(data, name), text);
}

const header = 'node,day,metric,value,unit';

describe('finops usage', () => {
  it('imports a file, shows what a second one would change, and lists what there is', async () => {
    await write('a.csv', `${header}\napp:web,2026-10-01,queries,10,query\ndb,2026-10-02,queries,1.5,query\n`);
    const first = await done('usage', 'import', 'a.csv', '--source', 'gateway');
    expect(first).toMatch(/2026-10 +imported +queries +query +2 +2 +2 +11\.5 +–/);
    await write(
      'b.csv',
      `${header}\napp:web,2026-10-01,queries,12,query\nghost,2026-10-01,queries,1,query\n`,
    );
    const dry = await finops('usage', 'import', 'b.csv', '--source', 'gateway', '--dry-run');
    expect([dry.code, dry.out]).toEqual([
      0,
      expect.stringMatching(/dry-run +queries +query +2 +2 +1 +13 +1\.5/),
    ]);
    expect(dry.out).toContain('usage.unknown_nodes');
    const list = await json('usage', 'list');
    expect(list).toMatchObject({
      schemaVersion: 1,
      items: [{ source: 'gateway', month: '2026-10', metrics: [{ total: '11.5' }], delivery: 'file:a.csv' }],
    });
    expect(await done('usage', 'metrics', '--month', '2026-10')).toMatch(/queries +query +2 +2 +29 +11\.5/);
    expect(await done('usage', 'series', 'db', '--month', '2026-10')).toMatch(
      /2026-10-01 +–\n2026-10-02 +1\.5\n/,
    );
  });

  it('refuses a file with its rows, and exit code 5', async () => {
    await write('bad.csv', `${header}\ndb,2026-10-01,queries,-1,query\ndb,10/01/2026,queries,1,query\n`);
    const { code, err } = await finops('usage', 'import', 'bad.csv', '--source', 'gateway');
    expect([code, err]).toEqual([
      5,
      expect.stringContaining('usage.unfitRows: bad.csv: 2 of 2 rows do not fit'),
    ]);
    const { error } = await json('usage', 'import', 'bad.csv', '--source', 'gateway');
    expect(error.params.errors).toEqual([
      { row: 2, field: 'value', message: '-1 is negative; usage is 0 or more' },
      { row: 3, field: 'day', message: "'10/01/2026' is no day; write YYYY-MM-DD" },
    ]);
    const strict = await finops('usage', 'import', 'b.csv', '--source', 'gateway', '--strict');
    expect([strict.code, strict.err]).toEqual([5, expect.stringContaining('usage.strict')]);
  });

  it('fetches by options and by a file of queries, and never tells the token', async () => {
    const query = { metric: 'queries', query: 'queries', node: 'app:{app}' };
    const options = ['--endpoint', 'prom', '--month', '2026-10', '--unit', 'query', '--label', 'zone'];
    const named = ['--metric', query.metric, '--query', query.query, '--node', query.node];
    const first = await finops('usage', 'fetch', ...options, ...named);
    expect([first.code, first.out]).toEqual([
      0,
      expect.stringMatching(/2026-10 +imported +queries +query +1 +1 +1 +5/),
    ]);
    expect(first.err).toContain('30 of 31 days have no value');
    await write('queries.json', JSON.stringify([{ ...query, unit: 'query', labels: ['zone'] }]));
    const again = await json(
      'usage',
      'fetch',
      '--endpoint',
      'prom',
      '--month',
      '2026-10',
      '--queries',
      'queries.json',
    );
    expect(again.months).toMatchObject([{ month: '2026-10', status: 'unchanged' }]);
    const list = await finops('config', 'list', '--json');
    expect(first.out + first.err + list.out).not.toContain('hunter2');
    expect(list.out).toContain('PROM_TOKEN');
  });

  it('says what it needs to fetch, and which systems there are', async () => {
    const { code, err } = await finops('usage', 'fetch', '--endpoint', 'prom', '--metric', 'x');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('Give --queries FILE, or --metric, --query and --node.'),
    ]);
    const named = ['--metric', 'x', '--query', 'y', '--node', '{z}'];
    const other = await finops('usage', 'fetch', '--endpoint', 'no', ...named);
    expect([other.code, other.err]).toEqual([3, expect.stringContaining('(there are prom)')]);
  });

  it('goes back to what was, and withdraws', async () => {
    const month = ['--source', 'gateway', '--month', '2026-10'];
    await done('usage', 'import', 'b.csv', ...month);
    await done('usage', 'rollback', ...month);
    expect(await done('usage', 'list', '--source', 'gateway')).toContain('11.5');
    const { code, err } = await finops('usage', 'rollback', ...month, '--to', 'none');
    expect([code, err]).toEqual([0, expect.stringContaining('2026-10 of gateway is withdrawn')]);
    expect((await json('usage', 'list', '--source', 'gateway')).items).toEqual([]);
  });
});
