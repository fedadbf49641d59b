import { afterEach, beforeEach, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { pin, rollBack } from '../../platform/warehouse/index.ts';
import { listMonths, listSources, monthHistory } from './months.ts';
import { curRow, focusRow, type MonthsBench, openMonthsBench } from './testing/months-fixture.ts';

let bench: MonthsBench;
beforeEach(async () => {
  bench = await openMonthsBench();
});
afterEach(() => bench.close());

const usd = (rows: number, cost: string) => [
  { currency: 'USD', rows, BilledCost: cost, EffectiveCost: cost },
];

test('an empty workspace has no sources and no months', async () => {
  const { lake } = bench.workspace;
  expect(await listSources(lake, everything)).toEqual([]);
  expect(await listMonths(lake, everything)).toEqual([]);
});

test('a source says which months it has delivered and what the latest one cost', async () => {
  const { lake } = bench.workspace;
  await bench.load('azure-2026-09.csv', [focusRow({}, '2026-09'), focusRow({}, '2026-09')]);
  await bench.load('azure-2026-10.csv', [focusRow({ BilledCost: '0.000000000001' })]);
  await bench.load('aws.csv', [curRow()]);
  const sources = await listSources(lake, everything);
  expect(sources.map(({ source }) => source)).toEqual(['aws', 'azure']);
  expect(sources[1]).toMatchObject({
    datasets: ['cost'],
    formats: ['focus-1.2'],
    firstMonth: '2026-09',
    lastMonth: '2026-10',
    months: 2,
    rows: 3,
    latest: [{ currency: 'USD', rows: 1, BilledCost: '0.000000000001', EffectiveCost: '1.5' }],
  });
  expect(sources[0]?.formats).toEqual(['aws-cur-v1']);
  expect(sources[0]?.importedAt).toMatch(/^2026-11-21T08:\d\d:00\.000Z$/);
});

test('a month says what it holds, whether the provider has closed it, and why it is pinned', async () => {
  const { lake } = bench.workspace;
  await bench.load('azure-2026-09.csv', [focusRow({ InvoiceId: 'inv-9' }, '2026-09')]);
  await bench.load('azure-2026-10.csv', [focusRow()]);
  await bench.load('azure-2026-10.csv', [focusRow(), focusRow()]);
  await pin(lake, everything, { source: 'azure', period: '2026-10', reason: 'group close' });
  const months = await listMonths(lake, everything, { source: 'azure' });
  expect(months.map(({ period, status }) => [period, status])).toEqual([
    ['2026-09', 'final'],
    ['2026-10', 'open'],
  ]);
  expect(months[1]).toMatchObject({
    dataset: 'cost',
    rows: 2,
    totals: usd(2, '3'),
    oldSnapshots: 1,
    pinned: ['group close'],
    delivery: { key: expect.stringMatching(/azure-2026-10$/), version: null },
  });
  expect(months[1]?.delivery?.label).toMatch(/azure-2026-10\.csv$/);
  expect(await listMonths(lake, everything, { from: '2026-10', to: '2026-10' })).toHaveLength(1);
  expect(await listMonths(lake, everything, { source: 'nobody' })).toEqual([]);
});

test('the history of a month begins with what is current and forgets nothing', async () => {
  const { lake } = bench.workspace;
  const month = { source: 'azure', period: '2026-10' };
  const first = await bench.load('azure.csv', [focusRow()]);
  const second = await bench.load('azure.csv', [focusRow(), focusRow()]);
  const ids = [second, first].map((result) => result.imports[0]?.snapshot);
  const history = await monthHistory(lake, everything, month);
  expect(history.map(({ snapshot, current, totals }) => [snapshot, current, totals])).toEqual([
    [ids[0], true, usd(2, '3')],
    [ids[1], false, usd(1, '1.5')],
  ]);
  expect(history[0]?.retiredAt).toBeNull();
  expect(history[1]?.retiredAt).toMatch(/^2026-11-21T/);
  await rollBack(lake, everything, month);
  expect((await monthHistory(lake, everything, month)).map(({ snapshot }) => snapshot)).toEqual(
    [...ids].reverse(),
  );
});

test('a withdrawn month is listed as withdrawn and is no month of its source', async () => {
  const { lake } = bench.workspace;
  await bench.load('azure.csv', [focusRow()]);
  await rollBack(lake, everything, { source: 'azure', period: '2026-10', to: 'none' });
  expect(await listSources(lake, everything)).toEqual([]);
  expect(await listMonths(lake, everything)).toMatchObject([
    { status: 'withdrawn', snapshot: null, rows: 0, totals: [], oldSnapshots: 1, delivery: null },
  ]);
});

test('supplemental datasets are listed with their own totals, and commitments belong to no month', async () => {
  const { lake } = bench.workspace;
  await bench.load('commitments.csv', [
    {
      ContractCommitmentId: 'c-1',
      ContractId: 'k-1',
      ContractCommitmentCategory: 'Spend',
      ContractCommitmentType: 'Plan',
      ContractCommitmentCost: '1200',
      BillingCurrency: 'EUR',
      ContractCommitmentPeriodStart: '2026-01-01T00:00:00Z',
      ContractCommitmentPeriodEnd: '2027-01-01T00:00:00Z',
    },
  ]);
  expect(await listSources(lake, everything)).toMatchObject([
    { datasets: ['contract_commitment'], firstMonth: null, lastMonth: null, months: 0, rows: 1 },
  ]);
  expect(await listMonths(lake, everything)).toMatchObject([
    {
      dataset: 'contract_commitment',
      period: 'all',
      totals: [{ currency: 'EUR', rows: 1, BilledCost: null, EffectiveCost: null }],
    },
  ]);
  expect(await monthHistory(lake, everything, { source: 'commitments', period: 'all' })).toHaveLength(1);
});

test('the history of a month that nobody delivered is refused', async () => {
  await expect(
    monthHistory(bench.workspace.lake, everything, { source: 'azure', period: '2026-10' }),
  ).rejects.toMatchObject({ code: 'lake.unknownMonth' });
});
