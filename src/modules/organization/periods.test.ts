import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../platform/kernel/index.ts';
import { periodStateOf } from './index.ts';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  for (const id of ['retail', 'labs'])
    await send('POST', '/entities', { id, label: id, country: 'FR', currency: 'EUR' });
  for (const id of ['a', 'b']) await send('POST', '/teams', { id, label: id });
});
afterAll(() => test.close());

const step = (verb: string, month: string, body: unknown = {}) =>
  send('POST', `/entity-periods/${month}/${verb}`, body);
const stateOf = async (month: string) => (await send('GET', `/entity-periods/${month}`)).body.state;

describe('months of an entity', () => {
  it('are open until they are closed, and end locked', async () => {
    expect(await stateOf('retail/2026-08')).toBe('OPEN');
    const closed = await step('close', 'retail/2026-08', { reason: 'all bills are in' });
    expect(closed.body).toEqual({
      entity: 'retail',
      period: '2026-08',
      state: 'CLOSED',
      reason: 'all bills are in',
      changedAt: '2026-11-21T10:00:00.000Z',
      changedBy: 'ann@example.com',
    });
    expect((await step('lock', 'retail/2026-08')).body.state).toBe('LOCKED');
    expect(await test.records.read(systemCaller, (tx) => periodStateOf(tx, 'retail', '2026-08'))).toBe(
      'LOCKED',
    );
    expect(await stateOf('labs/2026-08')).toBe('OPEN');
  });

  it('open again with a reason only, and never once locked', async () => {
    await step('close', 'retail/2026-07');
    expect((await step('reopen', 'retail/2026-07')).status).toBe(400);
    expect((await step('reopen', 'retail/2026-07', { reason: 'a late bill' })).body).toMatchObject({
      state: 'OPEN',
      reason: 'a late bill',
    });
    expect(await step('reopen', 'retail/2026-08', { reason: 'please' })).toMatchObject({
      status: 409,
      body: { code: 'organization.wrongState' },
    });
  });

  it.each([
    ['lock', 'labs/2026-08'],
    ['reopen', 'labs/2026-08'],
    ['close', 'retail/2026-08'],
    ['lock', 'retail/2026-08'],
  ])('take no step out of turn: %s %s', async (verb, month) => {
    const before = await stateOf(month);
    expect(await step(verb, month, { reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'organization.wrongState' },
    });
    expect(await stateOf(month)).toBe(before);
  });

  it('cannot be closed before they begin, nor for an entity that is not there', async () => {
    expect(await step('close', 'retail/2026-12')).toMatchObject({
      status: 409,
      body: { code: 'organization.monthToCome' },
    });
    expect((await step('close', 'nobody/2026-08')).status).toBe(404);
    expect((await step('close', 'retail/2026-13')).status).toBe(400);
  });

  it('are closed once when many close them at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => step('close', 'labs/2026-05')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
  });

  it('are listed by entity and month, in pages, and tell their history', async () => {
    const first = (await send('GET', '/entity-periods?limit=1')).body;
    expect(first.items).toMatchObject([{ entity: 'labs', period: '2026-05', state: 'CLOSED' }]);
    const rest = (await send('GET', `/entity-periods?cursor=${first.next}`)).body;
    expect(rest.items.map(({ period }: { period: string }) => period)).toEqual(['2026-07', '2026-08']);
    expect(
      (await send('GET', '/entity-periods?state=LOCKED&from=2026-01&to=2026-12')).body.items,
    ).toHaveLength(1);
    const { items } = (await send('GET', '/entity-periods/retail/2026-07/history')).body;
    expect(items.map(({ action }: { action: string }) => action)).toEqual(['period.reopen', 'period.close']);
  });
});

describe('closed means closed', () => {
  it('keeps the ownership of a closed month as it was', async () => {
    const app = { id: 'app', label: 'App', entity: 'retail', team: 'a', validFrom: '2026-09-01' };
    expect((await send('POST', '/applications', app)).status).toBe(201);
    await step('close', 'retail/2026-09');
    const patch = (values: Readonly<Record<string, unknown>>) =>
      send('PATCH', '/applications/app', values, { ifMatch: '*' });
    expect(await patch({ team: 'b', validFrom: '2026-09-15' })).toMatchObject({
      status: 409,
      body: { code: 'organization.monthClosed', params: { period: '2026-09', validFrom: '2026-09-15' } },
    });
    expect((await patch({ team: 'b', validFrom: '2026-10-01' })).status).toBe(200);
    const early = await send('POST', '/applications', { ...app, id: 'early' });
    expect(early).toMatchObject({ status: 409, body: { code: 'organization.monthClosed' } });
    await step('reopen', 'retail/2026-09', { reason: 'the owner was wrong' });
    // August is locked for ever, and July is not.
    expect((await patch({ team: 'b', validFrom: '2026-09-01' })).status).toBe(200);
    expect((await patch({ team: 'a', validFrom: '2026-08-31' })).body.params.period).toBe('2026-08');
  });

  it('lets through what says the same of the closed month', async () => {
    await step('close', 'retail/2026-10');
    const same = { team: 'b', validFrom: '2026-10-01' };
    expect(await send('PATCH', '/applications/app', same, { ifMatch: '*' })).toMatchObject({ status: 200 });
  });
});
