import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectAgreementOnRandomGraphs } from '../src/modules/allocation/testing/agreement.ts';
import * as opencost from './allocation/opencost-cases.ts';
import type { OracleCase, Verdict } from './allocation/oracle-cases.ts';
import * as peers from './allocation/peer-cases.ts';
import * as rounding from './allocation/rounding-cases.ts';
import * as textbooks from './allocation/textbook-cases.ts';

/** Worked cases of others with the results that they publish, kept outside the repository; without them this suite is skipped by name. */
const file = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'shared',
  'oracles',
  'allocation.json',
);
const absent = !existsSync(file);
const title = absent
  ? 'worked cases of others (SKIPPED: no folder of cases beside the repository)'
  : 'worked cases of others';

/** How each case is put to the calculator, and what is to come of it. */
const adapters: Readonly<Record<string, readonly [Verdict['verdict'], (published: OracleCase) => Verdict]>> =
  {
    'GO-01': ['reproduced', peers.singleChild],
    'GO-03': ['reproduced', peers.proportional],
    'GO-05': ['reproduced', peers.partialRollUp],
    'GO-07': ['reproduced', peers.hybrid],
    'GO-09': ['reproduced', peers.weightedAverage],
    'GO-11': ['reproduced', peers.diamond],
    'GO-13': ['reproduced', peers.customerSegments],
    'GO-15': ['reproduced', peers.infeasibleFloors],
    'AWS-SCAD-UNIT': ['reproduced', peers.splitMachine],
    'OC-4a': ['reproduced', opencost.shareNamespaceEvenly],
    'OC-4c': ['reproduced', opencost.shareLabelEvenly],
    'OC-6g': ['reproduced', opencost.shareIdleThenNamespace],
    'OC-6e': ['contrasted', opencost.filterAfterSharing],
    'KC-IDLE': ['reproduced', opencost.shareIdleByMachineOrCluster],
    'KOKU-WU': ['reproduced', peers.contraRow],
    'TB-STEP-1': ['reproduced', textbooks.stepDownOfTwo],
    'TB-REC-3': ['reproduced', textbooks.reciprocal],
    'TB-STEP-2': ['reproduced', textbooks.stepDownOfThree],
    'RND-MPHP': ['contrasted', rounding.splitRows],
    'RND-DINERO': ['reproduced', rounding.splitRows],
    'RND-LRM': ['contrasted', rounding.splitPercentages],
    'AZ-ORDER': ['contrasted', peers.ruleOrder],
    'BU-MTD': ['reproduced', peers.budgetToDate],
  };

describe.skipIf(absent)(title, () => {
  const cases = absent
    ? []
    : (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly OracleCase[] }).cases;

  it('each has an adapter, and none is left out', () => {
    expect(Object.keys(adapters).sort()).toEqual(cases.map(({ id }) => id).sort());
  });

  it.each(cases.map((published) => [published.id, published.topic, published] as const))(
    '%s %s',
    (id, topic, published) => {
      const [expected, adapter] = adapters[id] as (typeof adapters)[string];
      const { verdict, why } = adapter(published);
      expect(verdict).toBe(expected);
      // The table of the README, line by line.
      console.info(`| ${id} | ${topic} | ${verdict} | ${why} |`);
    },
  );
});

describe('the engine and its exact twin', () => {
  it('agree to the last unit on 10,000 random graphs', { timeout: 900_000 }, () => {
    expectAgreementOnRandomGraphs(10_000);
  });
});
