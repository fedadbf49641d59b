import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../platform/kernel/index.ts';
import { type CoverageParts, coverageOf } from './coverage.ts';
import type { SideTotals } from './coverage-sql.ts';
import { deltasOf, type RestingCost } from './what-if-delta.ts';

const charge: SideTotals = {
  ...{ currency: 'EUR', side: 'charge', total: '100', allocated: '80', unallocated: '20' },
  directOnProducts: '30',
};
const parts: CoverageParts = {
  totals: [
    charge,
    {
      currency: 'EUR',
      side: 'credit',
      total: '-10',
      allocated: '-8',
      unallocated: '-2',
      directOnProducts: '0',
    },
  ],
  held: [
    { currency: 'EUR', cause: 'no_edge', node: 'db', type: 'service', amount: '12' },
    { currency: 'EUR', cause: 'no_rule', node: 'unattributed', type: 'shared', amount: '5' },
    { currency: 'EUR', cause: 'no_edge', node: 'log', type: 'shared', amount: '3' },
  ],
  border: [
    { currency: 'EUR', quality: 'measured', entering: '45', leaving: '0' },
    { currency: 'EUR', quality: 'fallback', entering: '7', leaving: '2' },
  ],
  top: 1,
  isWhole: true,
};

describe('coverage', () => {
  it('is charges on products over charges; credits stand beside it', () => {
    const [eur] = coverageOf(parts);
    expect(eur).toMatchObject({
      ...{ charges: '100', allocated: '80', unallocated: '20', coverage: '0.8' },
      credits: { total: '-10', allocated: '-8', unallocated: '-2' },
    });
  });

  it('names what stays behind by cause and node, the largest first, with what may be done', () => {
    const [eur] = coverageOf(parts);
    expect(eur?.causes.map(({ cause, amount, share }) => [cause, amount, share])).toEqual([
      ['no_edge', '15', '0.75'],
      ['no_rule', '5', '0.25'],
    ]);
    expect(eur?.causes[0]).toMatchObject({
      nodes: [{ node: 'db', amount: '12', advice: "Add an edge from 'db' to those who use it." }],
      others: { nodes: 1, amount: '3' },
    });
  });

  it('says by which quality cost reached products', () => {
    const [eur] = coverageOf(parts);
    // 30 direct + 45 measured + 7 by a fallback − 2 that went back = 80.
    expect(eur?.quality).toMatchObject({
      direct: '30',
      leaving: '2',
      entering: [
        { quality: 'measured', amount: '45', share: '0.548780487805' },
        { quality: 'fallback', amount: '7' },
      ],
    });
    expect(eur?.checks.every(({ ok }) => ok)).toBe(true);
  });

  it('shows books that do not balance', () => {
    const broken = coverageOf({ ...parts, held: parts.held.slice(1) });
    expect(broken[0]?.checks.map(({ ok, difference }) => [ok, difference])).toEqual([
      [false, '-12'],
      [true, '0'],
      [true, '0'],
    ]);
    const more = coverageOf({ ...parts, totals: [{ ...charge, total: '101' }] });
    expect(more[0]?.checks[1]).toMatchObject({ ok: false, difference: '-1' });
    const lost = coverageOf({ ...parts, border: [] });
    expect(lost[0]?.checks.map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  it('of a part of a run is of what rests in that part', () => {
    const [eur] = coverageOf({ ...parts, totals: [{ ...charge, total: '5' }], isWhole: false });
    expect(eur).toMatchObject({ charges: '100', coverage: '0.8' });
    expect(eur?.checks).toHaveLength(1);
  });

  it('of nothing is nothing', () => {
    const none = { ...charge, total: '0', allocated: '0', unallocated: '0' };
    expect(coverageOf({ ...parts, totals: [none], held: [], border: [] })[0]?.coverage).toBeNull();
  });
});

const rests = (node: string, type: string, charges: string, credits = '0'): RestingCost => ({
  ...{ node, name: node, type, currency: 'EUR' },
  charges: parseDecimal(charges),
  credits: parseDecimal(credits),
});

describe('the difference between two allocations', () => {
  it('is largest first, and adds up to the difference of the totals', () => {
    const [eur] = deltasOf(
      [
        rests('a', 'product', '60'),
        rests('b', 'product', '30'),
        rests('c', 'product', '5'),
        rests('db', 'service', '5'),
      ],
      [
        rests('a', 'product', '52'),
        rests('b', 'product', '40'),
        rests('c', 'product', '5'),
        rests('db', 'service', '3'),
      ],
    );
    expect(eur?.products.map(({ node, delta, change }) => [node, delta, change])).toEqual([
      ['b', '10', '0.333333333333'],
      ['a', '-8', '-0.133333333333'],
    ]);
    expect(eur).toMatchObject({
      ...{ unchangedProducts: 1, total: { before: '100', after: '100', delta: '0' }, difference: '0' },
      unallocated: { before: '5', after: '3', delta: '-2' },
      coverage: { before: '0.95', after: '0.97' },
      nodes: [{ node: 'db', delta: '-2' }],
    });
  });

  it('counts a node that rests on one side only as 0 on the other', () => {
    const [eur] = deltasOf([rests('old', 'product', '10')], [rests('new', 'product', '10')]);
    expect(eur?.products.map(({ node, before, after, change }) => [node, before, after, change])).toEqual([
      ['new', '0', '10', null],
      ['old', '10', '0', '-1'],
    ]);
  });

  it('takes charges and credits together, and coverage of charges only', () => {
    const [eur] = deltasOf(
      [rests('a', 'product', '10', '-4')],
      [rests('a', 'product', '10', '-4'), rests('x', 'service', '10', '-4')],
    );
    expect(eur).toMatchObject({
      total: { before: '6', after: '12' },
      coverage: { before: '1', after: '0.5' },
    });
  });
});
