import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConsumptionBench, openConsumptionBench } from './testing/consumption-bench.ts';

let bench: ConsumptionBench;
beforeAll(async () => {
  bench = await openConsumptionBench();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const head = 'month,application,product,quantity';
const october = `${head},unit\n2026-10,shop,disk,1.5,TB-month\n2026-10,blog,disk,20,\n2026-10,lab,vcpu,10,\n`;

describe('closed months', () => {
  it('refuse a change with the month, and let pass what is there already', async () => {
    await bench.bring(`${head}\n2026-09,shop,disk,1\n2026-10,shop,disk,2\n`);
    await bench.period('retail', '2026-09', 'CLOSED');
    const before = await bench.stored('select * from consumption order by 1, 2, 4');
    const { status, code, message } = await bench.refusal(
      `${head}\n2026-09,shop,disk,9\n2026-10,shop,disk,3\n`,
    );
    expect([status, code]).toEqual([409, 'consumption.closedMonth']);
    expect(message).toContain('2026-09 of retail is CLOSED');
    expect(await bench.stored('select * from consumption order by 1, 2, 4')).toEqual(before);
    const result = await bench.bring(`${head}\n2026-09,shop,disk,1\n2026-10,shop,disk,3\n`);
    expect(result).toMatchObject({ status: 'imported', unchanged: 1, changes: [{ month: '2026-10' }] });
  });

  it('refuse to lose facts that the file no longer has, unless it is of another entity', async () => {
    await bench.bring(`${head}\n2026-10,shop,disk,1\n2026-10,lab,disk,2\n`);
    await bench.period('labs', '2026-10', 'LOCKED');
    const file = `${head}\n2026-10,shop,disk,3\n`;
    expect(await bench.refusal(file)).toMatchObject({
      code: 'consumption.closedMonth',
      message: expect.stringContaining('labs is LOCKED'),
    });
    const dry = await bench.bring(file, { dryRun: true });
    expect(dry.problems).toMatchObject([{ code: 'consumption.closedMonth' }]);
    expect(await bench.bring(file, { entity: 'retail' })).toMatchObject({ status: 'imported' });
    expect(await bench.stored("select quantity from consumption where entity_id = 'labs'")).toHaveLength(1);
  });
});

describe('who covers some entities', () => {
  const retail = { entities: ['retail'] };

  it('brings facts of their applications only, and replaces no others', async () => {
    await bench.bring(october);
    const mine = `${head}\n2026-10,shop,disk,3\n`;
    const { body } = await bench.send('POST', '/consumption/imports', { source: 'cmdb', csv: mine }, retail);
    expect(body).toMatchObject({ status: 'imported', changed: 1 });
    expect(await bench.stored("select quantity from consumption where entity_id = 'labs'")).toHaveLength(1);
    const foreign = await bench.refusal(`${head}\n2026-10,lab,disk,3\n`, {}, retail);
    expect(foreign.message).toContain("there is no application 'lab' among those you may bring facts of");
    expect(await bench.refusal(mine, { entity: 'labs' }, retail)).toMatchObject({
      status: 404,
      code: 'consumption.unknownEntity',
    });
    expect(await bench.refusal(mine, {}, { entities: ['labs', 'retail'] })).toMatchObject({
      code: 'consumption.nameEntity',
    });
    expect(await bench.refusal(mine, {}, { applications: ['shop'] })).toMatchObject({
      code: 'consumption.nameEntity',
    });
    expect(await bench.verification()).toMatchObject({ ties: true });
  });

  it('sees facts, imports, rejects, origins and watermarks of theirs only', async () => {
    await bench.bring(october, { name: 'group.csv' });
    const { params } = await bench.refusal(
      `${head}\n2026-10,shop,disk,x\n2026-10,lab,disk,x\n2026-10,nobody,disk,1\n`,
    );
    const get = async (path: string, scope: object) => (await bench.send('GET', path, undefined, scope)).body;
    const labs = { entities: ['labs'] };
    expect((await get('/consumption/facts', labs)).items).toMatchObject([{ application: 'lab' }]);
    expect((await get('/consumption/origins', labs)).items).toMatchObject([{ entity: 'labs' }]);
    expect((await get('/consumption/watermarks', labs)).items).toMatchObject([
      { entity: 'labs', products: [{ product: 'vcpu' }] },
    ]);
    expect((await get('/consumption/imports', labs)).items).toMatchObject([
      { state: 'refused', entities: ['labs'] },
      { entities: ['labs'] },
    ]);
    expect((await get(`/consumption/imports/${params.import}/rejects`, labs)).items).toMatchObject([
      { row: 3 },
    ]);
    expect(await get('/consumption/verification', labs)).toMatchObject({ ties: true, months: 1, facts: 1 });
    const engineer = { applications: ['shop'] };
    expect((await get('/consumption/facts', engineer)).items).toMatchObject([
      { application: 'shop', source: 'cmdb' },
    ]);
    expect(await get('/consumption/verification', engineer)).toMatchObject({ ties: true, months: 0 });
    expect((await get(`/consumption/imports/${params.import}/rejects`, engineer)).items).toEqual([]);
    const nobody = { companies: ['c'] };
    for (const path of ['facts', 'origins', 'watermarks', 'imports'])
      expect((await get(`/consumption/${path}`, nobody)).items, path).toEqual([]);
    expect(await get(`/consumption/imports/${params.import}`, nobody)).toMatchObject({
      code: 'consumption.unknownImport',
    });
  });
});

describe('a fact', () => {
  it('is explained by a sentence that names file, row, source and who brought it', async () => {
    await bench.bring(`${head},explanation\n2026-10,shop,disk,1.5,measured by the array\n`, {
      name: 'array.csv',
    });
    const { body } = await bench.send(
      'GET',
      '/consumption/facts/explanation?month=2026-10&application=shop&product=disk',
    );
    expect(body.facts).toMatchObject([
      {
        quantity: '1.5',
        sentence:
          "1.5 GB-month of disk by shop (prod) in 2026-10: row 2 of array.csv, imported from 'cmdb' on 2026-11-21 by ann@example.com. measured by the array.",
      },
    ]);
    const unknown = await bench.send(
      'GET',
      '/consumption/facts/explanation?month=2026-09&application=shop&product=disk',
    );
    expect(unknown).toMatchObject({ status: 404, body: { code: 'consumption.unknownFact' } });
  });

  it('is found page by page, under every filter', async () => {
    await bench.bring(
      `${head},environment\n2026-09,shop,disk,1,prod\n2026-10,shop,disk,2,prod\n2026-10,shop,disk,3,non_prod\n2026-10,site,disk,4,\n2026-10,lab,vcpu,5,\n`,
    );
    const pages: unknown[] = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const { body } = await bench.send('GET', `/consumption/facts?limit=2${next && `&cursor=${next}`}`);
      pages.push(...body.items);
      next = body.next;
    }
    const whole = (await bench.send('GET', '/consumption/facts')).body.items;
    expect(pages).toEqual(whole);
    expect(whole).toHaveLength(5);
    const count = async (query: string) =>
      (await bench.send('GET', `/consumption/facts?${query}`)).body.items.length;
    expect(
      await Promise.all(
        [
          'month=2026-10',
          'application=shop',
          'product=vcpu',
          'entity=retail',
          'environment=non_prod',
          'source=cmdb',
          'source=x',
          'kind=INDIRECT',
          'from=2026-10&to=2026-10',
          'to=2026-09',
        ].map(count),
      ),
    ).toEqual([4, 3, 1, 4, 1, 5, 0, 0, 4, 1]);
  });
});
