import { expect } from 'vitest';
import { ask, byMetric, nodeOf, type OracleCase, type Verdict } from './oracle-cases.ts';

type Row = readonly [number, readonly (number | string)[], readonly number[]];

/** Splits whole units, which the calculator holds as billionths; negative amounts are credits. */
function split(amount: number, weights: readonly (number | string)[]): number[] {
  const ids = weights.map((_, index) => `part${index}`);
  const hours = Object.fromEntries(ids.map((id, index) => [id, weights[index] as number | string]));
  const result = ask({
    nodes: [{ id: 'pool', type: 'shared', direct: `${amount}e-9` }, ...ids.map((id) => ({ id }))],
    ...byMetric('pool', 'weight', hours),
  });
  const parts = ids.map((id) => Math.round(Number(nodeOf(result, id).retained) * 1e9));
  expect(parts.reduce((sum, part) => sum + part, 0)).toBe(amount);
  return parts;
}

/** No part is further than a unit from the published one; how many rows are the same. */
function compare(rows: readonly Row[]): number {
  let same = 0;
  for (const [amount, weights, published] of rows) {
    const parts = split(amount, weights);
    for (const [index, part] of parts.entries()) {
      expect(Math.abs(part - (published[index] as number))).toBeLessThanOrEqual(1);
      if (Number(weights[index]) === 0) expect(part).toBe(0);
    }
    // A credit is the mirror image of its charge.
    expect(split(0 - amount, weights).map((part) => 0 - part + 0)).toEqual(parts);
    if (parts.every((part, index) => part === published[index])) same++;
  }
  return same;
}

/** Rows of amount, ratios, parts. */
export function splitRows(published: OracleCase): Verdict {
  const rows = published.expected['rows'] as readonly Row[];
  const same = compare(rows);
  if (same === rows.length) return { verdict: 'reproduced', why: 'all rows to the unit' };
  return {
    verdict: 'contrasted',
    why: `the peer gives left-over units to the largest remainders, the engine rounds along the line: ${same} of ${rows.length} rows are the same, in all of them the sum is and no part is more than a unit (10⁻⁹) away; -5 is the mirror of +5`,
  };
}

/** Percentages that add up. */
export function splitPercentages(published: OracleCase): Verdict {
  const { weights } = published.inputs as { readonly weights: readonly number[] };
  const toUnits = (name: string) =>
    (published.expected[name] as readonly string[]).map((share) => Math.round(Number(share) * 100));
  expect(split(100, weights)).toEqual(toUnits('shares'));
  const thirds = split(100, [1, 1, 1]);
  expect([...thirds].sort()).toEqual([...toUnits('equal3')].sort());
  expect(thirds).toEqual([33, 34, 33]);
  return {
    verdict: 'contrasted',
    why: '92 : 93 : 70 is 36 + 37 + 27 here too; of three equal parts the second gets the odd unit (33, 34, 33), not the first',
  };
}
