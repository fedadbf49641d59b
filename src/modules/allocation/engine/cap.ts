import { strategyNames } from '../model.ts';
import { causeOf, compareProducts, largestOf, shareRest } from './sharing.ts';
import type { Sharing, Work } from './work.ts';

const capped = strategyNames.indexOf('capped_proportional');
const capCause = causeOf('cap');

/**
 * `capped_proportional`: shares by weight; whoever would be over the cap gets the cap, and the others share the rest by weight,
 * until everybody fits (water filling). Weights 60, 30, 10 and caps of 40 %: 40, then 60 to be shared 3 : 1, that is 40
 * (capped) and 20.
 */
export function capShares(work: Work, sharing: Sharing): void {
  let open = work.found.sum;
  for (let before = -1; open > 0 && open !== before; ) {
    before = open;
    open -= capOverfull(work, sharing, open);
  }
  if (open > 0) shareRest(work, sharing);
  else giveResidual(work, sharing);
}

/** Gives everybody who would be over the cap the cap; returns what they weighed. `giveResidual` may weigh them again. */
function capOverfull(work: Work, sharing: Sharing, sum: number): number {
  const { weights, isWeighed } = work;
  const { x, part } = work.lines.entries;
  const { first, count, available } = sharing;
  let out = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i] as number;
    if (isWeighed[i] === 0 || weight === 0) continue;
    const cap = part[first + i] as number;
    if (compareProducts(available, weight, cap, sum) <= 0) continue;
    x[first + i] = cap;
    sharing.available -= cap;
    isWeighed[i] = 0;
    out += weight;
  }
  return out;
}

/** Everybody with a weight is at the cap: what is left goes where the group says. */
function giveResidual(work: Work, sharing: Sharing): void {
  const { graph, lines, isWeighed, weights } = work;
  const { first, segment, count } = sharing;
  const { residual } = graph.groups[sharing.group]?.settings ?? { residual: 'keep' };
  lines.segments.cause[segment] = capCause;
  if (residual === 'keep') return;
  for (let i = 0; i < count; i++) isWeighed[i] = (weights[i] as number) > 0 ? 1 : 0;
  if (residual === 'lift') {
    shareRest(work, sharing);
    return;
  }
  const to = residual === 'largest' ? largestOf(work, count) : receiverOf(work, sharing, residual.to);
  if (to < 0) return;
  lines.entries.x[first + to] = (lines.entries.x[first + to] as number) + sharing.available;
  sharing.available = 0;
}

/** The edge that takes what caps leave for a node: one that has a cap, or else one with a fixed percentage. */
function receiverOf({ graph, live }: Work, { edge, rule, count }: Sharing, id: string): number {
  const { strategy } = graph.rules;
  const node = graph.nodeOf.get(id);
  let found = -1;
  for (let i = 0; i < count; i++) {
    if (live[edge + i] !== 1 || graph.to[edge + i] !== node) continue;
    if (strategy[rule + i] === capped) return i;
    if (found < 0) found = i;
  }
  return found;
}
