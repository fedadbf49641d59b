import { expect, test } from 'vitest';
import {
  addMonths,
  parsePeriod,
  periodInterval,
  periodOf,
  periodsBetween,
  tryParsePeriod,
} from './period.ts';

test('a billing month is half-open and in UTC', () => {
  const { start, end } = periodInterval(parsePeriod('2026-12'));
  expect(start.toISOString()).toBe('2026-12-01T00:00:00.000Z');
  expect(end.toISOString()).toBe('2027-01-01T00:00:00.000Z');
  expect(periodOf(new Date(end.getTime() - 1))).toBe('2026-12');
});

test('months count across years in both directions', () => {
  expect(addMonths(parsePeriod('2026-11'), 2)).toBe('2027-01');
  expect(addMonths(parsePeriod('2026-01'), -1)).toBe('2025-12');
  expect(periodsBetween(parsePeriod('2025-11'), parsePeriod('2026-02'))).toEqual([
    '2025-11',
    '2025-12',
    '2026-01',
    '2026-02',
  ]);
});

test('refuses what is no billing month', () => {
  for (const text of ['2026-13', '2026-00', '2026-1', '202610', '2026-10-01', '']) {
    expect(tryParsePeriod(text), text).toBeUndefined();
  }
  expect(() => parsePeriod('2026-13')).toThrow("'2026-13' is not a billing month");
});
