import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bench, cur, importInto, openBench, put } from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const october = {};
const september = {
  'bill/BillingPeriodStartDate': '2026-09-01T00:00:00Z',
  'bill/BillingPeriodEndDate': '2026-10-01T00:00:00Z',
};

test('the same bill under another name is said to count twice', async () => {
  const path = await put(bench, 'acme.csv', cur(october));
  const copy = join(path, '..', 'acme copy.csv');
  await copyFile(path, copy);
  expect((await importInto(bench, path)).issues.map(({ code }) => code)).not.toContain(
    'ingestion.sameBillTwice',
  );
  const second = await importInto(bench, copy);
  expect(second.errors).toEqual([]);
  expect(second.issues.find(({ code }) => code === 'ingestion.sameBillTwice')?.message).toContain(
    "source 'acme'",
  );
});

test('a month that a file no longer has stays, and the result says so', async () => {
  const path = await put(bench, 'acme.csv', cur(september, october));
  await importInto(bench, path);
  await put(bench, 'acme.csv', cur(october, october));
  const second = await importInto(bench, path);
  expect(second.errors).toEqual([]);
  expect(second.imports.map(({ billingPeriod, status }) => [billingPeriod, status])).toEqual([
    ['2026-10', 'replaced'],
  ]);
  expect(second.issues.find(({ code }) => code === 'ingestion.monthsGone')?.message).toContain('2026-09');
});
