import fc from 'fast-check';
import { expect, it } from 'vitest';
import { columnWidths, fits } from './columns.ts';

const figures = { natural: 60, least: 60, share: 0 };

it('gives what is left over to texts', () => {
  const needs = [{ natural: 100, least: 40, share: 1 }, { natural: 80, least: 50, share: 3 }, figures];
  expect(columnWidths(needs, 300)).toEqual([115, 125, 60]);
  expect(columnWidths([figures, figures], 300)).toEqual([150, 150]);
});

it('takes what is missing from texts that can wrap, never from figures', () => {
  const needs = [{ natural: 100, least: 40, share: 1 }, { natural: 400, least: 50, share: 1 }, figures];
  const widths = columnWidths(needs, 300);
  expect(widths.map((width) => width.toFixed(1))).toEqual(['62.0', '178.0', '60.0']);
  expect(fits(needs, 150)).toBe(true);
  expect(fits(needs, 149)).toBe(false);
});

it('fills the table, and gives every column its least where there is room for it', () => {
  const need = fc
    .record({
      least: fc.integer({ min: 1, max: 90 }),
      more: fc.integer({ min: 0, max: 300 }),
      share: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ least, more, share }) => ({ least, natural: least + more, share }));
  fc.assert(
    fc.property(
      fc.array(need, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 50, max: 900 }),
      (needs, available) => {
        const widths = columnWidths(needs, available);
        expect(widths.reduce((sum, width) => sum + width, 0)).toBeCloseTo(available, 6);
        if (!fits(needs, available)) return;
        for (const [index, { least }] of needs.entries())
          expect(widths[index]).toBeGreaterThanOrEqual(least - 1e-9);
      },
    ),
  );
});
