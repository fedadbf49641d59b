import { addSides, type Sides, sizeOf } from './explain-amounts.ts';
import type { ExplainedLane } from './explain-slots.ts';
import { endingHere, type Walk } from './explain-walk.ts';
import { apportionAmount } from './trace-apportion.ts';

/** What of the figure ends on a node: where it came from (`in`), or where it stayed (`out`). Units per lane, without sign. */
export interface EndOfWalk {
  /** Number of the node in the walk; −1: nodes that the caller may not see. */
  readonly node: number;
  readonly figure: readonly bigint[];
  /** `in`: of what the explained node retains. */
  readonly retained: readonly bigint[];
}

/**
 * Every node on which a part of the figure ends, in the order of the walk. Per lane the parts sum exactly to the figure (direct +
 * inflow), and those of `retained` to what the node retains: they are apportioned to the exact sums.
 */
export function endsOf(walked: Walk): EndOfWalk[] {
  const { nodes, slots, trace } = walked;
  const lanes = slots.lanes.length;
  const places = nodes.length + 1;
  const figure = new Float64Array(places * lanes);
  const retained = new Float64Array(places * lanes);
  const left = walked.figure.followed.slice();
  for (let n = 0; n < nodes.length; n++) {
    const ending = endingHere(walked, n, trace.passing, n * slots.count);
    for (let s = 0; s < slots.count; s++) {
      const amount = ending[s] as number;
      if (amount === 0) continue;
      const at = n * lanes + (slots.laneOf[s] as number);
      (figure[at] as number) += amount;
      (left[s] as number) -= amount;
      const kept = (slots.amounts.retained[s] as number) / (walked.totals[s] as number);
      (retained[at] as number) += amount * kept;
    }
  }
  if (!walked.isWhole) addRest(walked, figure, left);
  return apportionEnds(walked, figure, retained);
}

/** Part of a figure below which nothing is missing. */
const noise = 1e-9;

/** What was followed and ends on no node that is seen: the last place. */
function addRest(
  { nodes, slots, figure: { followed } }: Walk,
  figure: Float64Array,
  left: Float64Array,
): void {
  const lanes = slots.lanes.length;
  for (let s = 0; s < slots.count; s++) {
    if ((left[s] as number) <= (followed[s] as number) * noise) continue;
    (figure[nodes.length * lanes + (slots.laneOf[s] as number)] as number) += left[s] as number;
  }
}

function apportionEnds(
  { nodes, slots, figure: exact }: Walk,
  figure: Float64Array,
  retained: Float64Array,
): EndOfWalk[] {
  const { lanes } = slots;
  const places = nodes.length + 1;
  const column = (weights: Float64Array, lane: number) => {
    const own = new Float64Array(places);
    for (let n = 0; n < places; n++) own[n] = weights[n * lanes.length + lane] as number;
    return own;
  };
  const figures = lanes.map((_, l) => apportionAmount(exact.units[l] ?? 0n, column(figure, l)));
  const kept = lanes.map((_, l) => apportionAmount(exact.retained[l] ?? 0n, column(retained, l)));
  const ends: EndOfWalk[] = [];
  for (let n = 0; n < places; n++) {
    if (!figures.some((parts) => parts[n] !== 0n) && !kept.some((parts) => parts[n] !== 0n)) continue;
    ends.push({
      node: n < nodes.length ? n : -1,
      figure: figures.map((parts) => parts[n] ?? 0n),
      retained: kept.map((parts) => parts[n] ?? 0n),
    });
  }
  return ends;
}

/** An end in one currency. */
export interface MoneyEnd {
  readonly node: number;
  readonly figure: Sides;
  readonly retained: Sides;
  readonly byDimension: readonly { readonly dimension: string; readonly amount: Sides }[];
}

/** The ends of one currency, with their dimensions. */
export function inMoney(
  ends: readonly EndOfWalk[],
  lanes: readonly ExplainedLane[],
  currency: string,
): MoneyEnd[] {
  return ends.flatMap((end): MoneyEnd[] => {
    const figure = sidesByDimension(lanes, end.figure, currency);
    const retained = sidesByDimension(lanes, end.retained, currency);
    const sum = (sides: ReadonlyMap<string, Sides>) =>
      [...sides.values()].reduce(addSides, { charges: 0n, credits: 0n });
    if (sizeOf(sum(figure)) === 0n) return [];
    const byDimension = [...figure]
      .filter(([, amount]) => sizeOf(amount) > 0n)
      .map(([dimension, amount]) => ({ dimension, amount }));
    return [{ node: end.node, figure: sum(figure), retained: sum(retained), byDimension }];
  });
}

/** Units per lane as charges and credits per dimension, in one currency. */
export function sidesByDimension(
  lanes: readonly ExplainedLane[],
  units: readonly bigint[],
  currency: string,
): ReadonlyMap<string, Sides> {
  const found = new Map<string, Sides>();
  for (const [l, lane] of lanes.entries()) {
    if (lane.currency !== currency) continue;
    const amount = units[l] ?? 0n;
    const part = lane.side === 'credit' ? { charges: 0n, credits: amount } : { charges: amount, credits: 0n };
    found.set(lane.dimension, addSides(found.get(lane.dimension) ?? { charges: 0n, credits: 0n }, part));
  }
  return found;
}
