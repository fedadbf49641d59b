import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everything, formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { rollBack } from '../../platform/warehouse/index.ts';
import { diffDimensions, diffMonth, type MonthDiff } from './diff-months.ts';
import {
  type BillRow,
  curRow,
  focusRow,
  type MonthsBench,
  openMonthsBench,
} from './testing/months-fixture.ts';

let bench: MonthsBench;
beforeAll(async () => {
  bench = await openMonthsBench();
});
afterAll(() => bench.close());

const period = '2026-10';

function diff(
  source: string,
  by: readonly string[],
  more: { from?: string; to?: string; limit?: number } = {},
) {
  return diffMonth(bench.engine, bench.workspace.lake, everything, { source, period, by, ...more });
}

test('a restated month says which services, accounts and days cost more or less', async () => {
  await bench.load('one.csv', [
    focusRow({ ServiceName: 'Machines', BilledCost: '10' }),
    focusRow({ ServiceName: 'Storage', BilledCost: '5' }),
    focusRow({ ServiceName: 'Queues', BilledCost: '1' }),
  ]);
  await bench.load('one.csv', [
    focusRow({ ServiceName: 'Queues', BilledCost: '1' }),
    focusRow({ ServiceName: 'Machines', BilledCost: '10.000000000001' }),
    focusRow({
      ServiceName: 'Support',
      BilledCost: '-3',
      ChargePeriodStart: '2026-10-31T23:59:59Z',
      ChargePeriodEnd: '2026-11-01T00:00:00Z',
    }),
  ]);
  const found = await diff('one', ['ServiceName']);
  expect(found.totals).toEqual([
    {
      currency: 'USD',
      rows: { from: 3, to: 3, difference: 0 },
      BilledCost: { from: '16', to: '8.000000000001', difference: '-7.999999999999' },
      EffectiveCost: { from: '4.5', to: '4.5', difference: '0' },
    },
  ]);
  expect(found.groups.map(({ key, BilledCost }) => [key['ServiceName'], BilledCost.difference])).toEqual([
    ['Storage', '-5'],
    ['Support', '-3'],
    ['Machines', '0.000000000001'],
  ]);
  const days = await diff('one', ['day']);
  expect(days.groups.map(({ key, BilledCost }) => [key['day'], BilledCost.difference])).toEqual([
    ['2026-10-05', '-4.999999999999'],
    ['2026-10-31', '-3'],
  ]);
  const both = await diff('one', ['SubAccountId', 'ServiceName']);
  expect(both.groups[0]?.key).toEqual({ SubAccountId: 'sub-1', ServiceName: 'Storage' });
  expect(await diff('one', [])).toMatchObject({ groups: [], groupsInAll: 0, rest: [] });
});

test('a row that only moved within the file, or has another line id, is no difference', async () => {
  const rows = [curRow({ 'lineItem/UnblendedCost': '1' }), curRow({ 'lineItem/UnblendedCost': '2' })];
  await bench.load('moved.csv', rows);
  await bench.load(
    'moved.csv',
    [...rows].reverse().map((row) => ({ ...row, 'identity/LineItemId': 'another' })),
  );
  for (const by of diffDimensions) expect((await diff('moved', [by])).groups).toEqual([]);
});

test('usage types are the provider’s own, and the meter of the SKU where it has none', async () => {
  await bench.load('cur.csv', [curRow()]);
  await bench.load('cur.csv', [curRow(), curRow({ 'lineItem/UsageType': 'EBS:gp3' })]);
  expect((await diff('cur', ['x_UsageType'])).groups.map(({ key }) => key)).toEqual([
    { x_UsageType: 'EBS:gp3' },
  ]);
  await bench.load('meters.csv', [focusRow({ SkuMeter: 'hours' })]);
  await bench.load('meters.csv', [focusRow({ SkuMeter: 'requests' })]);
  expect((await diff('meters', ['x_UsageType'])).groups.map(({ key }) => key['x_UsageType'])).toEqual([
    'hours',
    'requests',
  ]);
});

test('any two snapshots of the history can be compared, and a rollback compares with what it left', async () => {
  const ids: string[] = [];
  for (const cost of ['1', '2', '4']) {
    const result = await bench.load('three.csv', [focusRow({ BilledCost: cost })]);
    ids.push(result.imports[0]?.snapshot ?? '');
  }
  const [first = '', second = '', third = ''] = ids;
  const changes = (found: MonthDiff) => [
    found.from.snapshot,
    found.to.snapshot,
    found.totals[0]?.BilledCost.difference,
  ];
  expect(changes(await diff('three', []))).toEqual([second, third, '2']);
  expect(changes(await diff('three', [], { to: second }))).toEqual([first, second, '1']);
  expect(changes(await diff('three', [], { from: third, to: first }))).toEqual([third, first, '-3']);
  await rollBack(bench.workspace.lake, everything, { source: 'three', period });
  expect(changes(await diff('three', []))).toEqual([third, second, '-2']);
});

test('groups beyond the limit are added up in the rest, so that nothing is missing', async () => {
  const rows = (factor: number) =>
    Array.from({ length: 9 }, (_, index) =>
      focusRow({ ResourceId: `vm-${index}`, BilledCost: String(index * factor) }),
    );
  await bench.load('many.csv', rows(1));
  await bench.load('many.csv', rows(2));
  const found = await diff('many', ['ResourceId'], { limit: 2 });
  expect(found.groups.map(({ key }) => key['ResourceId'])).toEqual(['vm-8', 'vm-7']);
  expect(found.groupsInAll).toBe(8);
  expect(found.rest).toEqual([{ currency: 'USD', rows: 0, BilledCost: '21', EffectiveCost: '0' }]);
});

test('currencies are compared apart', async () => {
  await bench.load('currencies.csv', [
    focusRow(),
    focusRow({ BillingAccountId: '2', BillingCurrency: 'EUR' }),
  ]);
  await bench.load('currencies.csv', [focusRow()]);
  const found = await diff('currencies', ['ServiceName']);
  expect(found.totals.map(({ currency, BilledCost }) => [currency, BilledCost.difference])).toEqual([
    ['EUR', '-1.5'],
    ['USD', '0'],
  ]);
  expect(found.groups.map(({ currency }) => currency)).toEqual(['EUR']);
});

test('a month without an earlier snapshot, an unknown snapshot and an unknown dimension are refused', async () => {
  await bench.load('alone.csv', [focusRow()]);
  await expect(diff('alone', [])).rejects.toMatchObject({ code: 'lake.nothingEarlier' });
  await expect(diff('alone', [], { from: 'nothing' })).rejects.toMatchObject({
    code: 'lake.unknownSnapshot',
  });
  await expect(diff('nobody', [])).rejects.toMatchObject({ code: 'lake.unknownMonth' });
  await expect(diff('alone', ['Region'])).rejects.toMatchObject({
    code: 'ingestion.unknownWord',
    exitCode: 2,
  });
});

const anyRow = fc
  .record({
    cents: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    effective: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    account: fc.constantFrom('', 'a', 'b'),
    service: fc.constantFrom('x', 'y', 'NULL'),
    meter: fc.constantFrom('', 'm'),
    resource: fc.constantFrom('', 'r1', 'r2', 'r3'),
    day: fc.integer({ min: 1, max: 31 }),
    currency: fc.constantFrom('USD', 'EUR'),
  })
  .map(
    ({ cents, effective, account, service, meter, resource, day, currency }): BillRow =>
      focusRow({
        BilledCost: formatDecimal({ units: cents, scale: 12 }),
        EffectiveCost: formatDecimal({ units: effective, scale: 12 }),
        SubAccountId: account,
        ServiceName: service,
        SkuMeter: meter,
        ResourceId: resource,
        BillingCurrency: currency,
        BillingAccountId: currency,
        ChargePeriodStart: `2026-10-${String(day).padStart(2, '0')}T00:00:00Z`,
        ChargePeriodEnd: '2026-11-01T00:00:00Z',
      }),
  );
const bill = fc.array(anyRow, { minLength: 1, maxLength: 12 });

test('the parts of a difference sum exactly to it, by whatever it is taken apart', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      bill,
      bill,
      fc.subarray([...diffDimensions]),
      fc.integer({ min: 1, max: 6 }),
      async (before, after, by, limit) => {
        const source = `random${++run}x`;
        await bench.load(`${source}.csv`, before);
        await bench.load(`${source}.csv`, [...after, focusRow({ x_Ours: source })]);
        const found = await diff(source, by, { limit });
        if (by.length > 0) expectPartsToSum(found);
        const sizes = found.groups.map(sizeOf);
        expect(sizes).toEqual([...sizes].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0)));
      },
    ),
    { numRuns: 12 },
  );
});

function expectPartsToSum({ totals, groups, rest }: MonthDiff) {
  for (const total of totals) {
    const parts = groups.filter(({ currency }) => currency === total.currency);
    const left = rest.find(({ currency }) => currency === total.currency);
    for (const cost of ['BilledCost', 'EffectiveCost'] as const) {
      const texts = [...parts.map((part) => part[cost].difference), left?.[cost] ?? '0'];
      expect(formatDecimal(sumDecimals(texts.map(parseDecimal)))).toBe(total[cost].difference);
    }
    const rows = parts.reduce((sum, part) => sum + part.rows.difference, left?.rows ?? 0);
    expect(rows).toBe(total.rows.difference);
  }
}

function sizeOf({ BilledCost, EffectiveCost }: MonthDiff['groups'][number]): bigint {
  const units = [BilledCost, EffectiveCost].map(({ difference }) => {
    const { units, scale } = parseDecimal(difference);
    const size = units * 10n ** BigInt(12 - scale);
    return size < 0n ? -size : size;
  });
  return units.sort((a, b) => (a > b ? -1 : 1))[0] ?? 0n;
}
