import fc from 'fast-check';
import { allocateDay } from '../engine/allocate.ts';
import { heldCauses, qualities, strategyNames } from '../model.ts';
import { enter, expectAgreement, expectSolution } from './compare-engines.ts';
import { type MadeUp, madeUpAllocations } from './random-allocation.ts';

/** Holds the engine against its exact twin on so many random graphs, a fifth each with circles that are stepped down or solved. */
export function expectAgreementOnRandomGraphs(numRuns: number): void {
  const fifth = Math.floor(numRuns / 5);
  check(madeUpAllocations({ mode: 'refuse', withCircles: false }), numRuns - 2 * fifth, expectAgreement);
  check(madeUpAllocations({ mode: 'step_down', withCircles: true }), fifth, expectAgreement);
  let circles = 0;
  check(madeUpAllocations({ mode: 'reciprocal', withCircles: true }), fifth, (made) => {
    if (expectSolution(made)) circles++;
  });
  if (circles < fifth / 5) throw new Error(`only ${circles} of ${fifth} graphs had a circle with a solution`);
}

function check(arbitrary: fc.Arbitrary<MadeUp>, numRuns: number, property: (made: MadeUp) => void): void {
  fc.assert(fc.property(arbitrary, property), {
    numRuns,
    interruptAfterTimeLimit: 600_000,
    markInterruptAsFailure: true,
  });
}

/** What the random graphs bring about: strategies, causes and qualities that were met in some of them. */
export function metOnRandomGraphs(count: number): ReadonlySet<string> {
  const met = new Set<string>();
  for (const mode of ['refuse', 'step_down'] as const) {
    for (const made of fc.sample(madeUpAllocations({ mode, withCircles: mode !== 'refuse' }), {
      numRuns: count,
      seed: 1,
    })) {
      noteMet(made, met);
    }
  }
  return met;
}

function noteMet(made: MadeUp, met: Set<string>): void {
  const { graph, allocation } = enter(made);
  const { segments, entries } = allocation.work.lines;
  for (const day of made.days.keys()) {
    const { held, flows, qualityOf } = allocateDay(allocation, day);
    for (const cause of held.cause) met.add(`cause ${heldCauses[cause]}`);
    for (let edge = 0; edge < graph.to.length; edge++) {
      const lane = made.lanes.findIndex((_, of) => (flows[edge * made.lanes.length + of] as number) > 0);
      if (lane >= 0) met.add(`quality ${qualities[qualityOf(edge, lane)]}`);
    }
    for (const [segment, denominator] of segments.denominator.entries()) {
      const hasShare = entries.reach[(segments.end[segment] as number) - 1] !== 0;
      if (hasShare) met.add(`strategy ${strategyNames[segments.live.strategy[segment] as number]}`);
      if (denominator === 0) met.add('a denominator beyond doubles');
      if ((segments.s[segment] as number) > 0) met.add('a second group');
    }
  }
}
