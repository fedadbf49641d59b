import { type Moves, prepareTrace } from './trace.ts';

/** A day of a run: what nodes have per lane, and what of it went where. */
export interface SharedDay {
  readonly nodes: number;
  /** Receivers are numbered after the nodes too: what is held by cause. */
  readonly receivers: number;
  readonly lanes: number;
  /** `near` receives from `far`; slots are lanes. */
  readonly moves: Moves;
  /** Quality of each move. */
  readonly mark: Int32Array;
  /** Of node n in lane l at `[n * lanes + l]`. */
  readonly totals: Float64Array;
}

/** A share of what `far` has; `lane` −1: of every lane of it. */
export type EmitShare = (near: number, far: number, lane: number, share: number, mark: number) => void;

/** Units by which cumulative rounding may set a lane apart from the others. */
const roundingUnits = 2.5;

/**
 * Turns amounts into shares. Where the lanes of a pair of nodes agree but for the rounding of units, as they do unless a dimension
 * is shared in another way, one share stands for all: of what `far` has, what `near` gets.
 *
 * 33.333 of 100 and 3.333 of 10, in units of 0.001: one share of 0.33333.
 */
export function sharesOfDay(day: SharedDay, emit: EmitShare): void {
  const { nodes, receivers, lanes, moves, mark, totals } = day;
  const { links, linkOf } = prepareTrace({ nodes: nodes + receivers, moves, monies: 1 });
  const amounts = new Float64Array(links.count * lanes);
  const marks = new Int32Array(links.count * lanes).fill(-1);
  for (let r = 0; r < moves.count; r++) {
    const at = (linkOf[r] as number) * lanes + (moves.slot[r] as number);
    (amounts[at] as number) += moves.amount[r] as number;
    marks[at] = mark[r] as number;
  }
  const most = roundingUnits * unitOf(moves.amount);
  for (let k = 0; k < links.count; k++) {
    const [near, far] = [links.near[k] as number, links.far[k] as number];
    const common = commonShare({ amounts, marks, totals, lanes, far, k, most });
    if (common !== undefined) {
      emit(near, far, -1, common.share, common.mark);
      continue;
    }
    for (let l = 0; l < lanes; l++) {
      const amount = amounts[k * lanes + l] as number;
      const share = amount / (totals[far * lanes + l] as number);
      if (amount > 0) emit(near, far, l, share, marks[k * lanes + l] as number);
    }
  }
}

function commonShare(given: {
  readonly amounts: Float64Array;
  readonly marks: Int32Array;
  readonly totals: Float64Array;
  readonly lanes: number;
  readonly far: number;
  readonly k: number;
  readonly most: number;
}): { readonly share: number; readonly mark: number } | undefined {
  const { amounts, marks, totals, lanes, far, k, most } = given;
  let [amount, total, mark] = [0, 0, -1];
  for (let l = 0; l < lanes; l++) {
    amount += amounts[k * lanes + l] as number;
    total += totals[far * lanes + l] as number;
    const here = marks[k * lanes + l] as number;
    if (here === -1) continue;
    if (mark !== -1 && mark !== here) return undefined;
    mark = here;
  }
  const share = amount / total;
  for (let l = 0; l < lanes; l++) {
    const apart = (amounts[k * lanes + l] as number) - share * (totals[far * lanes + l] as number);
    if (Math.abs(apart) > most) return undefined;
  }
  return { share, mark };
}

/** The unit that amounts are whole numbers of: 10⁻⁹ … 1. */
function unitOf(amounts: Float64Array): number {
  let decimals = 0;
  for (const amount of amounts) {
    while (decimals < 9 && Math.abs(amount * 10 ** decimals - Math.round(amount * 10 ** decimals)) > 1e-6)
      decimals++;
    if (decimals === 9) break;
  }
  return 10 ** -decimals;
}
