import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PricedCell, PriceLine } from './model.ts';
import { lineFinder } from './price-finder.ts';
import { findPriceLine } from './price-lookup.ts';
import { overlapsIn } from './price-overlaps.ts';
import { lineOf } from './testing/price-bench.ts';

const cell: PricedCell = {
  product: 'vcpu',
  family: 'machines',
  domain: 'compute',
  entity: 'retail',
  environment: 'prod',
  region: 'eu',
};

function numbered(...lines: readonly Parameters<typeof lineOf>[0][]): PriceLine[] {
  return lines.map((line, index) => ({ ...lineOf(line), number: index + 1 }));
}

describe('the line that prices a cell', () => {
  it('is of the most specific level that has one', () => {
    const lines = numbered(
      { level: 'view', target: '' },
      { level: 'domain', target: 'compute' },
      { level: 'family', target: 'machines' },
      {},
    );
    const without = (...numbers: number[]) => lines.filter(({ number }) => !numbers.includes(number));
    expect(findPriceLine(lines, cell, '2026-10')?.number).toBe(4);
    expect(findPriceLine(without(4), cell, '2026-10')?.number).toBe(3);
    expect(findPriceLine(without(3, 4), cell, '2026-10')?.number).toBe(2);
    expect(findPriceLine(without(2, 3, 4), cell, '2026-10')?.number).toBe(1);
    expect(findPriceLine([], cell, '2026-10')).toBeUndefined();
  });

  it('names more of entity, environment and region; then the entity, then the environment', () => {
    const order = [
      { entity: 'retail', environment: 'prod', region: 'eu' },
      { entity: 'retail', environment: 'prod' },
      { entity: 'retail', region: 'eu' },
      { environment: 'prod', region: 'eu' },
      { entity: 'retail' },
      { environment: 'prod' },
      { region: 'eu' },
      {},
    ] as const;
    let left = numbered(...order);
    for (const expected of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(findPriceLine(left, cell, '2026-10')?.number).toBe(expected);
      left = left.filter(({ number }) => number !== expected);
    }
  });

  it('holds from its first month on, and no longer in the month that ends it', () => {
    const lines = numbered({ validFrom: '2026-03', validTo: '2026-05' });
    const of = (month: string) => findPriceLine(lines, cell, month)?.number;
    expect(['2026-02', '2026-03', '2026-04', '2026-05'].map(of)).toEqual([undefined, 1, 1, undefined]);
  });

  it('is none of another entity, environment, region, product, family or domain', () => {
    for (const line of [
      { entity: 'labs' },
      { environment: 'non_prod' },
      { region: 'us' },
      { target: 'gpu' },
      { level: 'family', target: 'blocks' },
      { level: 'domain', target: 'storage' },
    ] as const)
      expect(findPriceLine(numbered(line), cell, '2026-10')).toBeUndefined();
    const loose = { ...cell, family: null };
    expect(
      findPriceLine(numbered({ level: 'family', target: 'machines' }), loose, '2026-10'),
    ).toBeUndefined();
  });
});

const maybe = (...values: string[]) => fc.constantFrom(null, ...values);
const target = fc.constantFrom(
  { level: 'product', target: 'vcpu' },
  { level: 'product', target: 'gpu' },
  { level: 'family', target: 'machines' },
  { level: 'domain', target: 'compute' },
  { level: 'view', target: '' },
) as fc.Arbitrary<{ level: 'product'; target: string }>;
const given = fc
  .record({
    of: target,
    entity: maybe('retail', 'labs'),
    environment: fc.constantFrom(null, 'prod' as const, 'non_prod' as const),
    region: maybe('eu', 'us'),
    months: fc.constantFrom(
      ['2026-01', null],
      ['2026-01', '2026-06'],
      ['2026-06', null],
      ['2026-03', '2026-04'],
    ),
  })
  .map(({ of, months: [validFrom, validTo], ...line }) =>
    lineOf({ ...of, ...line, validFrom: validFrom ?? '', validTo: validTo ?? null }),
  );
/** Lines of which no two say the same of the same months, as the records keep them. */
const versions = fc.array(given, { maxLength: 25 }).map((lines) => {
  const kept = lines.filter((line, index) =>
    overlapsIn([...lines.slice(0, index), line]).every(
      ({ second, first }) => second !== line && first !== line,
    ),
  );
  return kept.map((line, index) => ({ ...line, number: index + 1 }));
});
const cells = fc.record({
  product: fc.constantFrom('vcpu', 'gpu', 'disk'),
  family: maybe('machines', 'blocks'),
  domain: fc.constantFrom('compute', 'storage'),
  entity: fc.constantFrom('retail', 'labs'),
  environment: fc.constantFrom('prod', 'non_prod', 'n_a'),
  region: fc.constantFrom('eu', 'us', 'n_a'),
});
const months = fc.constantFrom('2025-12', '2026-01', '2026-03', '2026-06', '2027-01');

describe('whatever the lines are', () => {
  it('the line found matches, and no matching line is more specific, in any order of the lines', () => {
    fc.assert(
      fc.property(versions, cells, months, fc.infiniteStream(fc.nat()), (lines, asked, month, seeds) => {
        const found = findPriceLine(lines, asked, month);
        const shuffled = lines
          .map((line) => ({ line, at: seeds.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ line }) => line);
        expect(findPriceLine(shuffled, asked, month)?.number).toBe(found?.number);
        const matching = lines.filter((line) => findPriceLine([line], asked, month));
        expect(matching.length > 0).toBe(found !== undefined);
        if (!found) return;
        expect(matching).toContain(found);
        const levels = ['view', 'domain', 'family', 'product'];
        const named = (line: PriceLine) =>
          [line.entity, line.environment, line.region].filter((one) => one !== null).length;
        for (const other of matching) {
          expect(levels.indexOf(other.level)).toBeLessThanOrEqual(levels.indexOf(found.level));
          if (other.level === found.level) expect(named(other)).toBeLessThanOrEqual(named(found));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the finder of many cells finds what the finder of one does', () => {
    fc.assert(
      fc.property(versions, fc.array(cells, { maxLength: 10 }), months, (lines, asked, month) => {
        const find = lineFinder(lines, month);
        for (const one of asked) expect(find(one)).toEqual(findPriceLine(lines, one, month));
      }),
      { numRuns: 300 },
    );
  });
});
