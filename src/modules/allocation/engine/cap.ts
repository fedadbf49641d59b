import { strategyNames } from '../model.ts';
import { causeOf, compareProducts, largestOf, type Sharing, shareRest } from './sharing.ts';
import type { Work } from './work.ts';

const capped = strategyNames.indexOf('capped_proportional');

/**
 * `capped_proportional`: shares by weight; whoever would be over the cap gets the cap, and the others share the rest by weight,
 * until everybody fits (water filling). Weights 60, 30, 10 and caps of 40 %: 40, then 60 to be shared 3 : 1, that is 40
 * (capped) and 20.
 */
export function capShares(work: Work, sharing: Sharing): void {
  const { siblings, first } = sharing;
  const { x } = work.lines.entries;
  let open = openWeights(work, siblings.count);
  for (let isStable = false; !isStable && open > 0; ) {
    isStable = true;
    const sum = open;
    const available = sharing.available;
    for (let i = 0; i < siblings.count; i++) {
      if (!work.isWeighed[i] || work.weights[i] === 0) continue;
      const cap = capOf(work, sharing, i);
      if (compareProducts(available, work.weights[i] as number, cap, sum) <= 0) continue;
      x[first + i] = cap;
      sharing.available -= cap;
      open -= work.weights[i] as number;
      // From here on this one is out; `giveResidual` weighs it again.
      work.isWeighed[i] = 0;
      isStable = false;
    }
  }
  if (open > 0) shareRest(work, sharing);
  else giveResidual(work, sharing);
}

function openWeights({ weights, isWeighed }: Work, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) if (isWeighed[i]) sum += weights[i] as number;
  return sum;
}

function capOf({ graph }: Work, { siblings, grain }: Sharing, i: number): number {
  return (graph.rules.percent[siblings.rule + i] as number) / grain;
}

/** Everybody with a weight is at the cap: what is left goes where the group says. */
function giveResidual(work: Work, sharing: Sharing): void {
  const { graph, lines, isWeighed, weights } = work;
  const { siblings, first, segment } = sharing;
  const { residual } = graph.groups[siblings.group]?.settings ?? { residual: 'keep' };
  lines.segments.cause[segment] = causeOf('cap');
  if (residual === 'keep') return;
  for (let i = 0; i < siblings.count; i++) isWeighed[i] = (weights[i] as number) > 0 ? 1 : 0;
  if (residual === 'lift') {
    shareRest(work, sharing);
    return;
  }
  const to =
    residual === 'largest' ? largestOf(work, siblings.count) : receiverOf(work, sharing, residual.to);
  if (to < 0) return;
  lines.entries.x[first + to] = (lines.entries.x[first + to] as number) + sharing.available;
  sharing.available = 0;
}

/** The edge that takes what caps leave for a node: one that has a cap, or else one with a fixed percentage. */
function receiverOf({ graph, live }: Work, { siblings }: Sharing, id: string): number {
  const { strategy } = graph.rules;
  const node = graph.nodeOf.get(id);
  let found = -1;
  for (let i = 0; i < siblings.count; i++) {
    if (live[siblings.edge + i] !== 1 || graph.to[siblings.edge + i] !== node) continue;
    if (strategy[siblings.rule + i] === capped) return i;
    if (found < 0) found = i;
  }
  return found;
}
