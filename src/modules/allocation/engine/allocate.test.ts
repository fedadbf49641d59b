import { describe, expect, it } from 'vitest';
import { heldCauses, strategyNames } from '../model.ts';
import { expectAgreementOnRandomGraphs, metOnRandomGraphs } from '../testing/agreement.ts';

describe('the engine and its exact twin', () => {
  it('agree to the last unit on 1,500 random graphs (10,000 in the conformance suite)', () => {
    expectAgreementOnRandomGraphs(1500);
  });

  it('meet every strategy, cause and quality on them', () => {
    const met = metOnRandomGraphs(300);
    const expected = [
      ...strategyNames.map((name) => `strategy ${name}`),
      ...heldCauses
        .filter((cause) => cause !== 'no_rule' && cause !== 'rounding')
        .map((cause) => `cause ${cause}`),
      ...['declared', 'measured', 'smoothed', 'fallback'].map((quality) => `quality ${quality}`),
      'a denominator beyond doubles',
      'a second group',
    ];
    expect(expected.filter((each) => !met.has(each))).toEqual([]);
  });
});
