import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import type { Assignment } from '../organization/index.ts';
import { revenueByApplication, revenueByCostCentre, revenueByProduct } from './revenue-place.ts';
import { statementOf } from './statement.ts';
import type { KeyCost } from './statement-sql.ts';

const cost = (key: string | null, direct: string, retained: string, currency = 'EUR'): KeyCost => ({
  key,
  name: key,
  currency,
  direct,
  retained,
});
const sum = (amounts: readonly string[]) => formatDecimal(sumDecimals(amounts.map(parseDecimal)));

describe('profit and loss', () => {
  it('is revenue less direct and indirect cost, and the cost of all lines is the run’s', () => {
    const { lines, totals } = statementOf({
      costs: [cost('shop', '30', '70'), cost('search', '0', '20')],
      totals: [{ currency: 'EUR', total: '100', unallocated: '10' }],
      revenue: [{ key: 'shop', currency: 'EUR', amount: '100' }],
    });
    expect(lines).toEqual([
      {
        ...{ kind: 'named', key: 'shop', name: 'shop', currency: 'EUR', revenue: '100' },
        ...{
          directCost: '30',
          indirectCost: '40',
          cost: '70',
          margin: '30',
          marginRatio: '0.3',
          reason: null,
        },
      },
      {
        ...{ kind: 'named', key: 'search', name: 'search', currency: 'EUR', revenue: null },
        ...{
          directCost: '0',
          indirectCost: '20',
          cost: '20',
          margin: null,
          marginRatio: null,
          reason: 'no_revenue',
        },
      },
      {
        ...{ kind: 'unallocated', key: null, name: null, currency: 'EUR', revenue: null },
        ...{
          directCost: '10',
          indirectCost: '0',
          cost: '10',
          margin: null,
          marginRatio: null,
          reason: 'no_revenue',
        },
      },
    ]);
    expect(totals).toMatchObject([{ revenue: '100', cost: '100', margin: '0', runTotal: '100', ties: true }]);
  });

  it('does not tie, and says by how much, when the lines are not the run', () => {
    const { totals } = statementOf({
      costs: [cost('shop', '30', '70')],
      totals: [{ currency: 'EUR', total: '100', unallocated: '29.99' }],
      revenue: [],
    });
    expect(totals).toMatchObject([{ ties: false, difference: '-0.01' }]);
  });

  it('shows revenue in another currency beside the cost, and no margin of either', () => {
    const { lines, totals } = statementOf({
      costs: [cost('shop', '0', '70', 'USD'), cost('search', '0', '20', 'USD')],
      totals: [{ currency: 'USD', total: '90', unallocated: '0' }],
      revenue: [
        { key: 'shop', currency: 'EUR', amount: '100' },
        { key: 'search', currency: 'USD', amount: '30' },
      ],
    });
    const shown = lines.map(({ key, currency, revenue, cost: spent, margin, reason }) => [
      ...[key, currency, revenue, spent, margin, reason],
    ]);
    expect(shown).toEqual([
      ['shop', 'EUR', '100', '0', null, 'other_currency'],
      ['shop', 'USD', null, '70', null, 'other_currency'],
      ['search', 'USD', '30', '20', '10', null],
    ]);
    expect(totals.map(({ currency, margin, reason }) => [currency, margin, reason])).toEqual([
      ['EUR', null, 'other_currency'],
      ['USD', null, 'other_currency'],
    ]);
  });

  it('has no margin for one who costs in two currencies and earns in one', () => {
    const { lines } = statementOf({
      costs: [cost('shop', '0', '70', 'USD'), cost('shop', '0', '5', 'EUR')],
      totals: [],
      revenue: [{ key: 'shop', currency: 'EUR', amount: '100' }],
    });
    expect(lines.map(({ margin }) => margin)).toEqual([null, null]);
  });

  it('tells revenue of 0 from revenue that nobody gave', () => {
    const { lines } = statementOf({
      costs: [cost('shop', '0', '70')],
      totals: [],
      revenue: [{ key: 'shop', currency: 'EUR', amount: '0.00' }],
    });
    expect(lines).toMatchObject([{ revenue: '0', margin: '-70', marginRatio: null, reason: 'zero_revenue' }]);
  });
});

const products = [
  { node: 'shop', application: 'store' },
  { node: 'web', application: 'store' },
  { node: 'search', application: 'find' },
  { node: 'free', application: null },
];
const fact = (of: { readonly node?: string; readonly application?: string }, amount: string) => ({
  node: of.node ?? null,
  application: of.application ?? null,
  currency: 'EUR',
  amount,
});

describe('revenue', () => {
  it('of an application is that of its product; where it has several, it stands for itself', () => {
    const given = [
      fact({ node: 'free' }, '1'),
      fact({ application: 'find' }, '2'),
      fact({ application: 'store' }, '3'),
    ];
    expect(revenueByProduct(given, products)).toEqual([
      { key: 'free', currency: 'EUR', amount: '1' },
      { key: 'search', currency: 'EUR', amount: '2' },
      { kind: 'application', key: 'store', currency: 'EUR', amount: '3' },
    ]);
    const { lines } = statementOf({ costs: [], totals: [], revenue: revenueByProduct(given, products) });
    expect(lines.find(({ kind }) => kind === 'application')).toMatchObject({
      key: 'store',
      margin: null,
      reason: 'no_single_product',
    });
  });

  it('of a node is that of the application which the node is now', () => {
    const given = [
      fact({ node: 'web', application: 'old' }, '1'),
      fact({ node: 'gone', application: 'old' }, '2'),
    ];
    expect(revenueByApplication(given, products).map(({ key }) => key)).toEqual(['store', 'old']);
  });

  const assigned = (costCentre: string, validFrom: string, validTo: string | null): Assignment => ({
    ...{ application: 'find', entity: 'retail', team: null, attributes: {}, costCentre, validFrom, validTo },
  });

  it('follows an application that changes its cost centre within the month, day by day', () => {
    const assignments = [assigned('a', '2026-01-01', '2026-10-10'), assigned('b', '2026-10-10', null)];
    const placed = revenueByCostCentre([fact({ application: 'find' }, '31')], {
      ...{ products, assignments, month: '2026-10' },
    });
    const of = (key: string | null) =>
      sum(placed.filter((one) => one.key === key).map(({ amount }) => amount));
    expect([of('a'), of('b'), of(null)]).toEqual(['9', '22', '0']);
  });

  it('loses nothing when it is spread over days, whatever the amount', () => {
    const assignments = [assigned('a', '2026-02-05', '2026-02-10'), assigned('b', '2026-02-20', null)];
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.integer({ min: 0, max: 12 }),
        (units, scale) => {
          const amount = formatDecimal({ units, scale });
          const placed = revenueByCostCentre([fact({ application: 'find' }, amount)], {
            ...{ products, assignments, month: '2026-02' },
          });
          expect(sum(placed.map((one) => one.amount))).toBe(amount);
        },
      ),
    );
  });
});
