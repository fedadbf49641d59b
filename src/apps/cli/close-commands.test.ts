import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { charge, inMonth } from '../../modules/allocation/testing/run-bench.ts';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { findServer, type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

/** A month of one entity, closed by commands and by nothing else; each step builds on those before it. */

let folder: string;
let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out, err } = await finops(...args, '--json');
  return { code, answer: JSON.parse(out || err) };
}

async function done(...args: readonly string[]) {
  const { code, answer } = await json(...args);
  expect(code, JSON.stringify(answer)).toBe(0);
  return answer;
}

/** As the owner of the workspace, by HTTP. */
async function request(method: string, path: string, body?: unknown): Promise<Response> {
  const found = await findServer(data);
  return fetch(`${found?.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${found?.secret}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const graph = `graph: main
rules:
  - { id: tagged, where: "Tags.app is not null", node: "{Tags.app}" }
nodes:
  - { id: shop, type: product, application: shop }
edges: []
`;

const october = [charge('5', '100', 'shop', { InvoiceId: 'INV-1' }), charge('6', '20', 'shop')];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-close-'));
  data = join(folder, 'data');
  await mkdir(data);
  prepared = await prepareTestRecords(data);
  const env = { FINOPS_SERVER_PORT: '0', FINOPS_IMPORT_ROOTS: folder, ...prepared.env };
  workspace = openWorkspace({ root: data, threads: 2, clock: fixedClock('2026-11-21T10:00:00Z') });
  server = await serve({ workspace, config: loadConfig({ env, cwd: folder }) });
  await writeFile(join(folder, 'aws.csv'), csv(focus(...october)));
  await writeFile(join(folder, 'saas.csv'), csv(focus(inMonth('2026-09', charge('5', '3', 'shop')))));
  await writeFile(join(folder, 'graph.yaml'), graph);
  const entity = { id: 'retail', label: 'Retail', country: 'FR', currency: 'EUR' };
  await request('POST', '/entities', entity);
  await request('POST', '/applications', { id: 'shop', label: 'Shop', entity: 'retail' });
  for (const source of ['aws', 'saas']) {
    await request('PUT', `/source-assignments/${source}`, { entity: 'retail' });
    await done('import', `${source}.csv`, '--source', source);
  }
  await done('graph', 'apply', 'graph.yaml', '--publish', '--note', 'first');
});
afterAll(async () => {
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

const accepted = ['--accept-missing', 'saas', '--reason', 'the contract ended'];

describe('finops close', () => {
  it('is refused what is no month, and what does not go together', async () => {
    for (const args of [
      ['close', 'October'],
      ['close', '2026-10', '--check', '--dry-run'],
      ['close', '2026-10', '--check', '--reason', 'x'],
      ['close', '2026-10', '--accept-missing', 'saas'],
      ['close', '2026-10', '--invoice', 'aws'],
    ])
      expect((await finops(...args)).code, args.join(' ')).toBe(2);
    expect((await finops('close', '2026-10', '--entity', 'zulu')).code).toBe(3);
    expect((await finops('close', '2026-10', '--check', '--entity', 'zulu')).code).toBe(3);
    expect((await finops('close', '2026-01')).code).toBe(3);
  });

  it('--check prints a line per step with its difference and link, and ends with 6 when one is broken', async () => {
    const answer = await done('close', '--check', '2026-10');
    expect(answer).toMatchObject({
      schemaVersion: 1,
      balances: true,
      context: { month: '2026-10', run: null, entities: [{ entity: 'retail', state: 'OPEN' }] },
    });
    const invoice = ['close', '--check', '2026-10', '--invoice', 'aws=119.99'];
    expect(await json(...invoice)).toMatchObject({ code: 6, answer: { balances: false } });
    const table = await finops(...invoice);
    expect(table.code).toBe(6);
    expect(table.out).toContain('Books of 2026-10: they do not balance');
    expect(table.out).toMatch(
      /invoice +retail aws +bill = invoice +broken +120\.00 +119\.99 +0\.01 +USD +\/api\/v1/,
    );
    expect(table.err).toContain('invoice retail aws broken: ');
    expect((await json('close', '--check', '2026-10', '--invoice', 'aws=120.00')).code).toBe(0);
  });

  it('is refused with 7 and its name when a bill is missing, with 6 when the books do not balance', async () => {
    const refused = await finops('close', '2026-10');
    expect([refused.code, refused.err]).toEqual([7, expect.stringContaining('close.billsMissing: ')]);
    expect(refused.err).toContain('saas (no bill)');
    const broken = await json('close', '2026-10', ...accepted, '--invoice', 'aws=1');
    expect(broken).toMatchObject({ code: 6, answer: { refused: { code: 'close.broken' } } });
    expect(broken.answer.entities).toMatchObject([
      { entity: 'retail', outcome: 'not closed', state: 'OPEN' },
    ]);
  });

  it('--dry-run says what would happen, and changes nothing', async () => {
    const answer = await done('close', '2026-10', '--dry-run', ...accepted);
    expect(answer.entities).toMatchObject([{ entity: 'retail', outcome: 'would close', state: 'OPEN' }]);
    expect(answer.steps.map(({ step }: { step: string }) => step)).toEqual([
      ...['import', 'allocate', 'price', 'check', 'freeze'],
    ]);
    expect((await done('entity-periods', 'list')).items).toEqual([]);
  });

  it('closes the month as a run with steps, and says so when it is asked again', async () => {
    const closed = await finops('close', '2026-10', ...accepted, '--invoice', 'aws=120.00');
    expect([closed.code, closed.err]).toEqual([0, expect.not.stringContaining('close.')]);
    expect(closed.out).toMatch(/retail +closed +CLOSED +1/);
    expect(closed.out).toContain('Books of 2026-10: they balance');
    const again = await done('close', '2026-10');
    expect(again).toMatchObject({ entities: [{ outcome: 'already closed', freeze: 1 }], steps: [] });
    const { items } = await done('runs', 'list', '--kind', 'close.month');
    const states = items.map(({ state }: { state: string }) => state);
    expect([states.includes('succeeded'), states.includes('failed')]).toEqual([true, true]);
    const { items: months } = await done('entity-periods', 'list');
    expect(months).toMatchObject([{ entity: 'retail', state: 'CLOSED', reason: 'the contract ended' }]);
  });

  it('closes again what was reopened', async () => {
    await done('period', 'reopen', 'retail', '2026-10', '--reason', 'a late correction');
    const answer = await done('close', '2026-10', '--entity', 'retail', ...accepted);
    expect(answer.entities).toMatchObject([{ outcome: 'closed', freeze: 2 }]);
  });

  it('has a page that browsers may show', async () => {
    const page = await request('GET', '/close/2026-10/page');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; style-src 'sha256-/);
    expect(await page.text()).toContain('The books balance.');
  });

  it('answers the same without a server', async () => {
    await server.close();
    const { lines, balances } = await done('close', '--check', '2026-10', '--entity', 'retail');
    expect(balances).toBe(true);
    const frozen = lines.filter(({ step }: { step: string }) => step === 'frozen');
    expect(frozen).toMatchObject([{ state: 'ties', of: 'retail' }]);
  });
});
