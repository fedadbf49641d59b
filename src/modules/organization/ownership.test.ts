import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../platform/kernel/index.ts';
import { assignmentsAsOf, assignmentsIn } from './index.ts';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  await create('entities', { id: 'retail', label: 'Retail', country: 'FR', currency: 'EUR' });
  for (const id of ['web', 'data', 'ops']) await create('teams', { id, label: id });
  for (const id of ['cc-1', 'cc-2']) await create('cost-centres', { id, label: id, entity: 'retail' });
  await create('applications', {
    id: 'shop',
    label: 'Shop',
    entity: 'retail',
    environments: ['non_prod', 'prod'],
    team: 'web',
    costCentre: 'cc-1',
    attributes: { cluster: 'eu-1', platform: 'k8s' },
    validFrom: '2026-01-01',
  });
});
afterAll(() => test.close());

async function create(path: string, object: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await send('POST', `/${path}`, object);
  expect(answer, answer.text).toMatchObject({ status: 201 });
}

async function change(path: string, values: Readonly<Record<string, unknown>>) {
  const answer = await send('PATCH', path, values, { ifMatch: '*' });
  expect(answer, answer.text).toMatchObject({ status: 200 });
  return answer.body;
}

/** Team, cost centre and cluster of the shop, as the list of a month has them; undefined when it is not in it. */
async function ownerIn(asOf: string) {
  const { items } = (await send('GET', `/applications?asOf=${asOf}`)).body;
  const shop = items.find(({ id }: { id: string }) => id === 'shop');
  return shop && [shop.team, shop.costCentre, shop.attributes.cluster];
}

describe('as-was ownership', () => {
  it('shows each month the team, cost centre and attributes that it had', async () => {
    await change('/applications/shop', { costCentre: 'cc-2', validFrom: '2026-04-01' });
    await change('/applications/shop', {
      team: 'data',
      attributes: { cluster: 'eu-2' },
      validFrom: '2026-09-15',
    });
    expect(await ownerIn('2025-12')).toBeUndefined();
    expect(await ownerIn('2026-03')).toEqual(['web', 'cc-1', 'eu-1']);
    expect(await ownerIn('2026-04')).toEqual(['web', 'cc-2', 'eu-1']);
    expect(await ownerIn('2026-09-14')).toEqual(['web', 'cc-2', 'eu-1']);
    expect(await ownerIn('2026-09')).toEqual(['data', 'cc-2', 'eu-2']);
    expect((await send('GET', '/applications/shop')).body).toMatchObject({
      team: 'data',
      environments: ['prod', 'non_prod'],
      attributes: { cluster: 'eu-2', platform: 'k8s' },
      assignments: [
        { validFrom: '2026-01-01', validTo: '2026-04-01', team: 'web', costCentre: 'cc-1' },
        { validFrom: '2026-04-01', validTo: '2026-09-15', team: 'web', costCentre: 'cc-2' },
        { validFrom: '2026-09-15', validTo: null, team: 'data', costCentre: 'cc-2' },
      ],
    });
    expect((await send('GET', '/applications/shop?asOf=2026-03')).body).toMatchObject({
      team: 'web',
      costCentre: 'cc-1',
    });
  });

  it('finds the applications that a team had in a month', async () => {
    const ids = async (query: string) =>
      (await send('GET', `/applications?${query}`)).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('team=web&asOf=2026-08')).toEqual(['shop']);
    expect(await ids('team=web')).toEqual([]);
    expect(await ids('team=data')).toEqual(['shop']);
  });

  it('changes from the first of this month unless a day is named', async () => {
    await create('applications', {
      id: 'till',
      label: 'Till',
      entity: 'retail',
      team: 'web',
      validFrom: '2026-01-01',
    });
    await change('/applications/till', { team: 'ops' });
    expect((await send('GET', '/applications/till')).body.assignments).toMatchObject([
      { validFrom: '2026-01-01', validTo: '2026-11-01', team: 'web' },
      { validFrom: '2026-11-01', validTo: null, team: 'ops' },
    ]);
  });

  it('takes a change that is to come, and shows it when its day is there', async () => {
    const answer = await change('/applications/till', { team: 'data', validFrom: '2027-01-01' });
    expect(answer.team).toBe('ops');
    test.setToday('2027-01-01');
    expect((await send('GET', '/applications/till')).body.team).toBe('data');
    test.setToday('2026-11-21');
  });

  it('takes what was first said back to a day that is named alone', async () => {
    await create('applications', { id: 'late', label: 'Late', entity: 'retail', team: 'web' });
    await change('/applications/late', { validFrom: '2026-02-01' });
    expect((await send('GET', '/applications/late')).body.assignments).toMatchObject([
      { validFrom: '2026-02-01', validTo: null, team: 'web' },
    ]);
  });

  it('gives later modules the owners of a day, and of every day of a month', async () => {
    const [day, month] = await test.records.read(systemCaller, async (tx) => [
      await assignmentsAsOf(tx, '2026-09-14'),
      await assignmentsIn(tx, '2026-09'),
    ]);
    expect(day.find(({ application }) => application === 'shop')).toEqual({
      application: 'shop',
      entity: 'retail',
      validFrom: '2026-04-01',
      validTo: '2026-09-15',
      team: 'web',
      costCentre: 'cc-2',
      attributes: { cluster: 'eu-1', platform: 'k8s' },
    });
    expect(month.filter(({ application }) => application === 'shop').map(({ team }) => team)).toEqual([
      'web',
      'data',
    ]);
  });

  it('has the database refuse a second cost centre at the same time, whoever writes it', async () => {
    const second = test.records.write(systemCaller, (tx) =>
      tx
        .insertInto('application_assignment')
        .values({
          application_id: 'shop',
          entity_id: 'retail',
          valid_from: '2026-03-10',
          valid_to: '2026-03-20',
          team_id: null,
          cost_centre_id: 'cc-2',
          attributes: {},
        })
        .execute(),
    );
    await expect(second).rejects.toMatchObject({
      code: 'records.duplicate',
      message: expect.stringContaining('application_assignment_one_at_a_time'),
    });
  });

  it('keeps the whole of it in the audit log', async () => {
    const { items } = (await send('GET', '/applications/shop/history')).body;
    expect(items[0]).toMatchObject({
      action: 'application.update',
      before: { assignments: [{ team: 'web' }, { team: 'web' }] },
      after: { assignments: [{ team: 'web' }, { team: 'web' }, { validFrom: '2026-09-15', team: 'data' }] },
    });
  });
});

describe('label history', () => {
  const labelIn = async (path: string, asOf: string) =>
    (await send('GET', `${path}?asOf=${asOf}`)).body.label;

  it('calls a product in each month what it was called then', async () => {
    await create('domains', { id: 'net', label: 'Network' });
    await create('products', { id: 'cdn', label: 'Content network', domain: 'net', unit: 'GB' });
    await change('/products/cdn', { label: 'Edge delivery', validFrom: '2026-06-01' });
    await change('/products/cdn', { label: 'Edge' });
    expect(await labelIn('/products/cdn', '2026-05')).toBe('Content network');
    expect(await labelIn('/products/cdn', '2026-06')).toBe('Edge delivery');
    expect(await labelIn('/products/cdn', '2026-11')).toBe('Edge');
    const list = (await send('GET', '/products?asOf=2026-05')).body;
    expect(list).toMatchObject({
      context: { asOf: '2026-05' },
      items: [{ id: 'cdn', label: 'Content network' }],
    });
    expect((await send('GET', '/products/cdn')).body.labels).toEqual([
      { validFrom: null, validTo: '2026-06-01', label: 'Content network' },
      { validFrom: '2026-06-01', validTo: '2026-11-01', label: 'Edge delivery' },
      { validFrom: '2026-11-01', validTo: null, label: 'Edge' },
    ]);
  });

  it('corrects a label back to a day, and refuses one to come', async () => {
    await change('/products/cdn', { label: 'Edge network', validFrom: '2026-06-01' });
    expect(await labelIn('/products/cdn', '2026-07')).toBe('Edge network');
    expect(await labelIn('/products/cdn', '2026-05')).toBe('Content network');
    const early = { label: 'Edge 2', validFrom: '2027-01-01' };
    expect(await send('PATCH', '/products/cdn', early, { ifMatch: '*' })).toMatchObject({
      status: 400,
      body: { code: 'organization.futureLabel' },
    });
  });

  it('counts an object as active in the months before it was retired', async () => {
    await send('DELETE', '/products/cdn', undefined, { ifMatch: '*' });
    expect((await send('GET', '/products?active=true&asOf=2026-05')).body.items).toMatchObject([
      { id: 'cdn', active: true },
    ]);
    expect((await send('GET', '/products?active=true')).body.items).toEqual([]);
  });
});
