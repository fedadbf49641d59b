import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../platform/kernel/index.ts';
import { sourcesOfEntities } from './index.ts';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  for (const id of ['retail', 'labs'])
    await send('POST', '/entities', { id, label: id, country: 'FR', currency: 'EUR' });
});
afterAll(() => test.close());

const assign = (source: string, entity: string, ifMatch?: string) =>
  send('PUT', `/source-assignments/${source}`, { entity }, ifMatch === undefined ? {} : { ifMatch });

describe('sources of bills', () => {
  it('are given to an entity, whose scope they become', async () => {
    expect(await assign('aws', 'retail')).toMatchObject({
      status: 200,
      etag: '"v1"',
      body: { source: 'aws', entity: 'retail', version: 1 },
    });
    await assign('gcp', 'labs');
    await assign('azure', 'labs');
    const of = (...entities: string[]) =>
      test.records.read(systemCaller, (tx) => sourcesOfEntities(tx, entities));
    expect(await of('labs')).toEqual(['azure', 'gcp']);
    expect(await of('labs', 'retail')).toEqual(['aws', 'azure', 'gcp']);
    expect(await of()).toEqual([]);
  });

  it('change hands with the version that was read, and are the same again without one', async () => {
    expect((await assign('aws', 'retail')).etag).toBe('"v1"');
    expect((await assign('aws', 'labs')).status).toBe(428);
    expect((await assign('aws', 'labs', '"v9"')).status).toBe(412);
    expect((await assign('aws', 'labs', '"v1"')).body).toMatchObject({ entity: 'labs', version: 2 });
  });

  it('go to no entity that is unknown or retired, and carry no unfit name', async () => {
    await send('POST', '/entities', { id: 'old', label: 'Old', country: 'FR', currency: 'EUR' });
    await send('DELETE', '/entities/old', undefined, { ifMatch: '*' });
    expect((await assign('new', 'none')).status).toBe(404);
    expect((await assign('new', 'old')).status).toBe(409);
    expect((await assign('a%2Fb', 'labs')).status).toBe(400);
    expect((await send('GET', '/source-assignments/new')).status).toBe(404);
  });

  it('are taken back, and tell their history', async () => {
    expect((await send('DELETE', '/source-assignments/gcp')).status).toBe(428);
    expect((await send('DELETE', '/source-assignments/gcp', undefined, { ifMatch: '"v1"' })).status).toBe(
      200,
    );
    expect((await send('GET', '/source-assignments?entity=labs')).body.items).toMatchObject([
      { source: 'aws' },
      { source: 'azure' },
    ]);
    const { items } = (await send('GET', '/source-assignments/aws/history')).body;
    expect(items).toMatchObject([
      { action: 'source.assign', before: { entity: 'retail' }, after: { entity: 'labs' } },
      { action: 'source.assign', before: null, after: { entity: 'retail' } },
    ]);
  });
});
