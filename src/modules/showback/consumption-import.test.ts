import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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

/** Everything that is kept, but for which import brought it. */
async function kept(): Promise<unknown[]> {
  const facts = await bench.stored(
    'select period, entity_id, application_id, product_id, environment, region, resource, kind, quantity, explanation from consumption order by 1, 2, 4, 3, 5, 7',
  );
  const summary = await bench.stored(
    'select period, entity_id, application_id, product_id, environment, kind, quantity, facts from consumption_summary order by 1, 2, 4, 3, 5',
  );
  const product = await bench.stored('select * from consumption_product order by 1, 2, 3, 4, 5');
  return [facts, summary, product];
}

async function ties(): Promise<void> {
  expect(await bench.verification()).toMatchObject({ ties: true, differences: [] });
}

describe('an import of consumption', () => {
  it('keeps quantities in the unit of their product, with their sums, and declares where they come from', async () => {
    const result = await bench.bring(october, { name: 'october.csv' });
    expect(result).toMatchObject({
      status: 'imported',
      months: ['2026-10'],
      rows: { read: 3, taken: 3, rejected: 0 },
      changed: 2,
      unchanged: 0,
      declared: [
        { entity: 'labs', product: 'vcpu', validFrom: '2026-10', validTo: null },
        { entity: 'retail', product: 'disk', validFrom: '2026-10', validTo: null },
      ],
      changes: [
        {
          month: '2026-10',
          entity: 'labs',
          product: 'vcpu',
          before: null,
          after: { facts: 1, quantity: '10', unit: 'vCPU-hour' },
        },
        {
          month: '2026-10',
          entity: 'retail',
          product: 'disk',
          before: null,
          after: { facts: 2, quantity: '1520', unit: 'GB-month' },
        },
      ],
    });
    const { body } = await bench.send('GET', '/consumption/facts?entity=retail');
    expect(body.items).toMatchObject([
      { application: 'blog', environment: 'unknown', quantity: '20', source: 'cmdb', row: 3 },
      {
        application: 'shop',
        environment: 'prod',
        quantity: '1500',
        unit: 'GB-month',
        row: 2,
        originKind: 'import',
      },
    ]);
    expect(result.findings.map(({ code, rows }) => [code, rows])).toEqual([
      ['consumption.environmentTaken', 2],
      ['consumption.environmentUnknown', 1],
    ]);
    await ties();
  });

  it('changes nothing when the same comes again, in whatever order and spelling', async () => {
    await bench.bring(october);
    const before = await kept();
    const [mark] = await bench.stored(
      "select facts_hash from consumption_watermark where entity_id = 'retail'",
    );
    const again = `unit;quantity;product;application;month\n;10.000;vcpu;lab;2026-10\nGB-Months;020;disk;blog;2026-10\nGB-month;1500.0;disk;shop;2026-10\n`;
    const result = await bench.bring(again);
    expect(result).toMatchObject({
      status: 'unchanged',
      import: null,
      unchanged: 2,
      changes: [],
      declared: [],
    });
    expect(await kept()).toEqual(before);
    expect(
      await bench.stored("select facts_hash from consumption_watermark where entity_id = 'retail'"),
    ).toEqual([mark]);
    expect(await bench.stored('select id from consumption_import')).toHaveLength(1);
  });

  it('takes the place of all that the source said of the month, and of nothing that another source said', async () => {
    await bench.bring(october);
    await bench.bring(`${head}\n2026-10,shop,backup,7\n2026-11,shop,backup,8\n`, { source: 'tapes' });
    const result = await bench.bring(`${head}\n2026-10,shop,disk,3\n`);
    expect(result.changes).toMatchObject([
      { product: 'vcpu', before: { facts: 1, quantity: '10' }, after: null },
      { product: 'disk', before: { facts: 2, quantity: '1520' }, after: { facts: 1, quantity: '3' } },
    ]);
    const facts = await bench.stored('select period, product_id, quantity from consumption order by 1, 2');
    expect(facts.map((fact) => Object.values(fact))).toEqual([
      ['2026-10', 'backup', '7.000000000000'],
      ['2026-10', 'disk', '3.000000000000'],
      ['2026-11', 'backup', '8.000000000000'],
    ]);
    expect(
      await bench.stored('select entity_id, period, facts from consumption_watermark order by 1, 2'),
    ).toMatchObject([
      { entity_id: 'retail', period: '2026-10', facts: 2 },
      { entity_id: 'retail', period: '2026-11', facts: 1 },
    ]);
    await ties();
  });

  it('replaces the months that are named, and takes the month of rows that name none', async () => {
    await bench.bring(`${head}\n2026-09,shop,disk,1\n2026-10,shop,disk,2\n2026-11,shop,disk,3\n`);
    await bench.bring('application,product,quantity\nshop,disk,4\n', { months: ['2026-10'] });
    await bench.bring(`${head}\n2026-11,shop,disk,5\n`, { months: ['2026-09', '2026-11'] });
    const facts = await bench.stored('select period, quantity from consumption order by 1');
    expect(facts.map(({ period, quantity }) => [period, Number(quantity)])).toEqual([
      ['2026-10', 4],
      ['2026-11', 5],
    ]);
    const { message } = await bench.refusal(`${head}\n2026-08,shop,disk,5\n`, { months: ['2026-10'] });
    expect(message).toContain('row 2, month: this import is of 2026-10, not of 2026-08');
  });

  it('adds up what lies in one cell under several resources', async () => {
    await bench.bring(
      `${head},resource,region,environment\n2026-10,shop,disk,1,a,eu,prod\n2026-10,shop,disk,2,b,eu,prod\n2026-10,shop,disk,4,,us,prod\n2026-10,site,disk,8,,eu,prod\n`,
    );
    const summary = await bench.stored(
      'select application_id, region, quantity, facts from consumption_summary order by 1, 2',
    );
    expect(summary.map((one) => Object.values(one))).toEqual([
      ['shop', 'eu', '3.000000000000', 2],
      ['shop', 'us', '4.000000000000', 1],
      ['site', 'eu', '8.000000000000', 1],
    ]);
    const product = await bench.stored(
      'select region, quantity, applications, facts from consumption_product order by 1',
    );
    expect(product.map((one) => Object.values(one))).toEqual([
      ['eu', '11.000000000000', 2, 3],
      ['us', '4.000000000000', 1, 1],
    ]);
    await ties();
  });

  it('tells in a dry run what it would do, and does nothing', async () => {
    await bench.bring(october);
    const before = await kept();
    const result = await bench.bring(`${head}\n2026-10,shop,disk,3\n2026-10,nobody,disk,3\n`, {
      dryRun: true,
    });
    expect(result).toMatchObject({
      status: 'dry-run',
      import: null,
      rows: { read: 2, taken: 1, rejected: 1 },
      changes: [
        { product: 'vcpu', after: null },
        { product: 'disk', after: { facts: 1, quantity: '3' } },
      ],
      rejected: [{ row: 3, field: 'application' }],
    });
    expect(await kept()).toEqual(before);
    expect(await bench.stored('select id from consumption_import')).toHaveLength(1);
  });

  it('rounds what does not divide at 12 decimals and says so', async () => {
    const result = await bench.bring(`${head},unit\n2026-10,shop,vcpu,1,vCPU-minute\n`);
    expect(await bench.stored('select quantity from consumption')).toEqual([{ quantity: '0.016666666667' }]);
    expect(result.findings.map(({ code }) => code)).toContain('consumption.rounded');
  });

  it('reads a list, whose first row is row 1', async () => {
    const rows = [
      { month: '2026-10', application: 'shop', product: 'disk', quantity: 1.25 },
      {
        month: '2026-10',
        application: 'shop',
        product: 'disk',
        quantity: '2',
        environment: 'non_prod',
        explanation: '"half", =1+1',
      },
    ];
    const { status, body } = await bench.send('POST', '/consumption/imports', { source: 'cmdb', rows });
    expect([status, body.status]).toEqual([200, 'imported']);
    expect(await bench.stored('select row_number, explanation from consumption order by 1')).toEqual([
      { row_number: 1, explanation: null },
      { row_number: 2, explanation: '"half", =1+1' },
    ]);
  });

  it('reads a packed file where the caller may read, and leaves nothing behind', async () => {
    await writeFile(join(bench.folder, 'retail', 'a.csv.gz'), gzipSync(`${head}\n2026-10,shop,disk,1\n`));
    await writeFile(
      join(bench.folder, 'retail', 'cut.csv.gz'),
      gzipSync(`${head}\n2026-10,shop,disk,1\n`).subarray(0, 30),
    );
    const ask = (path: string, scope?: object) =>
      bench.send('POST', '/consumption/imports', { source: 'cmdb', path: join(bench.folder, path) }, scope);
    expect((await ask('retail/a.csv.gz', { entities: ['retail'] })).body).toMatchObject({
      status: 'imported',
    });
    expect((await ask('retail/a.csv.gz', { entities: ['labs'] })).status).toBe(403);
    expect((await ask('retail/cut.csv.gz')).status).toBe(422);
    expect(await readdir(join(bench.workspace.root, 'tmp'))).toEqual([]);
  });
});

describe('rows that do not fit', () => {
  const bad = `${head},unit,environment,kind
2026-13,shop,disk,1,,,
2026-10,nobody,disk,1,,,
2026-10,shop,nothing,1,,,
2026-10,shop,old,1,,,
2026-10,shop,disk,"1,5",,,
2026-10,shop,disk,1,hour,,
2026-10,shop,disk,1,,production,
2026-10,shop,lan,-1,,,INDIRECT
2026-10,shop,disk,0.0000000000001,,,
2026-10,site,disk,5,,,
2026-10,site,disk,6,,,
2026-10,lab,lan,2,,,INDIRECT
2026-10,lab,lan,3,,non_prod,DIRECT
2026-10,shop
,,,,,,
`;

  it('refuse the whole file, each named with its row, field and reason, and are kept', async () => {
    const { status, code, params } = await bench.refusal(bad, { name: 'bad.csv' });
    expect([status, code]).toEqual([422, 'consumption.rejectedRows']);
    expect(
      params.errors.map(({ row, field, message }: Record<string, unknown>) => `${row} ${field}: ${message}`),
    ).toEqual([
      "2 month: '2026-13' is no month: write it as 2026-10",
      "3 application: there is no application 'nobody' among those you may bring facts of",
      "4 product: there is no product 'nothing' among those you may bring facts of",
      "5 product: the product 'old' is no longer in use",
      "6 quantity: '1,5' is no quantity: write the decimals after a point, without thousands separators",
      "7 unit: 'hour' counts time; 'GB-month' counts data × time; they do not convert",
      "8 environment: 'production' is no environment: take prod, non_prod, unknown, n_a",
      '9 quantity: -1 is no weight: a weight is 0 or more',
      "10 quantity: '0.0000000000001' cannot be kept: 26 digits before the point and 12 after it are the most",
      "11 : 'disk' of 'site' in 2026-10 (prod, n_a) stands in row 12 too: add the two up, or name their resources",
      "12 : 'disk' of 'site' in 2026-10 (prod, n_a) stands in row 11 too: add the two up, or name their resources",
      "14 kind: row 13 says INDIRECT for 'lan' in 2026-10: a product is measured or weighed, not both",
      '15 : the row has 2 cells, the header 7',
      '16 application: there is no application',
      '16 product: there is no product',
      '16 month: there is no month',
    ]);
    expect(await bench.stored('select * from consumption')).toEqual([]);
    const id = params.import;
    const { body } = await bench.send('GET', `/consumption/imports/${id}`);
    expect(body).toMatchObject({
      state: 'refused',
      rowsRead: 15,
      rowsTaken: 0,
      rowsRejected: 14,
      origin: 'bad.csv',
    });
    const first = await bench.send('GET', `/consumption/imports/${id}/rejects?limit=2`);
    expect(first.body.items[0]).toEqual({
      row: 2,
      field: 'month',
      message: expect.stringContaining('2026-13'),
      entity: 'retail',
      line: '2026-13,shop,disk,1,,,',
    });
    const all = await bench.send('GET', `/consumption/imports/${id}/rejects?limit=100`);
    const rest = await bench.send(
      'GET',
      `/consumption/imports/${id}/rejects?limit=100&cursor=${first.body.next}`,
    );
    expect([...first.body.items, ...rest.body.items]).toEqual(all.body.items);
    expect(all.body.items).toHaveLength(16);
    const csv = await bench.send('GET', `/consumption/imports/${id}/rejects?format=csv`);
    expect(csv.body).toContain('15,,"the row has 2 cells, the header 7","2026-10,shop"\r\n');
  });

  it('are left out where that is accepted, and the rest is taken', async () => {
    const result = await bench.bring(bad, { acceptRejects: true });
    expect(result).toMatchObject({ status: 'imported', rows: { read: 15, taken: 1, rejected: 14 } });
    expect(await bench.stored('select application_id, product_id, kind from consumption')).toEqual([
      { application_id: 'lab', product_id: 'lan', kind: 'INDIRECT' },
    ]);
    expect(await bench.stored('select count(*)::integer as n from consumption_reject')).toEqual([{ n: 16 }]);
  });

  it('refuse a file of which nothing is left, whatever is accepted', async () => {
    await bench.bring(october);
    const { code } = await bench.refusal(`${head}\n2026-10,nobody,disk,1\n`, {
      acceptRejects: true,
      months: ['2026-10'],
    });
    expect(code).toBe('consumption.rejectedRows');
    expect(await bench.stored('select * from consumption')).toHaveLength(3);
  });

  it.each([
    ['no column that it needs', 'month,application,quantity\n2026-10,shop,1\n', 'there is no column product'],
    ['a column that nobody knows', `${head},enviroment\n`, 'did you mean environment?'],
    ['a column twice', `${head},app\n`, 'the column application stands twice'],
    ['no rows', `${head}\n`, 'holds no rows'],
  ])('a file with %s is refused', async (_, csv, problem) => {
    const { status, message } = await bench.refusal(csv);
    expect([status, message]).toEqual([422, expect.stringContaining(problem)]);
  });
});
