import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectAgreement } from '../testing/compare-engines.ts';
import { compileMadeUp, madeUpAllocations } from '../testing/random-allocation.ts';

describe('the engine and its exact twin', () => {
  it('agree to the last unit on graphs with all strategies', () => {
    let met = 0;
    fc.assert(
      fc.property(madeUpAllocations({ mode: 'refuse', withCircles: false }), (made) => {
        fc.pre(compileMadeUp(made).findings.every(({ severity }) => severity !== 'error'));
        met++;
        expectAgreement(made);
      }),
      { numRuns: 2000 },
    );
    expect(met).toBe(2000);
  });
});
