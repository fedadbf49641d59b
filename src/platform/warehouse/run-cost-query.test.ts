import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everything } from '../kernel/index.ts';
import { type CostQueryInput, costQuerySchema, type Filter } from './cost-query.ts';
import type { Selection } from './dataset.ts';
import { type Engine, openEngine } from './engine.ts';
import { periodLabel, runCostQuery } from './run-cost-query.ts';
import { type BillRow, bill, writeBill } from './testing/example-bill.ts';

let engine: Engine;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-query-'));
  engine = await openEngine({ threads: 1 });
});
afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

function ask(selection: Selection, query: CostQueryInput) {
  return runCostQuery(engine, {
    dataset: bill,
    selection,
    scope: everything,
    query: costQuerySchema.parse(query),
  });
}

async function askRows(rows: readonly BillRow[], query: CostQueryInput) {
  return ask(await writeBill(engine, folder, rows), query);
}

const shop: readonly BillRow[] = [
  { service: 'Compute', region: 'eu', paid: '10.25', used: '8', labels: { app: 'shop' } },
  { service: 'Compute', region: 'us', paid: '4.75', used: '6', labels: { app: '' } },
  { service: 'Storage', region: 'eu', paid: '3', used: '3', labels: { app: 'crm', 'cost center': '42' } },
  { service: 'Storage', region: 'eu', paid: '-1', used: '-1', labels: null },
  { service: null, region: 'eu', paid: '0.000000000001', used: null, labels: { team: 'x' } },
];

describe('sums and dimensions', () => {
  test('gives each service its cost, largest first, and the total of all', async () => {
    const answer = await askRows(shop, { measures: [{ sum: 'paid' }], dimensions: [{ column: 'SERVICE' }] });
    expect(answer).toEqual({
      context: { generation: 7, currencies: ['USD'], files: 1, dimensions: ['Service'], measures: ['Paid'] },
      rows: [
        { Service: 'Compute', Paid: '15' },
        { Service: 'Storage', Paid: '2' },
        { Service: null, Paid: '0.000000000001' },
      ],
      totals: { Paid: '17.000000000001' },
      totalsByCurrency: [{ Currency: 'USD', Paid: '17.000000000001' }],
    });
  });

  test('without dimensions gives one row; no rows cost 0, have no quantity and no coverage', async () => {
    const query: CostQueryInput = {
      measures: [
        { sum: 'Paid' },
        { sum: 'Quantity' },
        { count: 'rows' },
        { coverage: { tag: 'app', of: 'Paid' }, name: 'tagged' },
      ],
    };
    const nothing = { Paid: '0', Quantity: null, rows: 0, tagged: null };
    const empty = await askRows([], query);
    expect(empty.rows).toEqual([nothing]);
    expect(empty.totals).toEqual(nothing);
    expect([empty.totalsByCurrency, empty.context.currencies]).toEqual([[], []]);
    const grouped = await askRows([], { ...query, dimensions: [{ column: 'Service' }, { grain: 'day' }] });
    expect([grouped.rows, grouped.totals]).toEqual([[], nothing]);
  });

  test('takes any key of a JSON column, however it is written', async () => {
    const keys = [
      'a.b',
      'q"x',
      's/l',
      't~1',
      'é',
      '$.x',
      '*',
      "it's",
      '[0]',
      'back\\slash',
      '😀',
      'a b\n',
      '0',
      '-- x',
    ];
    for (const key of keys) {
      const answer = await askRows(
        [
          { paid: '1', labels: { [key]: 'this' }, details: { [key]: 7 } },
          { paid: '2', labels: { [`${key}!`]: 'that' } },
        ],
        { measures: [{ sum: 'Paid' }], dimensions: [{ tag: key }, { column: 'Details', key }] },
      );
      expect(answer.rows).toEqual([
        { [`Labels[${key}]`]: null, [`Details[${key}]`]: null, Paid: '2' },
        { [`Labels[${key}]`]: 'this', [`Details[${key}]`]: '7', Paid: '1' },
      ]);
    }
  });

  test('keeps numbers, booleans and times of dimensions as they are', async () => {
    const answer = await askRows(
      [{ starts: '2026-10-03T04:00:00', used: '1.50', items: 3, isFinal: true, paid: '1' }],
      {
        measures: [{ sum: 'Paid' }],
        dimensions: [
          { column: 'Starts' },
          { column: 'Used' },
          { column: 'Items' },
          { column: 'IsFinal', name: 'final' },
        ],
      },
    );
    expect(answer.rows).toEqual([
      { Starts: '2026-10-03T04:00:00Z', Used: '1.5', Items: 3, final: true, Paid: '1' },
    ]);
  });

  test('a name from the query is a key of the answer and nothing else', async () => {
    const name = '__proto__';
    const { rows } = await askRows(shop, { measures: [{ sum: 'Paid', name }] });
    expect(Object.entries(rows[0] ?? {})).toEqual([[name, '17.000000000001']]);
  });
});

describe('coverage', () => {
  test('is the share of charges whose tag has a value; credits and empty tags do not count', async () => {
    const answer = await askRows(shop, {
      measures: [{ coverage: { tag: 'app', of: 'Paid' } }],
      dimensions: [{ column: 'Service' }],
      orderBy: [{ name: 'coverage(Labels[app], Paid)', desc: true }],
    });
    // Compute 10.25 ÷ 15 = 0.68333…; Storage 3 ÷ 3 although −1 is untagged; all 13.25 ÷ 18.000000000001.
    expect(answer.rows).toEqual([
      { Service: 'Storage', 'coverage(Labels[app], Paid)': '1' },
      { Service: 'Compute', 'coverage(Labels[app], Paid)': '0.683333' },
      { Service: null, 'coverage(Labels[app], Paid)': '0' },
    ]);
    expect(answer.totals).toEqual({ 'coverage(Labels[app], Paid)': '0.736111' });
  });

  test('is rounded half-up from exact sums, never through a binary float', async () => {
    const answer = await askRows(
      [
        { paid: '0.0000005', labels: { app: 'a' } },
        { paid: '0.9999995', labels: {} },
      ],
      { measures: [{ coverage: { tag: 'app', of: 'Paid' }, name: 'share' }] },
    );
    expect(answer.totals).toEqual({ share: '0.000001' });
  });
});

describe('currencies and units', () => {
  const mixed: readonly BillRow[] = [
    { service: 'A', currency: 'USD', paid: '10', quantity: '1', unit: 'Hours' },
    { service: 'A', currency: 'EUR', paid: '5', quantity: '2', unit: 'Hours' },
    { service: 'B', currency: 'USD', paid: '1', quantity: '3', unit: 'GB' },
  ];

  test('money of two currencies is never added: the currency becomes the first dimension', async () => {
    const answer = await askRows(mixed, {
      measures: [{ sum: 'Paid' }, { count: 'rows' }],
      dimensions: [{ column: 'Service' }],
    });
    expect(answer.context.dimensions).toEqual(['Currency', 'Service']);
    expect(answer.context.currencies).toEqual(['EUR', 'USD']);
    expect(answer.rows).toEqual([
      { Currency: 'EUR', Service: 'A', Paid: '5', rows: 1 },
      { Currency: 'USD', Service: 'A', Paid: '10', rows: 1 },
      { Currency: 'USD', Service: 'B', Paid: '1', rows: 1 },
    ]);
    expect(answer.totals).toEqual({ Paid: null, rows: 3 });
    expect(answer.totalsByCurrency).toEqual([
      { Currency: 'EUR', Paid: '5', rows: 1 },
      { Currency: 'USD', Paid: '11', rows: 2 },
    ]);
  });

  test('by default time comes first, then the currency, then the largest amount', async () => {
    const answer = await askRows(
      [
        { currency: 'USD', month: '2026-09', service: 'A', paid: '1' },
        { currency: 'USD', month: '2026-09', service: 'B', paid: '2' },
        { currency: 'EUR', month: '2026-10', service: 'A', paid: '9' },
        { currency: 'EUR', month: '2026-09', service: 'A', paid: '1' },
      ],
      { measures: [{ sum: 'Paid' }], dimensions: [{ column: 'Service' }, { grain: 'month' }] },
    );
    expect(answer.rows.map((row) => Object.values(row).join(' '))).toEqual([
      'EUR A 2026-09 1',
      'USD B 2026-09 2',
      'USD A 2026-09 1',
      'EUR A 2026-10 9',
    ]);
  });

  test('a filter on one currency leaves one total; without money the currency stays away', async () => {
    const one = await askRows(mixed, {
      measures: [{ sum: 'Paid' }],
      where: { and: [{ field: { column: 'currency' }, op: 'in', values: ['USD'] }] },
    });
    expect([one.context.dimensions, one.totals]).toEqual([[], { Paid: '11' }]);
    expect(one.totalsByCurrency).toEqual([{ Currency: 'USD', Paid: '11' }]);
    const rows = await askRows(mixed, { measures: [{ count: 'rows' }], dimensions: [{ column: 'Service' }] });
    expect([rows.context.dimensions, rows.totalsByCurrency]).toEqual([['Service'], []]);
  });

  test('a currency that the query asks for under its own name is not added again', async () => {
    const answer = await askRows(mixed, {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ column: 'Service' }, { column: 'Currency', name: 'money' }],
      where: { field: { column: 'Service' }, op: '=', value: 'B' },
    });
    expect(answer.rows).toEqual([{ Service: 'B', money: 'USD', Paid: '1' }]);
    expect([answer.totals, answer.totalsByCurrency]).toEqual([{ Paid: '1' }, [{ money: 'USD', Paid: '1' }]]);
  });

  test('a quantity of two units is null where they meet and a sum where they do not', async () => {
    const answer = await askRows(mixed, {
      measures: [{ sum: 'Quantity' }],
      dimensions: [{ column: 'Service' }],
    });
    expect(answer.rows).toEqual([
      { Service: 'A', Quantity: '3' },
      { Service: 'B', Quantity: '3' },
    ]);
    expect(answer.totals).toEqual({ Quantity: null });
    const byUnit = await askRows(mixed, {
      measures: [{ sum: 'Quantity' }],
      dimensions: [{ column: 'Unit' }],
      orderBy: [{ name: 'Unit' }],
    });
    expect(byUnit.rows).toEqual([
      { Unit: 'GB', Quantity: '3' },
      { Unit: 'Hours', Quantity: '3' },
    ]);
  });
});

describe('time', () => {
  test('a charge of three days is spread evenly, to the last 10⁻¹², and counts once', async () => {
    const answer = await askRows(
      [{ starts: '2026-10-05', ends: '2026-10-08', paid: '0.000000000005', used: '-10' }],
      { measures: [{ sum: 'Paid' }, { sum: 'Used' }, { count: 'rows' }], dimensions: [{ grain: 'day' }] },
    );
    // 5 units: 1.67 → 2, 3.33 → 3, 5; −10: −3.33…, −6.66…7, −10.
    expect(answer.rows).toEqual([
      { day: '2026-10-05', Paid: '0.000000000002', Used: '-3.333333333333', rows: 1 },
      { day: '2026-10-06', Paid: '0.000000000001', Used: '-3.333333333334', rows: 0 },
      { day: '2026-10-07', Paid: '0.000000000002', Used: '-3.333333333333', rows: 0 },
    ]);
    expect(answer.totals).toEqual({ Paid: '0.000000000005', Used: '-10', rows: 1 });
  });

  test('a part of a day is a day: 18:00 to noon two days later is three equal days', async () => {
    const answer = await askRows([{ starts: '2026-10-05 18:00', ends: '2026-10-07 12:00', paid: '9' }], {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ grain: 'day' }],
    });
    expect(answer.rows.map(({ Paid }) => Paid)).toEqual(['3', '3', '3']);
  });

  test('a charge keeps to its billing month, and one outside of it falls on its first day', async () => {
    const rows: readonly BillRow[] = [
      { service: 'over the end', starts: '2026-10-31', ends: '2026-11-02', paid: '1' },
      { service: 'over the start', starts: '2026-09-30', ends: '2026-10-03', paid: '4' },
      { service: 'before', starts: '2026-08-01', ends: '2026-09-01', paid: '8' },
      { service: 'after', starts: '2026-11-01', ends: '2026-12-01', paid: '16' },
      { service: 'no start', ends: '2026-10-09', paid: '32' },
      { service: 'no end', starts: '2026-10-09', paid: '64' },
      { service: 'no length', starts: '2026-10-20 08:00', ends: '2026-10-20 08:00', paid: '128' },
      { service: 'backwards', starts: '2026-10-20 08:00', ends: '2026-10-19', paid: '256' },
    ];
    const selection = await writeBill(engine, folder, rows);
    const days = await ask(selection, {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ grain: 'day' }, { column: 'Service' }],
      orderBy: [{ name: 'Paid' }, { name: 'day' }],
    });
    expect(days.rows.map((row) => `${row['Service']}: ${row['Paid']} on ${row['day']}`)).toEqual([
      'over the end: 1 on 2026-10-31',
      'over the start: 2 on 2026-10-01',
      'over the start: 2 on 2026-10-02',
      'before: 8 on 2026-10-01',
      'after: 16 on 2026-10-01',
      'no start: 32 on 2026-10-01',
      'no end: 64 on 2026-10-01',
      'no length: 128 on 2026-10-20',
      'backwards: 256 on 2026-10-20',
    ]);
    const months = await ask(selection, {
      measures: [{ sum: 'Paid' }],
      dimensions: [
        { grain: 'month' },
        { grain: 'quarter' },
        { grain: 'year' },
        { grain: 'month', of: 'billing' },
      ],
    });
    expect(months.rows).toEqual([
      { month: '2026-10', quarter: '2026-Q4', year: '2026', billingMonth: '2026-10', Paid: '509' },
    ]);
  });

  test('hours are spread like days, and every period of the billing month begins on its first', async () => {
    const answer = await askRows([{ starts: '2026-10-05 05:00', ends: '2026-10-05 07:30', paid: '1' }], {
      measures: [{ sum: 'Paid' }, { count: 'rows' }],
      dimensions: [
        { grain: 'hour' },
        { grain: 'day' },
        { grain: 'week' },
        { grain: 'hour', of: 'billing' },
        { grain: 'day', of: 'billing' },
        { grain: 'week', of: 'billing' },
        { grain: 'quarter', of: 'billing' },
        { grain: 'year', of: 'billing' },
      ],
    });
    const same = {
      day: '2026-10-05',
      week: '2026-W41',
      billingHour: '2026-10-01T00:00:00Z',
      billingDay: '2026-10-01',
      billingWeek: '2026-W40',
      billingQuarter: '2026-Q4',
      billingYear: '2026',
    };
    expect(answer.rows).toEqual([
      { hour: '2026-10-05T05:00:00Z', ...same, Paid: '0.333333333333', rows: 1 },
      { hour: '2026-10-05T06:00:00Z', ...same, Paid: '0.333333333334', rows: 0 },
      { hour: '2026-10-05T07:00:00Z', ...same, Paid: '0.333333333333', rows: 0 },
    ]);
  });

  test('a week is the sum of its days, and takes its year from its Thursday', async () => {
    const answer = await askRows(
      [{ month: '2026-12', starts: '2026-12-01', ends: '2027-01-01', paid: '31' }],
      {
        measures: [{ sum: 'Paid' }],
        dimensions: [{ grain: 'week' }],
      },
    );
    expect(answer.rows.map(({ week, Paid }) => [week, Paid])).toEqual([
      ['2026-W49', '6'],
      ['2026-W50', '7'],
      ['2026-W51', '7'],
      ['2026-W52', '7'],
      ['2026-W53', '4'],
    ]);
    expect(periodLabel('week', '2024-12-30')).toBe('2025-W01');
    expect(periodLabel('week', '2021-12-27')).toBe('2021-W52');
  });

  test('the largest amounts that the lake can hold are spread without overflow', async () => {
    const paid = '99999999999999999999999999.999999999999';
    const answer = await askRows([{ starts: '2026-10-01', ends: '2026-11-01', paid }], {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ grain: 'hour' }],
    });
    expect(answer.rows).toHaveLength(744);
    expect(answer.totals).toEqual({ Paid: paid });
  });
});

describe('top and other', () => {
  const rows: readonly BillRow[] = [
    { month: '2026-09', service: 'A', region: 'x', paid: '10' },
    { month: '2026-10', service: 'A', region: 'x', paid: '1' },
    { month: '2026-09', service: 'B', region: 'x', paid: '5' },
    { month: '2026-10', service: 'B', region: 'x', paid: '4' },
    { month: '2026-10', service: 'C', region: 'x', paid: '8' },
    { month: '2026-10', service: 'D', region: 'y', paid: '7' },
    { month: '2026-09', service: null, region: 'x', paid: '0.5' },
  ];

  test('keeps the largest over the whole answer, month by month, and adds the rest up as other', async () => {
    const answer = await askRows(rows, {
      measures: [{ sum: 'Paid' }, { count: 'rows' }],
      dimensions: [{ grain: 'month' }, { column: 'Service' }],
      top: 2,
    });
    expect(answer.rows).toEqual([
      { month: '2026-09', Service: 'A', Paid: '10', rows: 1 },
      { month: '2026-09', Service: 'B', Paid: '5', rows: 1 },
      { month: '2026-09', Service: 'other', Paid: '0.5', rows: 1 },
      { month: '2026-10', Service: 'B', Paid: '4', rows: 1 },
      { month: '2026-10', Service: 'A', Paid: '1', rows: 1 },
      { month: '2026-10', Service: 'other', Paid: '15', rows: 2 },
    ]);
    expect(answer.totals).toEqual({ Paid: '35.5', rows: 7 });
  });

  test('with nothing left over there is no other, and null is a value like any', async () => {
    const answer = await askRows(rows, {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ column: 'Service' }],
      top: 5,
    });
    expect(answer.rows.map(({ Service }) => Service)).toEqual(['A', 'B', 'C', 'D', null]);
  });

  test('a service that is called other is not mixed with the rest', async () => {
    const others: readonly BillRow[] = [
      { service: 'other', paid: '9' },
      { service: 'A', paid: '8' },
      { service: 'B', paid: '1' },
      { service: 'C', paid: '1' },
    ];
    const answer = await askRows(others, {
      measures: [{ sum: 'Paid' }],
      dimensions: [{ column: 'Service' }],
      top: 2,
    });
    expect(answer.rows).toEqual([
      { Service: 'other', Paid: '9' },
      { Service: 'A', Paid: '8' },
      { Service: 'other (rest)', Paid: '2' },
    ]);
  });

  test('ranks money within each currency', async () => {
    const answer = await askRows(
      [
        { currency: 'JPY', service: 'A', paid: '1000' },
        { currency: 'JPY', service: 'B', paid: '900' },
        { currency: 'USD', service: 'A', paid: '1' },
        { currency: 'USD', service: 'B', paid: '2' },
      ],
      { measures: [{ sum: 'Paid' }], dimensions: [{ column: 'Service' }], top: 1 },
    );
    expect(answer.rows).toEqual([
      { Currency: 'JPY', Service: 'A', Paid: '1000' },
      { Currency: 'JPY', Service: 'other', Paid: '900' },
      { Currency: 'USD', Service: 'B', Paid: '2' },
      { Currency: 'USD', Service: 'other', Paid: '1' },
    ]);
  });

  test('cuts numbers too, and refuses a query that has time only', async () => {
    const answer = await askRows(
      [
        { items: 1, paid: '3' },
        { items: 2, paid: '2' },
        { items: 3, paid: '1' },
      ],
      { measures: [{ sum: 'Paid' }], dimensions: [{ column: 'Items' }], top: 1 },
    );
    expect(answer.rows).toEqual([
      { Items: 1, Paid: '3' },
      { Items: 'other', Paid: '3' },
    ]);
    await expect(
      askRows(rows, { measures: [{ sum: 'Paid' }], dimensions: [{ grain: 'day' }], top: 1 }),
    ).rejects.toMatchObject({ code: 'query.topOfNothing' });
  });
});

describe('pages', () => {
  const query: CostQueryInput = { measures: [{ sum: 'Paid' }], dimensions: [{ tag: 'n' }], limit: 3 };
  const rows = Array.from({ length: 8 }, (_, i): BillRow => ({ paid: '1', labels: { n: `n${i}` } }));

  test('follow each other without gap or overlap, each with the totals of all', async () => {
    const selection = await writeBill(engine, folder, rows);
    const seen: unknown[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await ask(selection, cursor ? { ...query, cursor } : query);
      expect(page.totals).toEqual({ Paid: '8' });
      seen.push(...page.rows.map((row) => row['Labels[n]']));
      cursor = page.next;
      pages++;
    } while (cursor);
    expect([pages, seen]).toEqual([3, rows.map((_, i) => `n${i}`)]);
  });

  test('a cursor of another query, of other data, or damaged, says to start again', async () => {
    const selection = await writeBill(engine, folder, rows);
    const { next: cursor = '' } = await ask(selection, query);
    const stale = {
      code: 'query.staleCursor',
      message: expect.stringContaining('start from the first page'),
    };
    await expect(ask(selection, { ...query, top: 2, cursor })).rejects.toMatchObject(stale);
    await expect(ask({ ...selection, generation: 8 }, { ...query, cursor })).rejects.toMatchObject(stale);
    for (const damaged of ['x', '', 'bnVsbA', cursor.slice(3)])
      await expect(ask(selection, { ...query, cursor: damaged })).rejects.toMatchObject(stale);
    expect((await ask(selection, { ...query, limit: 100, cursor })).rows).toHaveLength(5);
  });

  test('can be ordered by any result, nulls last either way', async () => {
    const answer = await askRows(shop, {
      measures: [{ sum: 'Paid', name: 'cost' }],
      dimensions: [{ column: 'Service' }],
      orderBy: [{ name: 'Service', desc: true }],
    });
    expect(answer.rows.map(({ Service }) => Service)).toEqual(['Storage', 'Compute', null]);
  });
});

describe('filters', () => {
  const rows: readonly BillRow[] = [
    { service: 'Amazon EC2', items: 1, paid: '1', starts: '2026-10-01', isFinal: true, labels: { n: '9' } },
    {
      service: 'amazon s3',
      items: 2,
      paid: '0.1',
      starts: '2026-10-02',
      isFinal: false,
      labels: { n: '10' },
    },
    { service: 'Azure %', items: 3, paid: '-2.5', starts: '2026-10-03 12:00', labels: { n: '' } },
    { service: null, items: null, paid: null, starts: null, isFinal: null, labels: null },
  ];
  let selection: Selection;
  beforeAll(async () => {
    selection = await writeBill(engine, folder, rows);
  });

  /** Places (1..4) of the rows that pass; also proves that the complement holds all others. */
  async function passing(where: Filter): Promise<number[]> {
    const query = { measures: [{ count: 'rows' as const }], dimensions: [{ column: 'Items' }] };
    const [inside, outside] = await Promise.all([
      ask(selection, { ...query, where }),
      ask(selection, { ...query, where: { not: where } }),
    ]);
    const places = (answer: typeof inside) => answer.rows.map(({ Items }) => Number(Items ?? 4)).sort();
    expect([...places(inside), ...places(outside)].sort()).toEqual([1, 2, 3, 4]);
    return places(inside);
  }

  const service = { column: 'Service' };
  const paid = { column: 'Paid' };
  const starts = { column: 'Starts' };
  const tag = { tag: 'n' };

  test.each<[Filter, number[]]>([
    [{ field: service, op: '=', value: 'Amazon EC2' }, [1]],
    [{ field: service, op: '!=', value: 'Amazon EC2' }, [2, 3, 4]],
    [{ field: service, op: 'in', values: ['Amazon EC2', 'amazon s3'] }, [1, 2]],
    [{ field: service, op: 'not in', values: ['Amazon EC2', 'amazon s3'] }, [3, 4]],
    [{ field: service, op: 'contains', value: 'ZON' }, [1, 2]],
    [{ field: service, op: 'contains', value: '%' }, [3]],
    [{ field: service, op: 'prefix', value: 'AMAZON' }, [1, 2]],
    [{ field: service, op: '>', value: 'B' }, [2]],
    [{ field: service, op: 'is null' }, [4]],
    [{ field: service, op: 'is not null' }, [1, 2, 3]],
    [{ field: paid, op: '=', value: 0.1 }, [2]],
    [{ field: paid, op: '=', value: '0.1000000000000000001' }, []],
    [{ field: paid, op: '!=', value: '0.1000000000000000001' }, [1, 2, 3, 4]],
    [{ field: paid, op: '<', value: '0.1000000000000000001' }, [2, 3]],
    [{ field: paid, op: '>=', value: '0.1000000000000000001' }, [1]],
    [{ field: paid, op: '>', value: '-2.5000000000000000001' }, [1, 2, 3]],
    [{ field: paid, op: '<=', value: '-2.5000000000000000001' }, []],
    [{ field: paid, op: '<', value: 1e300 }, [1, 2, 3]],
    [{ field: paid, op: '>', value: '1e40' }, []],
    [{ field: paid, op: '>', value: '-1e40' }, [1, 2, 3]],
    [{ field: paid, op: 'in', values: ['1.0', '1e40', 7] }, [1]],
    [{ field: paid, op: 'in', values: ['1e40'] }, []],
    [{ field: { column: 'Items' }, op: '<', value: 1.5 }, [1]],
    [{ field: { column: 'Items' }, op: '=', value: '2' }, [2]],
    [{ field: { column: 'Items' }, op: '<', value: '99999999999999999999' }, [1, 2, 3]],
    [{ field: { column: 'IsFinal' }, op: '=', value: true }, [1]],
    [{ field: { column: 'IsFinal' }, op: '!=', value: 'true' }, [2, 3, 4]],
    [{ field: starts, op: '>=', value: '2026-10-02' }, [2, 3]],
    [{ field: starts, op: '=', value: '2026-10-03T14:00:00+02:00' }, [3]],
    [{ field: starts, op: 'in', values: ['2026-10-01T00:00Z', '2026-10-02 00:00:00.000'] }, [1, 2]],
    [{ field: tag, op: '=', value: '' }, [3]],
    [{ field: tag, op: 'is null' }, [4]],
    [{ field: tag, op: '=', value: 9 }, [1]],
    [{ field: tag, op: '>', value: '10' }, [1]],
    [{ field: tag, op: '>', value: 9 }, [2]],
    [{ field: { column: 'Labels', key: 'n' }, op: '<=', value: 9 }, [1]],
    [
      {
        or: [
          {
            and: [{ field: service, op: 'prefix', value: 'a' }, { not: { field: paid, op: '<', value: 0 } }],
          },
          { field: tag, op: 'is null' },
        ],
      },
      [1, 2, 4],
    ],
  ])('%j passes rows %j and its complement the others', async (where, places) => {
    expect(await passing(where)).toEqual(places);
  });
});
