import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../modules/organization/index.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { fieldOptions, nouns } from './commands/organization-nouns.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-organization-'));
  prepared = await prepareTestRecords(data);
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
  server = await serve({ workspace, config });
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
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

describe('the nouns of the command line', () => {
  it('are the kinds of the organization, field for field', () => {
    expect(nouns.map(({ path, one, fields }) => [path, one, fields])).toEqual(
      kinds.map(({ path, title, fields }) => [path, title, Object.keys(fields)]),
    );
    for (const { path, filters } of nouns) {
      const kind = kinds.find((candidate) => candidate.path === path);
      const filtering = Object.entries(kind?.fields ?? {}).filter(([, { filter }]) => filter);
      expect(filters).toEqual(filtering.map(([name]) => name));
    }
    expect(Object.keys(fieldOptions).sort()).toEqual(
      [...new Set(kinds.flatMap(({ fields }) => Object.keys(fields)))].sort(),
    );
  });
});

describe('finops entities, teams, cost-centres, applications', () => {
  it('make, show and list objects', async () => {
    await done(
      'entities',
      'create',
      'retail',
      '--label',
      'Retail SAS',
      '--country',
      'FR',
      '--currency',
      'EUR',
    );
    await done('teams', 'create', 'web', '--label', 'Web');
    await done('teams', 'create', 'data', '--label', 'Data', '--parent', 'web');
    await done('cost-centres', 'create', 'cc-1', '--label', 'Shops', '--entity', 'retail');
    const shop = ['--label', 'Shop', '--entity', 'retail', '--team', 'web', '--cost-centre', 'cc-1'];
    const more = [
      '--environments',
      'prod,non_prod',
      '--attribute',
      'cluster=eu-1',
      '--attribute',
      'tier=gold',
    ];
    const made = await done('applications', 'create', 'shop', ...shop, ...more, '--valid-from', '2026-01-01');
    expect(made.out).toMatch(/shop +Shop +retail +prod non_prod +web +cc-1 +cluster=eu-1 tier=gold +true +1/);
    expect((await json('teams', 'list', '--parent', 'web')).items).toMatchObject([{ id: 'data' }]);
    expect((await json('entities', 'show', 'retail')).country).toBe('FR');
  });

  it('change them from a day on, and show what was', async () => {
    const moved = ['--team', 'data', '--attribute', 'tier=', '--valid-from', '2026-06-01'];
    await done('applications', 'update', 'shop', ...moved);
    const { out } = await done('applications', 'show', 'shop');
    expect(out).toMatch(/2026-01-01 +2026-06-01 +web +cc-1 +cluster=eu-1 tier=gold/);
    expect(out).toMatch(/2026-06-01 +– +data +cc-1 +cluster=eu-1/);
    expect((await json('applications', 'list', '--as-of', '2026-05')).items).toMatchObject([{ team: 'web' }]);
    expect((await json('applications', 'show', 'shop', '--as-of', '2026-05')).team).toBe('web');
  });

  it('refuse a change of another version, and take one of the version there is', async () => {
    const stale = await json('teams', 'update', 'data', '--label', 'X', '--if-match', '7');
    expect(stale).toMatchObject({ code: 7, error: { code: 'organization.stale' } });
    await done('teams', 'update', 'data', '--label', 'Data and AI', '--if-match', 'v1');
    expect((await finops('teams', 'update', 'data', '--label', 'X', '--if-match', 'new')).code).toBe(2);
    expect((await finops('teams', 'update', 'data')).code).toBe(2);
  });

  it('empty a field with an empty text', async () => {
    await done('teams', 'update', 'data', '--parent', '');
    expect((await json('teams', 'show', 'data')).parent).toBeNull();
    expect((await finops('teams', 'update', 'data', '--label', '')).code).toBe(2);
  });

  it('retire, restore and tell the history', async () => {
    expect(await json('teams', 'retire', 'data')).toMatchObject({
      code: 7,
      error: { code: 'organization.inUse' },
    });
    await done('teams', 'create', 'old', '--label', 'Old');
    await done('teams', 'retire', 'old');
    expect((await json('teams', 'list', '--active', 'false')).items).toMatchObject([{ id: 'old' }]);
    await done('teams', 'restore', 'old');
    const { out } = await done('teams', 'history', 'data');
    expect(out).toMatch(/team\.update +parent: web → none/);
    expect(out).toMatch(/team\.update +label: Data → Data and AI; labels: /);
    expect((await finops('teams', 'show', 'nobody')).code).toBe(3);
  });
});

describe('finops org', () => {
  it('shows what a file would change, then brings it, then takes it back unchanged', async () => {
    await writeFile(join(data, 'teams.csv'), 'id,label\nweb,Web shop\nnew,New\n');
    const dry = await done('org', 'import', 'teams.csv', '--kind', 'teams', '--dry-run');
    expect(dry.out).toMatch(/changed +web +label +Web +Web shop/);
    expect(dry.err).toContain('would be: 1 created, 1 changed, 0 retired, 0 restored, 0 unchanged');
    expect((await finops('teams', 'show', 'new')).code).toBe(3);
    await done('org', 'import', 'teams.csv', '--kind', 'teams');
    const { out } = await done('org', 'export', 'teams');
    expect(out).toContain('new,New,,true\r\n');
    await writeFile(join(data, 'teams.csv'), out);
    expect((await json('org', 'import', 'teams.csv', '--kind', 'teams', '--replace')).unchanged).toBe(4);
  });

  it('names the cells that do not fit and ends with 5', async () => {
    await writeFile(join(data, 'bad.csv'), 'id,label,parent\nx,,nobody\ny,Y,nobody\n');
    const dry = await finops('org', 'import', 'bad.csv', '--kind', 'teams', '--dry-run');
    expect(dry.code).toBe(5);
    expect(dry.out).toMatch(/2 +label +give a text/);
    expect(dry.out).toMatch(/3 +parent +.*no team 'nobody'/);
    expect((await finops('org', 'import', 'bad.csv', '--kind', 'teams')).code).toBe(5);
    expect((await finops('org', 'import', 'none.csv', '--kind', 'teams')).code).toBe(1);
    expect((await finops('org', 'import', 'bad.csv', '--kind', 'people')).code).toBe(2);
    expect((await finops('org', 'export', 'people')).code).toBe(2);
  });

  it('takes a file of some megabytes, and says the limit of one that is too large', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `t-${n},${'x'.repeat(100)}\n`).join('');
    await writeFile(join(data, 'large.csv'), `id,label\n${rows}`);
    expect((await json('org', 'import', 'large.csv', '--kind', 'teams', '--dry-run')).created).toHaveLength(
      20_000,
    );
    await writeFile(join(data, 'large.csv'), 'x'.repeat(10_600_000));
    expect(await json('org', 'import', 'large.csv', '--kind', 'teams')).toMatchObject({
      code: 2,
      error: { code: 'server.tooLarge', params: { limitBytes: 10_485_760 } },
    });
  });
});

describe('finops entity-periods', () => {
  it('closes, locks and reopens months', async () => {
    const closed = await done('entity-periods', 'close', 'retail', '2026-09', '--reason', 'all bills are in');
    expect(closed.out).toMatch(/retail +2026-09 +CLOSED +all bills are in/);
    expect((await finops('entity-periods', 'reopen', 'retail', '2026-09')).code).toBe(2);
    await done('entity-periods', 'reopen', 'retail', '2026-09', '--reason', 'late bill');
    await done('entity-periods', 'close', 'retail', '2026-09');
    await done('entity-periods', 'lock', 'retail', '2026-09');
    expect((await finops('entity-periods', 'reopen', 'retail', '2026-09', '--reason', 'x')).code).toBe(7);
    expect((await json('entity-periods', 'list', '--state', 'LOCKED')).items).toHaveLength(1);
    expect((await json('entity-periods', 'history', 'retail', '2026-09')).items).toHaveLength(4);
  });
});

describe('finops sources assign', () => {
  it('gives the bills of a source to an entity, moves and takes them', async () => {
    await done('entities', 'create', 'labs', '--label', 'Labs', '--country', 'GB', '--currency', 'GBP');
    await done('sources', 'assign', 'aws', '--entity', 'retail');
    expect((await done('sources', 'assign', 'aws', '--entity', 'labs')).out).toMatch(/aws +labs +2/);
    expect((await json('sources', 'assignments', '--entity', 'retail')).items).toEqual([]);
    await done('sources', 'unassign', 'aws');
    expect((await finops('sources', 'unassign', 'aws')).code).toBe(3);
    expect((await json('sources')).items).toEqual([]);
  });
});
