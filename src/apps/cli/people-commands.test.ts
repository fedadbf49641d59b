import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../platform/config/index.ts';
import { systemClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-people-'));
  prepared = await prepareTestRecords(data);
});
afterAll(async () => {
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env: prepared.env, clock: systemClock });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

describe('finops people', () => {
  it('makes the first administrator on a workspace that nobody serves', async () => {
    const name = ['--name', 'Ann Admin', '--role', 'super_admin'];
    const { code, out, err } = await finops('people', 'create', 'ann@example.com', ...name);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/ann@example\.com +Ann Admin +super_admin +invited +yes/),
    ]);
    expect(err).toContain("'finops people invite ann@example.com'");
    expect((await json('people', 'create', 'ANN@example.com', ...name)).error.code).toBe('access.emailTaken');
    const invited = await finops('people', 'invite', 'ann@example.com', '--json');
    expect(JSON.parse(invited.out).url).toMatch(/^http:\/\/127\.0\.0\.1:4870\/set-password#\S{61}$/);
    expect(invited.err).toContain('no server runs now');
  });
});

describe('finops people and finops tokens, asked of a server', () => {
  let workspace: Workspace;
  let server: RunningServer;
  beforeAll(async () => {
    workspace = openWorkspace({ root: data, threads: 1 });
    const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
    server = await serve({ workspace, config });
  });
  afterAll(async () => {
    await server.close();
    await workspace.close();
  });

  it('change roles, names and who is let in', async () => {
    await finops('people', 'create', 'bob@example.com', '--name', 'Bob');
    const granted = await json(
      'people',
      'grant',
      'bob@example.com',
      '--role',
      'entity.viewer',
      '--entities',
      'retail,labs',
    );
    expect(granted.items[0].grants).toEqual([
      { role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['labs', 'retail'] },
    ]);
    await finops('people', 'grant', 'bob@example.com', '--role', 'entity.viewer', '--entities', 'labs');
    await finops('people', 'grant', 'bob@example.com', '--role', 'accountant');
    const shown = await finops('people', 'show', 'bob@example.com');
    expect(shown.out).toContain('accountant; entity.viewer (entities: labs)');
    await finops('people', 'revoke', 'bob@example.com', '--role', 'accountant');
    const renamed = await json('people', 'update', 'bob@example.com', '--name', 'Robert');
    expect(renamed.items[0]).toMatchObject({ name: 'Robert', grants: [{ role: 'entity.viewer' }] });
    expect((await json('people', 'deactivate', 'bob@example.com')).items[0].active).toBe(false);
    expect((await json('people', 'activate', 'bob@example.com')).items[0].active).toBe(true);
    expect((await json('people', 'list')).items.map(({ email }: { email: string }) => email)).toEqual([
      'ann@example.com',
      'bob@example.com',
    ]);
  });

  it.each([
    [['people', 'show', 'nobody@example.com'], 3, 'cli.unknownPerson'],
    [['people', 'show', '01k9z3w2m7h4q8xta'], 3, 'access.unknownPerson'],
    [['people', 'show', '../me'], 2, 'cli.usage'],
    [['people', 'update', 'bob@example.com'], 2, 'cli.usage'],
    [['people', 'grant', 'bob@example.com', '--role', 'emperor'], 2, 'cli.usage'],
    [
      ['people', 'grant', 'bob@example.com', '--role', 'accountant', '--entities', 'a', '--companies', 'b'],
      2,
      'cli.usage',
    ],
    [
      ['people', 'grant', 'bob@example.com', '--role', 'super_admin', '--entities', 'a'],
      2,
      'access.unfitGrant',
    ],
    [['people', 'create', 'c@example.com', '--name', 'C', '--entities', 'a'], 2, 'cli.usage'],
    [['people', 'deactivate', 'ann@example.com'], 7, 'access.lastAdmin'],
    [['people', 'revoke', 'ann@example.com', '--role', 'super_admin'], 7, 'access.lastAdmin'],
    [['tokens', 'revoke', 'fin_01k9z3w2m7h4q8xta'], 3, 'access.unknownToken'],
    [
      [
        'tokens',
        'create',
        '--name',
        'x',
        '--person',
        'bob@example.com',
        '--role',
        'billing.payer',
        '--companies',
        'c',
      ],
      2,
      'access.voidToken',
    ],
    [
      ['tokens', 'create', '--name', 'x', '--person', 'bob@example.com', '--role', 'tech', '--days', '400'],
      2,
      'access.unfitExpiry',
    ],
  ])('refuse %j', async (args, exit, code) => {
    const answer = await json(...args);
    expect([answer.code, answer.error.code]).toEqual([exit, code]);
  });

  it('make a token that works against the server, until it is revoked', async () => {
    const made = await finops(
      'tokens',
      'create',
      '--name',
      'grafana',
      '--person',
      'ann@example.com',
      '--role',
      'accountant',
      '--json',
    );
    const { secret, token } = JSON.parse(made.out);
    expect(made.err).toContain('shown this once');
    const ask = () =>
      fetch(`${server.url}/api/v1/periods`, { headers: { authorization: `Bearer ${secret}` } });
    expect((await ask()).status).toBe(200);
    const listed = await finops('tokens', 'list', '--person', 'ann@example.com');
    expect(listed.out).toContain(`${token.prefix}  grafana  ann@example.com  accountant`);
    expect(listed.out).not.toContain(secret.slice(-43));
    expect((await json('tokens', 'revoke', secret)).revokedAt).toEqual(expect.any(String));
    expect((await ask()).status).toBe(401);
    const invited = await json('people', 'invite', 'bob@example.com');
    expect(invited.url.startsWith(`${server.url}/set-password#`)).toBe(true);
  });
});
