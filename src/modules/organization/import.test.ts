import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestOrganization, type TestOrganization } from './testing/organization.ts';

let test: TestOrganization;
let send: TestOrganization['send'];

beforeAll(async () => {
  test = await openTestOrganization();
  send = test.send;
  await bring('entities', 'id,label,country,currency\nretail,Retail,FR,EUR\nlabs,Labs,GB,GBP\n');
  await bring('cost-centres', 'id,label,entity\ncc-1,Shops,retail\ncc-9,Research,labs\n');
});
afterAll(() => test.close());

const ask = (kind: string, csv: string, more: Readonly<Record<string, unknown>> = {}) =>
  send('POST', '/organization/import', { kind, csv, ...more });

async function bring(kind: string, csv: string, more: Readonly<Record<string, unknown>> = {}) {
  const answer = await ask(kind, csv, more);
  expect(answer, answer.text).toMatchObject({ status: 200, body: { errors: [] } });
  return answer.body;
}

const exported = async (kind: string) => (await send('GET', `/organization/export/${kind}`)).text;

describe('importing a list', () => {
  it('creates, changes and leaves alone what the file says, and says so', async () => {
    await bring('teams', 'id,label,parent\nweb,Web,\nold,Old,\n');
    const diff = await bring(
      'teams',
      'id,label,parent\nweb,Web shop,\nold,Old,\nshops,Shops,tills\ntills,Tills,web\n',
    );
    expect(diff).toEqual({
      context: { kind: 'teams', mode: 'upsert', dryRun: false },
      created: ['shops', 'tills'],
      changed: [{ id: 'web', fields: [{ field: 'label', before: 'Web', after: 'Web shop' }] }],
      retired: [],
      restored: [],
      unchanged: 1,
      errors: [],
    });
    expect((await send('GET', '/teams/shops')).body.parent).toBe('tills');
    expect((await send('GET', '/teams/web/history')).body.items).toMatchObject([
      { action: 'team.update', after: { label: 'Web shop' } },
      { action: 'team.create' },
    ]);
  });

  it('shows in a dry run the same difference, and changes nothing', async () => {
    const csv = 'id,label,active\nweb,Webshop,true\nold,Old,false\nnew,New,\n';
    const before = await exported('teams');
    const dry = await bring('teams', csv, { dryRun: true });
    expect(dry).toMatchObject({ created: ['new'], changed: [{ id: 'web' }], retired: ['old'], unchanged: 0 });
    expect(await exported('teams')).toBe(before);
    expect((await send('GET', '/teams/web/history')).body.items).toHaveLength(2);
    const { context: _, ...same } = await bring('teams', csv);
    expect(dry).toMatchObject(same);
  });

  it('retires in mode replace what the file does not name, and restores what it says is active', async () => {
    const csv = 'id,label,active\nweb,Webshop,true\ntills,Tills,\nshops,Shops,\nold,Old,true\n';
    expect(await bring('teams', csv, { mode: 'replace' })).toMatchObject({
      retired: ['new'],
      restored: ['old'],
      created: [],
      unchanged: 3,
    });
    expect(await bring('teams', csv, { mode: 'replace' })).toMatchObject({
      retired: [],
      restored: [],
      unchanged: 4,
    });
  });

  it('leaves fields whose column is absent as they are, and empties those whose cell is', async () => {
    await bring('entities', 'id,vatId,timeZone\nretail,FR123,Europe/Paris\n');
    await bring('entities', 'timeZone,id\n,retail\n');
    expect((await send('GET', '/entities/retail')).body).toMatchObject({
      vatId: 'FR123',
      timeZone: 'Europe/Paris',
    });
    expect(await bring('entities', 'id,vatId\nretail,\n')).toMatchObject({
      changed: [{ id: 'retail', fields: [{ field: 'vatId', before: 'FR123', after: '' }] }],
    });
  });

  it('takes an application with environments and attributes from a day on', async () => {
    const header = 'id,label,entity,environments,team,costCentre,attributes.cluster,attributes.platform\n';
    const row = 'shop,Shop,retail,prod non_prod,web,cc-1,eu-1,k8s\n';
    await bring('applications', header + row, { validFrom: '2026-01-01' });
    const diff = await bring('applications', 'id,attributes.cluster,attributes.platform\nshop,eu-2,\n');
    expect(diff.changed).toEqual([
      {
        id: 'shop',
        fields: [
          { field: 'attributes.cluster', before: 'eu-1', after: 'eu-2' },
          { field: 'attributes.platform', before: 'k8s', after: '' },
        ],
      },
    ]);
    expect((await send('GET', '/applications/shop')).body.assignments).toMatchObject([
      { validFrom: '2026-01-01', validTo: '2026-11-01', attributes: { cluster: 'eu-1', platform: 'k8s' } },
      { validFrom: '2026-11-01', validTo: null, attributes: { cluster: 'eu-2' } },
    ]);
  });

  it('says in a file with a day how things have been since, even where nothing differs today', async () => {
    const csv = 'id,attributes.cluster\nshop,eu-2\n';
    expect((await bring('applications', csv)).unchanged).toBe(1);
    expect((await bring('applications', csv, { validFrom: '2026-06-01' })).changed).toEqual([
      { id: 'shop', fields: [{ field: 'attributes.cluster', before: 'eu-1', after: 'eu-2' }] },
    ]);
  });
});

describe('a file with errors', () => {
  it('changes nothing and names every row', async () => {
    const before = [await exported('cost-centres'), await exported('teams')];
    const csv = [
      'id,label,entity,active',
      'cc-1,Renamed,retail,',
      'cc-2,,retail,',
      'cc 3,Three,retail,',
      'cc-4,Four,nowhere,',
      'cc-5,Five,retail,yes',
      'cc-1,Again,retail,',
      'cc-6,Six',
      'cc-7,Seven,,',
      'cc-9,Research,retail,',
    ].join('\n');
    const answer = await ask('cost-centres', csv);
    expect(answer).toMatchObject({ status: 422, body: { code: 'organization.importRefused' } });
    expect(
      answer.body.params.errors.map(({ row, field }: { row: number; field: string }) => [row, field]),
    ).toEqual([
      [3, 'label'],
      [4, 'id'],
      [5, 'entity'],
      [6, 'active'],
      [7, 'id'],
      [8, ''],
      [9, 'entity'],
      [10, 'entity'],
    ]);
    expect((await ask('cost-centres', csv, { dryRun: true })).body.errors).toEqual(answer.body.params.errors);
    expect([await exported('cost-centres'), await exported('teams')]).toEqual(before);
  });

  it.each([
    ['', 'id'],
    ['label\nx\n', 'id'],
    ['id,lable\na,b\n', 'lable'],
    ['id,id\na,a\n', 'id'],
    ['id;label\na;b\n', 'id'],
    ['id,label,attributes.x\na,b,c\n', 'attributes.x'],
    ['id,label\na,"b\n', ''],
  ])('names what is wrong with %j', async (csv, field) => {
    const { status, body } = await ask('teams', csv);
    expect(status).toBe(422);
    expect(body.params.errors[0]).toMatchObject({ field });
  });

  it('names the row whose retirement or ownership stands against the rest', async () => {
    const inUse = await ask('teams', 'id,active\nweb,false\n');
    expect(inUse.body.params.errors).toMatchObject([{ row: 2, field: 'active' }]);
    const gone = await ask('teams', 'id\nold\n', { mode: 'replace' });
    expect(gone.body.params.errors).toMatchObject([
      { row: 0, message: expect.stringContaining("'web' is still used") },
    ]);
    await send('POST', '/entity-periods/retail/2026-08/close', {});
    const closed = await ask('applications', 'id,team\nshop,old\n', { validFrom: '2026-08-01' });
    expect(closed.body.params.errors).toMatchObject([{ row: 2, field: 'validFrom' }]);
    const cycle = await ask('teams', 'id,parent\nweb,shops\n');
    expect(cycle.body.params.errors).toMatchObject([{ row: 2, field: 'parent' }]);
  });

  it.each([
    { kind: 'people', csv: '' },
    { kind: 'teams' },
    { kind: 'teams', csv: '', mode: 'merge' },
    { kind: 'teams', csv: '', path: '/etc/passwd' },
  ])('a request that does not fit is refused: %j', async (body) => {
    expect((await send('POST', '/organization/import', body)).status).toBe(400);
  });
});

describe('exporting a list', () => {
  it('writes what an import takes back unchanged, whatever people wrote', async () => {
    const labels = ['=1+1', '-x', '@me', "'tis", "'=1", 'a,b "c"', 'x;y', 'ünï ☂', '+33 1'];
    for (const [index, label] of labels.entries())
      await send('POST', '/teams', { id: `t-${index}`, label, parent: 'web' });
    for (const kind of ['entities', 'teams', 'cost-centres', 'applications']) {
      const before = await exported(kind);
      const diff = await bring(kind, before, { mode: 'replace' });
      expect(diff).toMatchObject({ created: [], changed: [], retired: [], restored: [] });
      expect(diff.unchanged).toBe(before.trimEnd().split('\r\n').length - 1);
      expect(await exported(kind)).toBe(before);
    }
    const { items } = (await send('GET', '/teams?parent=web')).body;
    expect(items.map(({ label }: { label: string }) => label)).toEqual(expect.arrayContaining(labels));
  });

  it('gives a spreadsheet nothing to run', async () => {
    const cells = (await exported('teams')).split(/[,\r\n]+/);
    expect(cells).toContain("'=1+1");
    expect(cells.filter((cell) => /^"?[=+\-@\t]/.test(cell))).toEqual([]);
  });

  it('is a CSV file to be saved', async () => {
    const { text, etag } = await send('GET', '/organization/export/applications');
    expect(etag).toBeUndefined();
    expect(text).toBe(
      'id,label,entity,environments,team,costCentre,attributes.cluster,active\r\n' +
        'shop,Shop,retail,prod non_prod,web,cc-1,eu-2,true\r\n',
    );
    expect((await send('GET', '/organization/export/people')).status).toBe(400);
  });
});

describe('a large file', () => {
  it('brings ten thousand applications in some seconds, with a line of history each', async () => {
    const count = 10_000;
    const rows = Array.from(
      { length: count },
      (_, n) => `app-${String(n).padStart(5, '0')},Application ${n},labs,prod,web,cc-9,c${n % 7}`,
    );
    const csv = ['id,label,entity,environments,team,costCentre,attributes.cluster', ...rows].join('\n');
    const started = performance.now();
    expect((await bring('applications', csv)).created).toHaveLength(count);
    expect(performance.now() - started).toBeLessThan(20_000);
    const elsewhere = csv.replaceAll('prod', 'non_prod');
    expect((await bring('applications', elsewhere)).changed).toHaveLength(count);
    expect((await bring('applications', elsewhere)).unchanged).toBe(count);
    expect((await exported('applications')).split('\r\n')).toHaveLength(count + 3);
    expect((await send('GET', '/applications/app-00042/history')).body.items).toHaveLength(2);
  });
});
