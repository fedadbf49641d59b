import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentChange, scalePrice, shareOf } from './price-arithmetic.ts';
import { diffLines } from './price-diff.ts';
import { lineInputSchema, lineText, monthsText } from './price-line.ts';
import { hashLines } from './price-line-hash.ts';
import { overlapsIn, sharedMonths } from './price-overlaps.ts';
import { parseTiers, tiersText } from './price-tier-text.ts';
import { inputOf, lineOf } from './testing/price-bench.ts';

/** Field and message of everything that is wrong with a line. */
function problems(given: Parameters<typeof inputOf>[0] & Record<string, unknown>): string[] {
  const { error } = lineInputSchema.safeParse({ ...inputOf(given), ...given });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a line', () => {
  it('is a price of a unit, a pool, or tiers', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ kind: 'pool', target: 'net', amount: '-5000.5' })).toEqual([]);
    expect(problems({ tiers: { mode: 'graduated', steps: [{ from: '0', price: '1' }] } })).toEqual([]);
    expect(problems({ level: 'view', target: '' })).toEqual([]);
  });

  it.each([
    [{ level: 'view' }, 'target: a line of the whole view names no target'],
    [{ target: '' }, 'target: name the product that the line prices'],
    [{ unit: null }, 'unit: say what the price is the price of: GB-month'],
    [{ amount: null }, 'amount: give a price, or tiers'],
    [{ kind: 'pool', level: 'domain' }, 'level: the amount of a pool is spread over one product'],
    [{ kind: 'pool', unit: 'GB' }, 'unit: the amount of a pool has no unit'],
    [{ kind: 'pool', amount: null }, 'amount: give the amount that is spread each month'],
    [{ validTo: '2026-01' }, 'validTo: the first month that the line no longer holds comes after validFrom'],
    [{ validFrom: '2026-13' }, 'validFrom: write a month as YYYY-MM, from 1970 to 2199'],
    [{ currency: 'EURO' }, 'currency: give an ISO 4217 code, such as EUR'],
    [
      { amount: '0.0000000000001' },
      'amount: give a decimal number with at most 26 digits before and 12 after the point',
    ],
    [{ tiers: { mode: 'graduated', steps: [] }, amount: null }, 'tiers.steps: give at least one step'],
    [
      { tiers: { mode: 'graduated', steps: [{ from: '1', price: '1' }] }, amount: null },
      'tiers.steps: the first step begins at 0',
    ],
    [
      {
        tiers: { mode: 'graduated', steps: ['0', '10', '10.0'].map((from) => ({ from, price: '1' })) },
        amount: null,
      },
      'tiers.steps: each step begins above the one before',
    ],
  ] as const)('%j is refused', (given, message) => {
    expect(problems(given as Parameters<typeof problems>[0])).toEqual([message]);
  });

  it('keeps numbers plain, however they were written', () => {
    expect(lineOf({ amount: '+0.0400' }).amount).toBe('0.04');
    const tiers = { mode: 'all-units' as const, steps: [{ from: '0.0', price: '1.50' }] };
    expect(lineOf({ tiers }).tiers).toEqual({ mode: 'all-units', steps: [{ from: '0', price: '1.5' }] });
  });

  it('is named in words', () => {
    expect(lineText(lineOf({ environment: 'prod', region: 'eu' }))).toBe(
      "product 'vcpu', environment 'prod', region 'eu'",
    );
    expect(lineText(lineOf({ level: 'view', target: '' }))).toBe('the whole view');
    expect(monthsText('2026-01', null)).toBe('from 2026-01 on');
    expect(monthsText('2026-01', '2026-02')).toBe('2026-01');
    expect(monthsText('2025-11', '2026-01')).toBe('2025-11 to 2025-12');
  });
});

describe('tiers as one cell', () => {
  it('are read and written', () => {
    const tiers = parseTiers(' graduated 0:0.10; 100 : 0.08 ');
    expect(tiers).toEqual({
      mode: 'graduated',
      steps: [
        { from: '0', price: '0.10' },
        { from: '100', price: '0.08' },
      ],
    });
    expect(tiers && tiersText(tiers)).toBe('graduated 0:0.10;100:0.08');
  });

  it.each(['', 'graduated', '0:1', 'tiered 0:1', 'graduated 0:1;', 'graduated 0', 'graduated 0:1:2'])(
    '%j is none',
    (text) => {
      expect(parseTiers(text)).toBeUndefined();
    },
  );
});

describe('the hash of lines', () => {
  const lines = [lineOf(), lineOf({ target: 'gpu', note: 'n' }), lineOf({ environment: 'prod' })];

  it('does not depend on their order and numbers, and on everything else', () => {
    const hash = hashLines(lines);
    expect(hashLines([...lines].reverse())).toBe(hash);
    expect(hashLines(lines.map((line, index) => ({ ...line, number: 90 - index })))).toBe(hash);
    for (const other of [
      { amount: '0.05' },
      { note: 'x' },
      { unit: 'vCPU-month' },
      { currency: 'USD' },
      { validTo: '2027-01' },
      { region: 'eu' },
      { entity: 'labs' },
    ])
      expect(hashLines([lineOf(other), ...lines.slice(1)])).not.toBe(hash);
    expect(hashLines(lines.slice(1))).not.toBe(hash);
  });
});

describe('overlaps', () => {
  const span = (validFrom: string, validTo: string | null, more = {}) =>
    lineOf({ validFrom, validTo, ...more });

  it('are months that two lines of the same scope share', () => {
    const [a, b, c] = [span('2026-01', '2026-07'), span('2026-06', null), span('2026-03', '2026-04')];
    expect(overlapsIn([b, a])).toEqual([{ first: a, second: b, from: '2026-06', to: '2026-07' }]);
    expect(overlapsIn([a, c])).toEqual([{ first: a, second: c, from: '2026-03', to: '2026-04' }]);
    expect(overlapsIn([a, span('2026-07', null), span('2025-01', '2026-01')])).toEqual([]);
  });

  it('are none of another scope', () => {
    const scopes = [
      {},
      { environment: 'prod' },
      { region: 'prod' },
      { entity: 'retail' },
      { target: 'gpu' },
    ] as const;
    expect(overlapsIn(scopes.map((scope) => span('2026-01', null, scope)))).toEqual([]);
  });

  it('are found wherever they are', () => {
    const months = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05'] as const;
    const spans = fc
      .tuple(fc.nat(4), fc.nat(5))
      .filter(([from, to]) => from < to)
      .map(([from, to]) => span(months[from] ?? '', months[to] ?? null));
    fc.assert(
      fc.property(fc.array(spans, { maxLength: 5 }), (lines) => {
        const inOrder = lines
          .map((line, number) => ({ ...line, number }))
          .sort((a, b) =>
            a.validFrom === b.validFrom ? a.number - b.number : a.validFrom < b.validFrom ? -1 : 1,
          );
        const late = inOrder.filter((b, at) => inOrder.slice(0, at).some((a) => sharedMonths(a, b)));
        expect(overlapsIn(inOrder).map(({ second }) => second.number)).toEqual(
          late.map(({ number }) => number),
        );
      }),
    );
  });
});

describe('a difference', () => {
  const numbered = (lines: readonly ReturnType<typeof lineOf>[]) =>
    lines.map((line, index) => ({ ...line, number: index + 1 }));

  it('tells what was added, removed and changed, in prices and percent', () => {
    const before = numbered([lineOf(), lineOf({ target: 'gpu', amount: '2' }), lineOf({ target: 'disk' })]);
    const after = numbered([
      lineOf({ target: 'disk' }),
      lineOf({ amount: '0.05' }),
      lineOf({ target: 'gpu', amount: '2', validTo: '2027-01' }),
      lineOf({ target: 'seat', unit: 'seat' }),
    ]);
    const diff = diffLines(before, after.slice(0, 3));
    expect(diff).toMatchObject({ added: [], removed: [], unchanged: 1 });
    expect(diff.changed.map(({ fields, price }) => ({ fields, price }))).toEqual([
      { fields: ['amount'], price: { before: '0.04', after: '0.05', delta: '0.01', percent: '25' } },
      { fields: ['validTo'], price: null },
    ]);
    expect(diffLines(before.slice(0, 1), after.slice(2)).added).toHaveLength(2);
    expect(diffLines(before, after.slice(3)).removed).toHaveLength(3);
  });

  it('compares no prices of different units or currencies, and none with tiers', () => {
    const steps = [{ from: '0', price: '1' }];
    for (const other of [
      { unit: 'vCPU-month', amount: '1' },
      { currency: 'USD', amount: '1' },
      { tiers: { mode: 'graduated' as const, steps } },
    ])
      expect(diffLines(numbered([lineOf()]), numbered([lineOf(other)])).changed[0]?.price).toBeNull();
  });
});

describe('prices', () => {
  it('are multiplied exactly, and rounded half away from zero at twelve decimals', () => {
    expect(scalePrice('0.041', '1.03')).toEqual({ price: '0.04223', rounded: false });
    expect(scalePrice('0.000000000001', '1.5')).toEqual({ price: '0.000000000002', rounded: true });
    expect(scalePrice('-0.000000000001', '1.5')).toEqual({ price: '-0.000000000002', rounded: true });
    expect(scalePrice('0.000000000001', '1.4')).toEqual({ price: '0.000000000001', rounded: true });
    expect(scalePrice('12', '0')).toEqual({ price: '0', rounded: false });
  });

  it('have changes in percent, of nothing none', () => {
    expect(percentChange('40', '50')).toBe('25');
    expect(percentChange('3', '2')).toBe('-33.333333');
    expect(percentChange('-10', '-12')).toBe('20');
    expect(percentChange('0', '1')).toBeNull();
    expect([shareOf(2, 3), shareOf(0, 4), shareOf(0, 0)]).toEqual(['0.666667', '0', null]);
  });
});
