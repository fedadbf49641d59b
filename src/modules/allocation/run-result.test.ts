import { describe, expect, it } from 'vitest';
import { addSums, type OriginSums } from './checks.ts';
import { currencyResults } from './run-result.ts';

const october: OriginSums = {
  origin: '2026-10',
  currency: 'USD',
  cost: '90',
  direct: '90',
  retained: '90',
  allocated: '70',
  charges: '100',
  allocatedCharges: '80',
  held: '20',
  causes: { fixed: '15', no_rule: '5' },
  qualities: { measured: '60' },
};
const september: OriginSums = {
  ...october,
  origin: '2026-09',
  cost: '-3',
  direct: '-3',
  retained: '-3',
  allocated: '-2',
  charges: '-3',
  allocatedCharges: '-2',
  held: '-1',
  causes: { fixed: '-1', cap: '0' },
  qualities: {},
};
const bridge = [{ currency: 'USD', lines: [{ part: 'total', amount: '90' }] }];

describe('the figures of a currency', () => {
  it('are those of the month and of what is booked for closed months, which is named', () => {
    expect(currencyResults([october, september], { period: '2026-10', bridge })).toEqual([
      {
        currency: 'USD',
        total: '87',
        allocated: '68',
        unallocated: '19',
        coverage: '0.80412371134',
        charges: '97',
        allocatedCharges: '78',
        causes: [
          { cause: 'no_rule', amount: '5' },
          { cause: 'fixed', amount: '14' },
        ],
        qualities: [{ quality: 'measured', amount: '60' }],
        bridge: [{ part: 'total', amount: '90' }],
        restated: [{ period: '2026-09', amount: '-3' }],
      },
    ]);
  });

  it('of charges that are none have no coverage', () => {
    const credit = { ...october, charges: '0', allocatedCharges: '0' };
    expect(currencyResults([credit], { period: '2026-10', bridge: [] })[0]?.coverage).toBeNull();
  });

  it('are never added to those of another', () => {
    const euro = { ...october, currency: 'EUR' };
    const results = currencyResults([october, euro], { period: '2026-10', bridge });
    expect(results.map(({ currency, total, bridge: lines }) => [currency, total, lines.length])).toEqual([
      ['EUR', '90', 0],
      ['USD', '90', 1],
    ]);
  });
});

describe('what days hold', () => {
  const stored = { attribution: [], allocation: [], flow: [] };
  const day = (sums: readonly OriginSums[]) => ({ sums, stored, differences: {} });

  it('is added month of origin by month of origin and currency by currency', () => {
    const sums = addSums([day([october, september]), day([october])]);
    expect(sums.map(({ origin, direct, causes }) => [origin, direct, causes['fixed']])).toEqual([
      ['2026-09', '-3', '-1'],
      ['2026-10', '180', '30'],
    ]);
  });
});
