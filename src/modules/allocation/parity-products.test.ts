import { describe, expect, it } from 'vitest';
import { forestOf } from './parity-products.ts';

const product = (node: string, retained: string) => ({
  ...{ node, type: 'product', name: node, application: null, currency: 'EUR' },
  ...{ direct: '0', inflow: '10', holistic: '10', outflow: '0', retained },
});
const flow = (from: string, to: string, amount: string) => ({
  from,
  to,
  amount,
  dimension: 'Compute',
  currency: 'EUR',
});

describe('products as trees', () => {
  it('put a product under the one that gives it most, and nowhere else', () => {
    const products = [product('a', '1'), product('b', '2'), product('c', '4')];
    const flows = [flow('a', 'c', '3'), flow('b', 'c', '5'), flow('a', 'c', '1')];
    const trees = forestOf(products, flows, { dimensions: [], days: undefined });
    expect(
      trees.map(({ node, rollUp, children }) => [node, rollUp, children.map((child) => child.node)]),
    ).toEqual([
      ['b', '6', ['c']],
      ['a', '1', []],
    ]);
    expect(trees[0]?.children[0]).toMatchObject({ fromProducts: '9', shared: '1' });
  });

  it('open circles where the least is passed', () => {
    const trees = forestOf(
      [product('a', '1'), product('b', '2')],
      [flow('a', 'b', '5'), flow('b', 'a', '3')],
      {
        dimensions: [],
        days: undefined,
      },
    );
    expect(trees.map(({ node, children }) => [node, children.map((child) => child.node)])).toEqual([
      ['a', ['b']],
    ]);
  });
});
