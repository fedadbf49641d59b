import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ConsumptionBench, openConsumptionBench } from './testing/consumption-bench.ts';

let bench: ConsumptionBench;
beforeAll(async () => {
  bench = await openConsumptionBench();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const head = 'month,application,product,quantity,environment,region,resource';
const file = `${head}\n2026-10,shop,disk,5,prod,,a\n2026-10,shop,disk,7,prod,,b\n2026-10,lab,disk,1,prod,eu,\n2026-11,shop,vcpu,2,prod,,\n`;

describe('the verifier', () => {
  it('finds that the sums of an import are those of its facts', async () => {
    await bench.bring(file);
    expect(await bench.verification()).toEqual({
      schemaVersion: 1,
      ties: true,
      months: 3,
      facts: 4,
      differences: [],
      count: 0,
    });
  });

  it.each([
    [
      'a sum by application',
      "update consumption_summary set quantity = 13 where application_id = 'shop' and product_id = 'disk'",
      'summary',
      '12 in 2 facts',
      '13 in 2 facts',
    ],
    [
      'a count of facts',
      'update consumption_summary set facts = 3 where facts = 2',
      'summary',
      '12 in 2 facts',
      '12 in 3 facts',
    ],
    [
      'a missing sum',
      "delete from consumption_summary where product_id = 'vcpu'",
      'summary',
      '2 in 1 facts',
      'nothing',
    ],
    [
      'a sum without facts',
      "insert into consumption_summary select '2026-09', entity_id, application_id, product_id, environment, region, kind, quantity, facts from consumption_summary where product_id = 'vcpu'",
      'summary',
      'nothing',
      '2 in 1 facts',
    ],
    [
      'a sum by product',
      "update consumption_product set quantity = quantity + 0.000000000001 where region = 'eu'",
      'product',
      '1 in 1 facts',
      '1.000000000001 in 1 facts',
    ],
    [
      'a count of applications',
      "update consumption_product set applications = 2 where region = 'eu'",
      'product',
      '1 in 1 facts',
      '1 in 1 facts',
    ],
    [
      'a fact that was changed',
      "update consumption set quantity = 6 where resource = 'a'",
      'part',
      '13 in 2 facts',
      '12 in 2 facts',
    ],
    [
      'a part that is missing',
      "delete from consumption_part where product_id = 'vcpu'",
      'part',
      '2 in 1 facts',
      'nothing',
    ],
    [
      'a watermark that is missing',
      "delete from consumption_watermark where period = '2026-11'",
      'watermark',
      '1 facts',
      'none facts',
    ],
    [
      'a product that changed its unit',
      "update product set unit = 'TB-month' where id = 'disk'",
      'unit',
      'in GB-month',
      'the product counts TB-month',
    ],
  ])('sees %s', async (_, statement, table, facts, kept) => {
    await bench.bring(file);
    await bench.stored(statement);
    const found = await bench.verification();
    await bench.stored("update product set unit = 'GB-month' where id = 'disk'");
    expect(found.ties).toBe(false);
    expect(found.differences).toContainEqual(expect.objectContaining({ table, facts, kept }));
  });
});

describe('a closed month', () => {
  it('keeps the unit that it was closed with', async () => {
    await bench.bring(file);
    for (const entity of ['retail', 'labs']) await bench.period(entity, '2026-10', 'CLOSED');
    await bench.stored("update product set unit = 'TB-month' where id = 'disk'");
    const found = await bench.verification();
    await bench.stored("update product set unit = 'GB-month' where id = 'disk'");
    expect(found).toMatchObject({ ties: true });
  });
});

describe('whatever is delivered', () => {
  const quantity = fc
    .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: 0, max: 999_999_999_999 }))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(12, '0')}`);
  const row = fc.record({
    month: fc.constantFrom('2026-09', '2026-10'),
    application: fc.constantFrom('shop', 'site', 'blog', 'lab'),
    product: fc.constantFrom('disk', 'vcpu'),
    quantity,
    environment: fc.constantFrom('prod', 'non_prod'),
    region: fc.constantFrom('', 'eu'),
    resource: fc.constantFrom('', 'a', '"b",{', 'c\\d'),
  });
  const delivery = fc.uniqueArray(row, {
    minLength: 1,
    maxLength: 12,
    selector: ({ quantity: _, ...key }) => JSON.stringify(key),
  });

  it('sums are those of the facts, the same again changes nothing, and other sources are left alone', async () => {
    await fc.assert(
      fc.asyncProperty(delivery, delivery, async (first, second) => {
        await bench.clear();
        await bench.bring(`${head}\n2026-10,shop,backup,3,prod,,\n`, { source: 'tapes' });
        for (const rows of [first, second]) {
          const { status, body } = await bench.send('POST', '/consumption/imports', {
            source: 'cmdb',
            rows,
            months: ['2026-09', '2026-10'],
          });
          expect([status, body.message]).toEqual([200, undefined]);
          const [sum] = await bench.stored(
            "select sum(quantity)::text as sum, count(*)::integer as facts from consumption where product_id <> 'backup'",
          );
          const units = rows.reduce((total, one) => total + unitsOf(one.quantity), 0n);
          expect([unitsOf(String(sum?.['sum'])), sum?.['facts']]).toEqual([units, rows.length]);
        }
        expect(await bench.verification()).toMatchObject({ ties: true });
        const marks = await bench.stored(
          'select entity_id, period, facts_hash from consumption_watermark order by 1, 2',
        );
        const again = await bench.send('POST', '/consumption/imports', {
          source: 'cmdb',
          rows: [...second].reverse(),
          months: ['2026-09', '2026-10'],
        });
        expect(again.body).toMatchObject({ status: 'unchanged', import: null });
        expect(
          await bench.stored('select entity_id, period, facts_hash from consumption_watermark order by 1, 2'),
        ).toEqual(marks);
        expect(await bench.stored("select quantity from consumption where product_id = 'backup'")).toEqual([
          { quantity: '3.000000000000' },
        ]);
      }),
      { numRuns: 12 },
    );
  });
});

function unitsOf(text: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? [];
  return BigInt(`${sign}${whole}${fraction.padEnd(12, '0')}`);
}
