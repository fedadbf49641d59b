import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDecimal, formatDecimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { BridgeLine } from './bridge.ts';
import { type CostMetric, costMetrics } from './model.ts';
import { type AttributionLake, charge, openAttributionLake } from './testing/attribution-lake.ts';

const plan = { CommitmentDiscountId: 'c-1', CommitmentDiscountType: 'Savings Plan' };
const costs = (BilledCost: string, EffectiveCost: string, ContractedCost: string, ListCost: string) => ({
  ...{ BilledCost, EffectiveCost, ContractedCost, ListCost },
});

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({
    bill: [
      charge('0', {}, { ChargeCategory: 'Purchase', ...plan, ...costs('2', '0', '2', '2') }),
      charge('0', {}, { CommitmentDiscountStatus: 'Used', ...plan, ...costs('0', '1.5', '2.5', '3') }),
      charge('0', {}, { CommitmentDiscountStatus: 'Unused', ...plan, ...costs('0', '0.5', '0.5', '0.6') }),
      charge('0', {}, costs('10', '10', '10', '12')),
      charge('0', {}, { ChargeCategory: 'Adjustment', ...costs('1', '0.75', '1', '1') }),
      charge('0', {}, { ChargeCategory: 'Tax', ...costs('0.3', '0.3', '0.3', '0.3') }),
    ],
  });
});
afterAll(() => lake.close());

async function bridgeOf(metric: CostMetric): Promise<readonly BridgeLine[]> {
  const { bridge, totals } = await lake.attribute({ method: { metric } });
  expect(bridge.map(({ currency }) => currency)).toEqual(['USD']);
  const lines = bridge[0]?.lines ?? [];
  expect(lines.at(-1)).toEqual({ part: 'total', amount: totals[0]?.cost });
  return lines;
}

test('goes from what was billed to the total of the run by named parts', async () => {
  expect((await bridgeOf('EffectiveCost')).map(({ part, amount }) => `${part} ${amount}`)).toEqual([
    'BilledCost 13.3',
    'commitment-purchases -2',
    'commitment-used 1.5',
    'commitment-unused 0.5',
    'unexplained -0.25',
    'EffectiveCost 13.05',
    'recoverable-tax -0.3',
    'total 12.75',
  ]);
  expect((await bridgeOf('ListCost')).map(({ part, amount }) => `${part} ${amount}`)).toEqual([
    'BilledCost 13.3',
    'commitment-purchases -2',
    'commitment-used 1.5',
    'commitment-unused 0.5',
    'unexplained -0.25',
    'EffectiveCost 13.05',
    'commitment-savings 3.25',
    'ContractedCost 16.3',
    'negotiated-savings 2.6',
    'ListCost 18.9',
    'recoverable-tax -0.3',
    'total 18.6',
  ]);
});

test.each(costMetrics)('every stated sum of the bridge to %s is what its parts come to', async (metric) => {
  let sum = zero;
  const lines = await bridgeOf(metric);
  const [first, ...others] = lines;
  expect(first?.part).toBe('BilledCost');
  sum = parseDecimal(first?.amount ?? '');
  for (const { part, amount } of others) {
    const states = part === 'total' || costMetrics.some((cost) => cost === part);
    if (states) expect(amount).toBe(formatDecimal(sum));
    else sum = addDecimal(sum, parseDecimal(amount));
  }
});
