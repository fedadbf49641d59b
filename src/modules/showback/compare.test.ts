import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { personOf } from '../allocation/testing/run-bench.ts';
import { askComparison } from './ask-comparison.ts';
import { type ComparisonAnswer, type CostQueryInput, costQuerySchema } from './cost-contract.ts';
import { type CostBench, openCostBench, type TestFact } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.04', to: '2026-10' },
    { product: 'vcpu', price: '0.05', from: '2026-10' },
    { product: 'vcpu', environment: 'non_prod', price: '0.02' },
    { product: 'lan', entity: 'retail', pool: '1000', to: '2026-10' },
    { product: 'lan', entity: 'retail', pool: '1100', from: '2026-10' },
  ]);
  await bench.view('budget', [
    { product: 'vcpu', price: '0.06' },
    { product: 'lan', entity: 'retail', pool: '900' },
  ]);
  await bench.calendar('standard', '2026-01');
  await bench.facts('retail', '2026-09', [
    ['shop', 'vcpu', '100'],
    ['shop', 'vcpu', '100', { environment: 'non_prod' }],
    ['blog', 'vcpu', '50'],
    ['shop', 'lan', '1', { kind: 'INDIRECT' }],
    ['blog', 'lan', '1', { kind: 'INDIRECT' }],
  ]);
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '300'],
    ['shop', 'vcpu', '100', { environment: 'non_prod' }],
    ['shop', 'lan', '3', { kind: 'INDIRECT' }],
    ['blog', 'lan', '1', { kind: 'INDIRECT' }],
  ]);
}, 60_000);
afterAll(() => bench.close());

const compare = (query: CostQueryInput): Promise<ComparisonAnswer> =>
  askComparison(
    { workspace: bench.workspace, records: async () => bench.records },
    personOf(),
    costQuerySchema.parse(query),
  );
const months = ['2026-09', '2026-10'];
const betweenMonths = { months, compare: { months: ['2026-09', '2026-10'] as [string, string] } };

describe('two months', () => {
  it('differ by volume, mix, weight, price, and what only both explain', async () => {
    const { items, totals } = await compare({ ...betweenMonths, groupBy: ['application'] });
    expect(items.map(({ key, a, b, delta, parts }) => [key['application'], a, b, delta, parts])).toEqual([
      [
        'shop',
        // 4 + 2 + 500, and 15 + 2 + 825.
        ...['506', '842', '336'],
        // 200 hours more at the mean 0.03 are 6, and 2 more because they are production; a quarter of 1,000 more; 10 more of the pool
        // at half of it and 1 for 100 hours; 200 hours at 0.01 and a quarter of 100.
        { volume: '6', mix: '2', weight: '250', price: '51', joint: '27' },
      ],
      [
        'blog',
        '502',
        '275',
        '-227',
        { volume: '-2', mix: '0', weight: '-250', price: '50.5', joint: '-25.5' },
      ],
    ]);
    expect(totals).toMatchObject([{ delta: '109', other: '0', residual: '0' }]);
  });

  it('have the same parts whether groups are shown or fall beyond the top', async () => {
    const whole = await compare(betweenMonths);
    const { items, totals } = await compare({ ...betweenMonths, groupBy: ['application'], top: 1 });
    expect(items).toHaveLength(1);
    expect(totals[0]?.other).toBe('-227');
    expect(totals[0]?.delta).toBe(whole.totals[0]?.delta);
  });

  it('add up at every level, whatever the quantities and prices', async () => {
    const quantity = fc
      .integer({ min: 0, max: 1_000_000 })
      .map((units) => formatDecimal({ units: BigInt(units), scale: 3 }));
    const facts = fc.array(
      fc.tuple(
        fc.constantFrom('shop', 'blog'),
        fc.constantFrom('vcpu', 'ram', 'lan'),
        fc.constantFrom('prod', 'non_prod'),
        quantity,
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(facts, facts, async (before, after) => {
        await bench.facts('retail', '2026-05', factsOf(before));
        await bench.facts('retail', '2026-06', factsOf(after));
        const pair = {
          months: ['2026-05', '2026-06'],
          compare: { months: ['2026-05', '2026-06'] as [string, string] },
        };
        const whole = (await compare(pair)).totals[0];
        for (const groupBy of [
          ['application'],
          ['product'],
          ['application', 'product', 'environment'],
          ['team'],
        ]) {
          const { items, totals } = await compare({ ...pair, groupBy });
          // An item whose parts do not sum refuses the whole answer; here the levels are held against each other.
          expect(levelled(totals[0])).toEqual(levelled(whole));
          expect(formatDecimal(sumDecimals(items.map(({ delta }) => parseDecimal(delta))))).toBe(
            whole?.delta ?? '0',
          );
        }
      }),
      { numRuns: 4 },
    );
  }, 60_000);
});

/** Volume and mix as one: a shift between applications is mix of the whole, and volume of each of them. */
function levelled(total: ComparisonAnswer['totals'][number] | undefined) {
  if (!total?.parts) return total;
  const { volume, mix, ...parts } = total.parts;
  return {
    ...total,
    parts: { ...parts, quantity: formatDecimal(sumDecimals([volume, mix].map(parseDecimal))) },
  };
}

function factsOf(rows: readonly (readonly [string, string, string, string])[]): TestFact[] {
  const unique = new Map(rows.map((row) => [row.slice(0, 3).join(' '), row]));
  return [...unique.values()].map(([application, product, environment, quantity]) => [
    application,
    product,
    quantity,
    { environment, kind: product === 'lan' ? 'INDIRECT' : 'DIRECT' },
  ]);
}

describe('two views', () => {
  it('differ by price alone where weights are as they are stored', async () => {
    const { items } = await compare({
      months: ['2026-10'],
      compare: { views: ['standard', 'budget'] },
      groupBy: ['application'],
    });
    expect(
      items.map(({ key, delta, parts }) => [key['application'], delta, parts?.price, parts?.weight]),
    ).toEqual([
      ['shop', '-143', '-143', '0'],
      ['blog', '-50', '-50', '0'],
    ]);
  });

  it('differ by weight too where weights follow from prices', async () => {
    await bench.owner((tx) =>
      sql`insert into consumption_origin (entity_id, product_id, kind, source, definition, valid_from, declared_at, declared_by)
        values ('retail', 'lan', 'derived', 'by-cost', '{"view": "standard"}', '2026-07', now(), 'test')`.execute(
        tx,
      ),
    );
    await bench.facts('retail', '2026-07', [
      ['shop', 'vcpu', '100', { environment: 'non_prod' }],
      ['blog', 'vcpu', '50'],
      // As derived under the standard view: 2 and 2.
      ['shop', 'lan', '2', { environment: 'n_a', kind: 'INDIRECT' }],
      ['blog', 'lan', '2', { environment: 'n_a', kind: 'INDIRECT' }],
    ]);
    const { items, totals } = await compare({
      months: ['2026-07'],
      compare: { views: ['standard', 'budget'] },
      weights: 'derived',
      groupBy: ['application'],
      filters: { product: ['lan'] },
    });
    // Under the budget the shop's machines cost 6 and the blog's 3: two thirds of 900, where it was half of 1,000.
    expect(
      items.map(({ key, a, b, parts }) => [key['application'], a, b, parts?.price, parts?.weight]),
    ).toEqual([
      ['blog', '500', '300', '-50', '-150'],
      ['shop', '500', '600', '-50', '150'],
    ]);
    expect(totals).toMatchObject([{ delta: '-100', parts: { price: '-100', weight: '0' } }]);
  });
});

describe('constant prices', () => {
  it('show what quantities alone did', async () => {
    const { items } = await bench.ask({ months, mode: 'constant', pricesOf: '2026-09', groupBy: ['month'] });
    expect(items.map(({ key, cost }) => [key['month'], cost])).toEqual([
      ['2026-09', '1008'],
      ['2026-10', '1014'],
    ]);
  });
});
