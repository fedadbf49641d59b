import type { Session } from '../../platform/warehouse/index.ts';
import { type Amount, asAmount, sizeOf, sumLanes } from './explain-amounts.ts';
import type { EndOfWalk } from './explain-ends.ts';
import type { HeldSlots } from './explain-graph.ts';
import { type ExplainedLane, slotAt } from './explain-slots.ts';
import { readHeld } from './explain-sql.ts';
import type { Walk } from './explain-walk.ts';
import { type HeldCause, heldCauses } from './model.ts';
import { apportionAmount } from './trace-apportion.ts';

/** Why cost stayed on a node that is no product. */
export interface CauseAmount {
  readonly cause: HeldCause;
  readonly amount: Amount;
}

/** By node of the walk: units per cause and lane, which sum to what ends there. */
export type CausesByEnd = ReadonlyMap<number, readonly CauseUnits[]>;

interface CauseUnits {
  readonly cause: HeldCause;
  readonly units: readonly bigint[];
}

/** Splits what ends on nodes that are no products by the causes that the run has for it. */
export async function causesOf(
  session: Session,
  flow: string,
  walked: Walk,
  ends: readonly EndOfWalk[],
): Promise<CausesByEnd> {
  const { nodes, slots, trace, totals } = walked;
  const held = ends.filter(({ node }) => node >= 0 && nodes[node]?.type !== 'product');
  if (held.length === 0) return new Map();
  const placeOf = new Map(held.map(({ node }, place) => [node, place]));
  const known = walked.held ?? (await readHeldSlots(session, flow, walked, held));
  const [causes, lanes] = [heldCauses.length, slots.lanes.length];
  const weights = new Float64Array(held.length * causes * lanes);
  for (let row = 0; row < known.count; row++) {
    const node = known.node[row] as number;
    const place = placeOf.get(node);
    if (place === undefined) continue;
    const slot = known.slot[row] as number;
    const at = node * slots.count + slot;
    const part = ((known.amount[row] as number) * (trace.passing[at] as number)) / (totals[at] as number);
    const lane = slots.laneOf[slot] as number;
    (weights[(place * causes + (known.cause[row] as number)) * lanes + lane] as number) += part;
  }
  return new Map(
    held.map((end, place) => {
      const split = end.figure.map((units, lane) =>
        apportionAmount(
          units,
          heldCauses.map((_, c) => weights[(place * causes + c) * lanes + lane] as number),
        ),
      );
      const found = heldCauses.map((name, c) => ({
        cause: name,
        units: split.map((parts) => parts[c] ?? 0n),
      }));
      return [end.node, found.filter(({ units }) => units.some((one) => one !== 0n))] as const;
    }),
  );
}

async function readHeldSlots(
  session: Session,
  flow: string,
  { nodes, slots }: Walk,
  ends: readonly EndOfWalk[],
): Promise<HeldSlots> {
  const named = ends.map(({ node }) => ({ place: node, id: nodes[node]?.id ?? '' }));
  const { node, code, cause, amount } = await readHeld(session, flow, named, slots.parts);
  const slot = code.map((one) => slotAt(slots, one));
  const kept = Array.from(slot.keys()).filter((row) => (slot[row] as number) >= 0);
  const pick = (column: Int32Array) => Int32Array.from(kept, (row) => column[row] as number);
  return {
    count: kept.length,
    ...{ node: pick(node), slot: pick(slot), cause: pick(cause) },
    amount: Float64Array.from(kept, (row) => amount[row] as number),
  };
}

/** Amounts per cause in one currency, in the order of `heldCauses`. */
export function sumCauses(
  parts: readonly CauseUnits[],
  lanes: readonly ExplainedLane[],
  currency: string,
): CauseAmount[] {
  return heldCauses.flatMap((cause): CauseAmount[] => {
    const units = lanes.map((_, l) =>
      parts.reduce((sum, part) => (part.cause === cause ? sum + (part.units[l] ?? 0n) : sum), 0n),
    );
    const sides = sumLanes(lanes, units, (lane) => lane.currency === currency);
    return sizeOf(sides) === 0n ? [] : [{ cause, amount: asAmount(sides) }];
  });
}
