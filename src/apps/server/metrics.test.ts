import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../platform/kernel/index.ts';
import { audit, jsonb, sealNow } from '../../platform/records/index.ts';
import { openTestRecords, type TestRecords } from '../../platform/records/testing/test-records.ts';
import { errors } from './errors.ts';
import { addMetrics, type MetricsOptions } from './metrics.ts';
import { newSmallApp } from './testing/small-app.ts';

let test: TestRecords;
beforeAll(async () => {
  test = await openTestRecords();
});
afterAll(() => test.close());

const lake = { current: async () => ({ generation: 7 }) } as never;

async function figures(
  records: MetricsOptions['records'],
  ask: (app: ReturnType<typeof newSmallApp>) => Promise<unknown> = async () => {},
): Promise<ReadonlyMap<string, number>> {
  const app = newSmallApp();
  const metrics = addMetrics(app, { lake, records });
  app.get('/good', { config: { open: 'anyone' } }, async () => ({}));
  app.get('/bad', { config: { open: 'anyone' } }, async () => {
    throw errors.badRequest({ problem: 'bad' });
  });
  await ask(app);
  const text = await metrics.render();
  await app.close();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('the figures of a server', () => {
  it('count answers by route and status, and refusals by code', async () => {
    const found = await figures(undefined, async (app) => {
      for (const url of ['/good', '/good', '/bad', '/nowhere/2026-10'])
        await app.inject({ method: 'GET', url });
    });
    expect(found.get('finops_http_requests_total{method="GET",route="/good",status="200"}')).toBe(2);
    expect(found.get('finops_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
    expect(found.get('finops_http_request_duration_seconds_count{method="GET",route="/good"}')).toBe(2);
    expect(found.get('finops_problems_total{code="server.badRequest"}')).toBe(1);
    expect(found.get('finops_lake_generation')).toBe(7);
    expect([...found.keys()].some((name) => name.startsWith('finops_records'))).toBe(false);
  });

  it('tell what the records do: transactions that were kept and that were not', async () => {
    const of = (end: string) => `finops_records_transactions_total{end="${end}"}`;
    const before = await figures(async () => test.records);
    await test.records.write(systemCaller, async () => {});
    await test.records
      .write(systemCaller, async () => {
        throw new Error('changed my mind');
      })
      .catch(() => {});
    const after = await figures(async () => test.records);
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    // The figures themselves are read in one.
    expect([grown(of('committed')), grown(of('rolled_back'))]).toEqual([2, 1]);
    expect(grown('finops_records_transaction_seconds_total')).toBeGreaterThan(0);
    expect(after.get('finops_records_up')).toBe(1);
  });

  it('tell how long the audit log has waited for its seal', async () => {
    await sealNow(test.records);
    const sealed = await figures(async () => test.records);
    await test.records.write(systemCaller, (tx) =>
      audit(tx, systemCaller, {
        action: 'thing.create',
        object: { type: 'thing', id: 'a' },
        entity: null,
        before: null,
        after: null,
      }),
    );
    await sleep(60);
    const waiting = await figures(async () => test.records);
    const age = 'finops_audit_unsealed_seconds';
    expect(sealed.get(age)).toBe(0);
    expect(waiting.get(age)).toBeGreaterThanOrEqual(0.05);
    await sealNow(test.records);
    expect((await figures(async () => test.records)).get(age)).toBe(0);
  });

  it('count the runs that there are by kind and state', async () => {
    const run = (id: string, state: string) => ({
      id,
      kind: 'bill.import',
      key: null,
      entity_id: null,
      place: 'queue' as const,
      detached: true,
      state,
      input: jsonb({}),
      actor_kind: 'system',
      actor_id: 'system',
      actor_name: 'system',
      max_failures: 1,
      due_at: new Date().toISOString(),
      ...(state === 'queued' ? {} : { finished_at: new Date().toISOString() }),
    });
    const runs = [run('a', 'queued'), run('b', 'cancelled'), run('c', 'cancelled')];
    await test.records.write(systemCaller, (tx) => tx.insertInto('run').values(runs).execute());
    const found = await figures(async () => test.records);
    expect(found.get('finops_runs{kind="bill.import",state="queued"}')).toBe(1);
    expect(found.get('finops_runs{kind="bill.import",state="cancelled"}')).toBe(2);
  });

  it('say that the records do not answer, and everything else all the same', async () => {
    const found = await figures(async () => {
      throw new Error('connect ECONNREFUSED');
    });
    expect([found.get('finops_records_up'), found.get('finops_lake_generation')]).toEqual([0, 7]);
    expect(found.has('process_uptime_seconds')).toBe(true);
  });
});
