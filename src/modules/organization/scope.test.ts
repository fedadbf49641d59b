import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from './kinds.ts';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

/** One object of each entity's kinds, told by prefix. */
const objects = {
  entities: (entity: string) => ({ id: entity, label: entity, country: 'FR', currency: 'EUR' }),
  'cost-centres': (entity: string) => ({ id: `${entity}-cc`, label: 'cc', entity }),
  applications: (entity: string) => ({
    id: `${entity}-app`,
    label: 'app',
    entity,
    team: 'web',
    costCentre: `${entity}-cc`,
    validFrom: '2026-01-01',
  }),
};
const owned = Object.keys(objects) as (keyof typeof objects)[];
const shared = { domains: { id: 'd', label: 'D' }, teams: { id: 'web', label: 'Web' } };

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  await send('POST', '/teams', shared.teams);
  await send('POST', '/domains', shared.domains);
  for (const entity of ['ours', 'theirs']) {
    for (const kind of owned)
      expect(await send('POST', `/${kind}`, objects[kind](entity))).toMatchObject({ status: 201 });
    await send('PUT', `/source-assignments/aws-${entity}`, { entity });
    await send('POST', `/entity-periods/${entity}/2026-05/close`, {});
  }
});
afterAll(() => test.close());

const ours = { scope: { entities: ['ours'] } };
const engineer = { scope: { applications: ['theirs-app'] } };
const star = { ifMatch: '*' };
const foreign = (kind: keyof typeof objects) => objects[kind]('theirs').id;

describe('a caller who covers one entity', () => {
  it.each(owned)('sees his own %s and no others', async (kind) => {
    const { items } = (await send('GET', `/${kind}`, undefined, ours)).body;
    expect(items.map(({ id }: { id: string }) => id)).toEqual([objects[kind]('ours').id]);
    expect((await send('GET', `/organization/export/${kind}`, undefined, ours)).text).not.toContain('theirs');
  });

  it.each(owned)('finds, changes and retires none of the %s of others', async (kind) => {
    const at = `/${kind}/${foreign(kind)}`;
    const refused = { status: 404, body: { code: 'organization.unknown' } };
    expect(await send('GET', at, undefined, ours)).toMatchObject(refused);
    expect(await send('GET', `${at}/history`, undefined, ours)).toMatchObject(refused);
    expect(await send('PATCH', at, { label: 'mine' }, { ...ours, ...star })).toMatchObject(refused);
    expect(await send('DELETE', at, undefined, { ...ours, ...star })).toMatchObject(refused);
    expect(await send('POST', `${at}/restore`, {}, { ...ours, ...star })).toMatchObject(refused);
    expect((await send('GET', at)).body).toMatchObject({ version: 1, active: true });
  });

  it('learns of a foreign id that it is taken, and no more', async () => {
    for (const kind of ['cost-centres', 'applications'] as const) {
      const object = { id: foreign(kind), label: 'x', entity: 'ours' };
      const taken = await send('POST', `/${kind}`, object, ours);
      expect(taken).toMatchObject({ status: 409, body: { code: 'organization.taken' } });
      expect(Object.keys(taken.body.params)).toEqual(['kind', 'id']);
      const csv = `id,label,entity\n${foreign(kind)},x,ours\n`;
      const imported = await send('POST', '/organization/import', { kind, csv, dryRun: true }, ours);
      expect(imported.body.errors).toMatchObject([{ row: 2, field: 'id' }]);
    }
  });

  it('puts nothing into a foreign entity and names nothing of it', async () => {
    const into = { ...objects.applications('theirs'), id: 'new' };
    const naming = { ...objects.applications('ours'), id: 'new', costCentre: 'theirs-cc' };
    for (const object of [into, naming])
      expect(await send('POST', '/applications', object, ours)).toMatchObject({
        status: 404,
        body: { code: 'organization.unknownReference' },
      });
  });

  it('cannot widen his scope by making an entity or taking a source', async () => {
    const entity = await send('POST', '/entities', objects.entities('new'), {
      scope: { entities: ['ours', 'new'] },
    });
    expect(entity).toMatchObject({ status: 403, body: { code: 'records.outsideScope' } });
    for (const source of ['aws-theirs', 'aws-new']) {
      const taken = await send(
        'PUT',
        `/source-assignments/${source}`,
        { entity: 'ours' },
        { ...ours, ...star },
      );
      expect(taken).toMatchObject({ status: 403, body: { code: 'organization.wholeScopeNeeded' } });
    }
    expect((await send('GET', '/source-assignments', undefined, ours)).body.items).toEqual([
      { source: 'aws-ours', entity: 'ours', version: 1 },
    ]);
    expect((await send('GET', '/source-assignments/aws-theirs', undefined, ours)).status).toBe(404);
    expect((await send('GET', '/source-assignments/aws-theirs/history', undefined, ours)).status).toBe(404);
  });

  it('reads the lists of the installation and changes none of them', async () => {
    for (const [kind, { id }] of Object.entries(shared)) {
      expect((await send('GET', `/${kind}/${id}`, undefined, ours)).status).toBe(200);
      const refused = { status: 403, body: { code: 'organization.wholeScopeNeeded' } };
      expect(await send('POST', `/${kind}`, { id: 'new', label: 'N' }, ours)).toMatchObject(refused);
      expect(await send('PATCH', `/${kind}/${id}`, { label: 'N' }, { ...ours, ...star })).toMatchObject(
        refused,
      );
      expect(await send('DELETE', `/${kind}/${id}`, undefined, { ...ours, ...star })).toMatchObject(refused);
      const csv = `id,label\n${id},N\n`;
      expect(await send('POST', '/organization/import', { kind, csv }, ours)).toMatchObject(refused);
      expect((await send('GET', `/${kind}/${id}/history`, undefined, ours)).status).toBe(403);
    }
  });

  it('sees and moves the months of his entity only', async () => {
    const { items } = (await send('GET', '/entity-periods', undefined, ours)).body;
    expect(items.map(({ entity }: { entity: string }) => entity)).toEqual(['ours']);
    for (const path of ['', '/history'])
      expect((await send('GET', `/entity-periods/theirs/2026-05${path}`, undefined, ours)).status).toBe(404);
    expect((await send('POST', '/entity-periods/theirs/2026-06/close', {}, ours)).status).toBe(404);
    expect((await send('POST', '/entity-periods/ours/2026-06/close', {}, ours)).status).toBe(200);
  });

  it('retires by a replacing file nothing of others', async () => {
    const request = { kind: 'applications', csv: 'id\n', mode: 'replace' };
    expect((await send('POST', '/organization/import', request, ours)).body.retired).toEqual(['ours-app']);
    expect((await send('GET', '/applications/theirs-app')).body.active).toBe(true);
  });
});

describe('an engineer who covers one application', () => {
  it('sees it with its owners, not its entity, cost centre or history', async () => {
    expect((await send('GET', '/applications', undefined, engineer)).body.items).toMatchObject([
      { id: 'theirs-app', team: 'web', costCentre: 'theirs-cc' },
    ]);
    expect((await send('GET', '/applications/theirs-app', undefined, engineer)).body).toMatchObject({
      labels: [{ label: 'app' }],
      assignments: [{ validFrom: '2026-01-01', team: 'web' }],
    });
    for (const path of ['/entities/theirs', '/cost-centres/theirs-cc', '/applications/ours-app'])
      expect((await send('GET', path, undefined, engineer)).status).toBe(404);
    expect((await send('GET', '/applications/theirs-app/history', undefined, engineer)).status).toBe(403);
  });

  it('cannot change it', async () => {
    const change = await send('PATCH', '/applications/theirs-app', { label: 'x' }, { ...engineer, ...star });
    expect([403, 404]).toContain(change.status);
    expect((await send('GET', '/applications/theirs-app')).body.label).toBe('app');
  });
});

describe('a caller with no scope', () => {
  it.each(kinds.filter(({ belongsTo }) => belongsTo !== 'installation').map(({ path }) => path))(
    'sees none of the %s',
    async (path) => {
      expect((await send('GET', `/${path}`, undefined, { scope: {} })).body.items).toEqual([]);
    },
  );
});
