import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  await create('entities', { id: 'retail', label: 'Retail SAS', country: 'FR', currency: 'EUR' });
  await create('entities', { id: 'labs', label: 'Labs Ltd', country: 'GB', currency: 'GBP' });
  await create('teams', { id: 'web', label: 'Web' });
  await create('teams', { id: 'data', label: 'Data', parent: 'web' });
  await create('cost-centres', { id: 'cc-1', label: 'Shops', entity: 'retail' });
  await create('cost-centres', { id: 'cc-2', label: 'Online', entity: 'retail' });
  await create('cost-centres', { id: 'cc-9', label: 'Research', entity: 'labs' });
  await create('domains', { id: 'hosting', label: 'Hosting' });
  await create('domains', { id: 'network', label: 'Network' });
  await create('families', { id: 'vm', label: 'Machines', domain: 'hosting' });
});
afterAll(() => test.close());

async function create(path: string, object: Readonly<Record<string, unknown>>) {
  const answer = await send('POST', `/${path}`, object);
  expect(answer, answer.text).toMatchObject({ status: 201 });
  return answer;
}

describe('creating, reading and changing', () => {
  it('gives a new entity its defaults and version 1', async () => {
    const { body, etag } = await send('GET', '/entities/retail');
    expect(etag).toBe('"v1"');
    expect(body).toEqual({
      id: 'retail',
      label: 'Retail SAS',
      country: 'FR',
      currency: 'EUR',
      vatId: null,
      billingAddress: null,
      timeZone: 'UTC',
      active: true,
      retiredAt: null,
      version: 1,
      labels: [{ validFrom: null, validTo: null, label: 'Retail SAS' }],
    });
  });

  it('changes what is given, leaves the rest, and raises the version', async () => {
    await create('products', { id: 'cpu', label: 'CPU', domain: 'hosting', family: 'vm', unit: 'hour' });
    const changed = await send(
      'PATCH',
      '/products/cpu',
      { family: null, unit: 'vCPU-hour' },
      { ifMatch: '"v1"' },
    );
    expect(changed).toMatchObject({ status: 200, etag: '"v2"' });
    expect(changed.body).toMatchObject({ label: 'CPU', family: null, unit: 'vCPU-hour', version: 2 });
  });

  it('leaves version and history alone when nothing changes', async () => {
    await create('domains', { id: 'same', label: 'Same' });
    expect(await send('PATCH', '/domains/same', { label: 'Same' }, { ifMatch: '"v1"' })).toMatchObject({
      status: 200,
      etag: '"v1"',
    });
    expect((await send('GET', '/domains/same/history')).body.items).toHaveLength(1);
  });

  it('lists by id in pages that go on where they were left', async () => {
    const first = await send('GET', '/cost-centres?limit=2');
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(['cc-1', 'cc-2']);
    await create('cost-centres', { id: 'cc-0', label: 'Early', entity: 'retail' });
    const second = await send('GET', `/cost-centres?limit=2&cursor=${first.body.next}`);
    expect(second.body).toEqual({
      context: { asOf: null },
      items: [expect.objectContaining({ id: 'cc-9' })],
    });
  });

  it('narrows a list by what its objects name and whether they are active', async () => {
    const ids = async (query: string) =>
      (await send('GET', query)).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('/cost-centres?entity=labs')).toEqual(['cc-9']);
    expect(await ids('/entities?country=FR')).toEqual(['retail']);
    expect(await ids('/teams?parent=web&active=true')).toEqual(['data']);
    expect(await ids('/teams?active=false')).toEqual([]);
  });

  it.each([
    ['/entities', { id: 'x', label: 'X', country: 'EU', currency: 'EUR' }],
    ['/entities', { id: 'x', label: 'X', country: 'FR', currency: 'XXX' }],
    ['/entities', { id: 'x', label: 'X', country: 'FR', currency: 'EUR', timeZone: 'Mars/Base' }],
    ['/entities', { id: 'x', label: 'X', country: 'FR', currency: 'EUR', colour: 'red' }],
    ['/domains', { id: '../x', label: 'X' }],
    ['/domains', { id: "x';drop table domain", label: 'X' }],
    ['/domains', { id: 'x', label: ' ' }],
    ['/domains', { id: 'x', label: 'a\u0000b' }],
    ['/domains', { id: 'x', label: 'half \ud800 a letter' }],
    ['/domains', { id: 'x' }],
    ['/domains', { id: 'x', label: ['X'] }],
    ['/applications', { id: 'x', label: 'X', entity: 'retail', environments: ['production'] }],
    ['/applications', { id: 'x', label: 'X', entity: 'retail', attributes: { 'a b': 'c' } }],
    ['/applications', { id: 'x', label: 'X', entity: 'retail', validFrom: '2026-02-30' }],
  ])('takes nothing unfit: POST %s %j', async (path, object) => {
    expect(await send('POST', path, object)).toMatchObject({ status: 400 });
    expect((await send('GET', `${path}/x`)).status).toBe(404);
  });

  it.each(['limit=0', 'cursor=abc', 'asOf=2026-13', 'asOf=2026-02-30', 'active=perhaps', 'colour=red'])(
    'refuses the query %s',
    async (query) => {
      expect(await send('GET', `/teams?${query}`)).toMatchObject({ status: 400 });
    },
  );
});

describe('optimistic concurrency', () => {
  it('refuses a change without If-Match, and one made of an older version', async () => {
    await create('domains', { id: 'twice', label: 'One' });
    expect(await send('PATCH', '/domains/twice', { label: 'Two' })).toMatchObject({
      status: 428,
      body: { code: 'organization.ifMatchNeeded' },
    });
    await send('PATCH', '/domains/twice', { label: 'Two' }, { ifMatch: '"v1"' });
    for (const [method, path, body] of [
      ['PATCH', '/domains/twice', { label: 'Three' }],
      ['DELETE', '/domains/twice', undefined],
      ['POST', '/domains/twice/restore', {}],
    ] as const) {
      const stale = await send(method, path, body, { ifMatch: '"v1"' });
      expect(stale).toMatchObject({ status: 412, body: { code: 'organization.stale' } });
    }
    expect((await send('GET', '/domains/twice')).body).toMatchObject({ label: 'Two', version: 2 });
  });

  it('takes any version for *, and one of several', async () => {
    await create('domains', { id: 'any', label: 'One' });
    expect((await send('PATCH', '/domains/any', { label: 'Two' }, { ifMatch: '*' })).etag).toBe('"v2"');
    expect((await send('PATCH', '/domains/any', { label: 'Three' }, { ifMatch: '"v1", "v2"' })).etag).toBe(
      '"v3"',
    );
    expect((await send('PATCH', '/domains/any', { label: 'Four' }, { ifMatch: 'W/"v3"' })).status).toBe(412);
  });

  it('lets one of many changes of the same version through', async () => {
    await create('domains', { id: 'raced', label: 'Zero' });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        send('PATCH', '/domains/raced', { label: `L${n}` }, { ifMatch: '"v1"' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(412)]);
    expect((await send('GET', '/domains/raced/history')).body.items).toHaveLength(2);
  });

  it('lets one of many creations of the same id through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => send('POST', '/domains', { id: 'born', label: `L${n}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('organization.taken');
  });
});

describe('what objects name', () => {
  it('must exist, be active, and belong together', async () => {
    const product = { id: 'p', label: 'P', domain: 'hosting', unit: 'hour' };
    expect(await send('POST', '/products', { ...product, domain: 'none' })).toMatchObject({
      status: 404,
      body: {
        code: 'organization.unknownReference',
        message: expect.stringContaining("domain: there is no domain 'none'"),
      },
    });
    expect(await send('POST', '/products', { ...product, domain: 'network', family: 'vm' })).toMatchObject({
      status: 409,
      body: { code: 'organization.elsewhere' },
    });
    await create('domains', { id: 'gone', label: 'Gone' });
    await send('DELETE', '/domains/gone', undefined, { ifMatch: '"v1"' });
    expect(await send('POST', '/products', { ...product, domain: 'gone' })).toMatchObject({
      status: 409,
      body: { code: 'organization.retiredReference' },
    });
    expect((await send('GET', '/products/p')).status).toBe(404);
  });

  it('keeps a family in the domain of its product when the product moves', async () => {
    await create('products', { id: 'mover', label: 'M', domain: 'hosting', family: 'vm', unit: 'hour' });
    expect(await send('PATCH', '/products/mover', { domain: 'network' }, { ifMatch: '"v1"' })).toMatchObject({
      status: 409,
      body: { code: 'organization.elsewhere' },
    });
    const moved = await send(
      'PATCH',
      '/products/mover',
      { domain: 'network', family: null },
      { ifMatch: '"v1"' },
    );
    expect(moved.body).toMatchObject({ domain: 'network', family: null });
  });

  it('keeps the cost centre of an application in its entity', async () => {
    const shop = { id: 'shop', label: 'Shop', entity: 'retail', costCentre: 'cc-9' };
    expect(await send('POST', '/applications', shop)).toMatchObject({
      status: 409,
      body: { code: 'organization.elsewhere' },
    });
  });

  it('keeps an application in its entity for good, retired or not', async () => {
    await create('applications', { id: 'fixed', label: 'Fixed', entity: 'retail' });
    const refused = { status: 409, body: { code: 'organization.fixed' } };
    expect(await send('PATCH', '/applications/fixed', { entity: 'labs' }, { ifMatch: '"v1"' })).toMatchObject(
      refused,
    );
    await send('DELETE', '/applications/fixed', undefined, { ifMatch: '"v1"' });
    expect(
      await send('POST', '/applications', { id: 'fixed', label: 'Other', entity: 'labs' }),
    ).toMatchObject({
      status: 409,
      body: { code: 'organization.taken' },
    });
  });

  it('refuses a team above itself, however far up', async () => {
    await create('teams', { id: 'pipelines', label: 'Pipelines', parent: 'data' });
    expect(await send('PATCH', '/teams/web', { parent: 'pipelines' }, { ifMatch: '"v1"' })).toMatchObject({
      status: 409,
      body: { code: 'organization.cycle', params: { path: ['web', 'pipelines', 'data', 'web'] } },
    });
    expect((await send('PATCH', '/teams/web', { parent: 'web' }, { ifMatch: '"v1"' })).status).toBe(409);
  });
});

describe('retiring and restoring', () => {
  it('deletes nothing: a retired object is there, says since when, and can come back', async () => {
    await create('products', { id: 'fax', label: 'Fax', domain: 'network', unit: 'page' });
    const retired = await send('DELETE', '/products/fax', undefined, { ifMatch: '"v1"' });
    expect(retired.body).toMatchObject({ active: false, retiredAt: '2026-11-21T10:00:00.000Z', version: 2 });
    expect((await send('GET', '/products/fax')).body).toMatchObject({ label: 'Fax', active: false });
    expect(await send('DELETE', '/products/fax', undefined, { ifMatch: '"v2"' })).toMatchObject({
      status: 409,
      body: { code: 'organization.alreadyRetired' },
    });
    const restored = await send('POST', '/products/fax/restore', {}, { ifMatch: '"v2"' });
    expect(restored.body).toMatchObject({ active: true, retiredAt: null, version: 3 });
    expect((await send('POST', '/products/fax/restore', {}, { ifMatch: '"v3"' })).status).toBe(409);
  });

  it('refuses to retire what is still used, and names it', async () => {
    await create('domains', { id: 'used', label: 'Used' });
    await create('products', { id: 'user-1', label: 'U1', domain: 'used', unit: 'hour' });
    await create('families', { id: 'user-2', label: 'U2', domain: 'used' });
    const refused = await send('DELETE', '/domains/used', undefined, { ifMatch: '"v1"' });
    expect(refused.body).toMatchObject({
      code: 'organization.inUse',
      params: { count: 2, users: ['family user-2', 'product user-1'] },
    });
    for (const path of ['/products/user-1', '/families/user-2', '/domains/used'])
      expect(await send('DELETE', path, undefined, { ifMatch: '"v1"' })).toMatchObject({ status: 200 });
    expect(await send('POST', '/products/user-1/restore', {}, { ifMatch: '"v2"' })).toMatchObject({
      status: 409,
      body: { code: 'organization.retiredReference' },
    });
  });

  it('refuses to retire a team that answers for an application now or later', async () => {
    await create('teams', { id: 'later', label: 'Later' });
    await create('applications', { id: 'planned', label: 'Planned', entity: 'retail' });
    const planned = { team: 'later', validFrom: '2027-01-01' };
    await send('PATCH', '/applications/planned', planned, { ifMatch: '"v1"' });
    expect((await send('DELETE', '/teams/later', undefined, { ifMatch: '"v1"' })).body).toMatchObject({
      code: 'organization.inUse',
      params: { users: ['application planned'] },
    });
  });

  it('never leaves an active product in a retired domain, however the two race', async () => {
    for (let round = 0; round < 5; round++) {
      const domain = `race-${round}`;
      await create('domains', { id: domain, label: 'Race' });
      await Promise.all([
        send('DELETE', `/domains/${domain}`, undefined, { ifMatch: '"v1"' }),
        send('POST', '/products', { id: `racer-${round}`, label: 'R', domain, unit: 'hour' }),
      ]);
      const [{ body: home }, product] = [
        await send('GET', `/domains/${domain}`),
        await send('GET', `/products/racer-${round}`),
      ];
      expect([home.active, product.status === 200]).not.toEqual([false, true]);
    }
  });
});

describe('history', () => {
  it('says of each object who did what when, the newest first', async () => {
    await create('domains', { id: 'told', label: 'One' });
    await send('PATCH', '/domains/told', { label: 'Two' }, { ifMatch: '"v1"' });
    await send('DELETE', '/domains/told', undefined, { ifMatch: '"v2"' });
    const { items } = (await send('GET', '/domains/told/history')).body;
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'domain.retire',
      'domain.update',
      'domain.create',
    ]);
    expect(items[1]).toMatchObject({
      actor: { kind: 'person', id: 'p1', name: 'ann@example.com' },
      before: { label: 'One', version: 1 },
      after: { label: 'Two', version: 2 },
      requestId: 'r1',
    });
  });

  it('comes in pages', async () => {
    const first = (await send('GET', '/domains/told/history?limit=2')).body;
    const second = (await send('GET', `/domains/told/history?limit=2&cursor=${first.next}`)).body;
    expect(second.items.map(({ action }: { action: string }) => action)).toEqual(['domain.create']);
    expect(second.next).toBeUndefined();
  });
});

describe('billing addresses', () => {
  const address = '1 Main Street\n75001 Paris';

  it('are shown by the read of the one entity, and masked everywhere else', async () => {
    const entity = { id: 'sealed', label: 'S', country: 'FR', currency: 'EUR', billingAddress: address };
    expect((await create('entities', entity)).body.billingAddress).toBe('[sealed]');
    expect((await send('GET', '/entities/sealed')).body.billingAddress).toBe(address);
    for (const path of ['/entities', '/entities/sealed/history', '/organization/export/entities'])
      expect((await send('GET', path)).text).not.toContain('Main Street');
  });

  it('lie sealed in the database', async () => {
    const [row] = await test.records.asOwner((tx) =>
      tx.selectFrom('entity').select('billing_address_sealed').where('id', '=', 'sealed').execute(),
    );
    expect(row?.billing_address_sealed).toMatch(/^v1\./);
    const logged = await test.records.asOwner((tx) => tx.selectFrom('audit_log').selectAll().execute());
    expect(
      JSON.stringify(logged, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('Main Street');
  });

  it('stay as they are when the mask or the same text comes back, and go when emptied', async () => {
    const patch = (billingAddress: string | null, version: number) =>
      send('PATCH', '/entities/sealed', { billingAddress }, { ifMatch: `"v${version}"` });
    expect((await patch('[sealed]', 1)).etag).toBe('"v1"');
    expect((await patch(address, 1)).etag).toBe('"v1"');
    expect((await patch('2 Side Street', 1)).etag).toBe('"v2"');
    expect((await send('GET', '/entities/sealed')).body.billingAddress).toBe('2 Side Street');
    expect((await patch(null, 2)).body.billingAddress).toBeNull();
  });
});
