import {
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { BorderFlow, HeldCost, SideTotals } from './coverage-sql.ts';
import { quotientText } from './economics-ratio.ts';
import { type HeldCause, heldCauses } from './model.ts';

/** What may be done where cost stays for a cause. `node`: where it stays. */
const advice: Readonly<Record<HeldCause, (node: string) => string>> = {
  no_rule: () => 'Add a rule that takes these rows, or a last rule without a condition.',
  no_edge: (node) => `Add an edge from '${node}' to those who use it.`,
  missing_driver: (node) =>
    `Import usage for the metric of the edges of '${node}', or give their group another fallback than hold.`,
  zero_driver: (node) =>
    `Nobody used '${node}' by the metric of its edges: choose another metric, or give their group a fallback.`,
  cap: (node) =>
    `The caps of the edges of '${node}' do not reach its cost: raise them, or set the group's residual.`,
  fixed: (node) => `The percentages of the edges of '${node}' stay below 100: raise them, or add an edge.`,
  cut_cycle: (node) =>
    `Step-down has cut an edge of '${node}': change the order, or solve the circle with reciprocal.`,
  rounding: () => 'Below the smallest unit of the run: nothing to do.',
};

/** Cost that stays for one cause. */
export interface CauseOfHeld {
  readonly cause: string;
  readonly amount: string;
  /** Of all that is unallocated, 0 … 1. */
  readonly share: string | null;
  /** The nodes where most of it stays, the largest first. */
  readonly nodes: readonly {
    readonly node: string;
    readonly type: string;
    readonly amount: string;
    readonly advice: string;
  }[];
  /** Nodes beyond these, and what stays on them. */
  readonly others: { readonly nodes: number; readonly amount: string };
}

/** How much of the charges of one currency reached products, and why the rest did not. */
export interface Coverage {
  readonly currency: string;
  readonly charges: string;
  readonly allocated: string;
  readonly unallocated: string;
  /** Charges retained on products ÷ charges; null without charges. */
  readonly coverage: string | null;
  readonly credits: { readonly total: string; readonly allocated: string; readonly unallocated: string };
  readonly causes: readonly CauseOfHeld[];
  /**
   * Where the allocated charges came in: `direct` by a rule, the rest over the last edge before the products, by the quality of
   * that edge's share. direct + Σ entering − leaving = allocated, where the whole run is seen.
   */
  readonly quality: {
    readonly direct: string;
    readonly entering: readonly {
      readonly quality: string;
      readonly amount: string;
      readonly share: string | null;
    }[];
    readonly leaving: string;
  };
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly difference: string }[];
}

export interface CoverageParts {
  readonly totals: readonly SideTotals[];
  readonly held: readonly HeldCost[];
  readonly border: readonly BorderFlow[];
  /** Nodes shown per cause. */
  readonly top: number;
  /** False where only a part of the run is seen: what came from elsewhere then has no origin, and the books cannot balance. */
  readonly isWhole: boolean;
}

/**
 * Coverage per currency, from the sums of a run.
 *
 * Charges 100, of which 80 rest on products, 15 stay on `db` without an edge and 5 unattributed: coverage 0.8, causes no_edge 15
 * and no_rule 5, and the check that they make up the 20.
 */
export function coverageOf({ totals, held, border, top, isWhole }: CoverageParts): Coverage[] {
  const currencies = [...new Set(totals.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const of = (side: SideTotals['side']) =>
      totals.find((one) => one.currency === currency && one.side === side);
    const charge = of('charge');
    const credit = of('credit');
    const unallocated = decimal(charge?.unallocated);
    const allocated = decimal(charge?.allocated);
    const charges = isWhole ? decimal(charge?.total) : addDecimal(allocated, unallocated);
    const causes = causesOf(
      held.filter((one) => one.currency === currency),
      unallocated,
      top,
    );
    const quality = qualityOf(
      charge,
      border.filter((one) => one.currency === currency),
    );
    return {
      currency,
      charges: formatDecimal(charges),
      allocated: formatDecimal(allocated),
      unallocated: formatDecimal(unallocated),
      coverage: quotientText(allocated, charges),
      credits: {
        total: plain(credit?.total),
        allocated: plain(credit?.allocated),
        unallocated: plain(credit?.unallocated),
      },
      causes,
      quality: quality.shown,
      checks: [
        check(
          'causes make up what is unallocated',
          subtractDecimal(sumDecimals(causes.map(({ amount }) => parseDecimal(amount))), unallocated),
        ),
        ...(isWhole
          ? [
              check(
                'allocated and unallocated make up the charges',
                subtractDecimal(addDecimal(allocated, unallocated), charges),
              ),
              check(
                'direct and entering less leaving make up what is allocated',
                subtractDecimal(quality.total, allocated),
              ),
            ]
          : []),
      ],
    };
  });
}

function causesOf(held: readonly HeldCost[], unallocated: Decimal, top: number): CauseOfHeld[] {
  const names = [...new Set([...heldCauses, ...held.map(({ cause }) => cause)])];
  return names
    .map((cause): CauseOfHeld => {
      const nodes = held.filter((one) => one.cause === cause);
      const amount = sumDecimals(nodes.map((one) => parseDecimal(one.amount)));
      const rest = nodes.slice(top);
      return {
        cause,
        amount: formatDecimal(amount),
        share: quotientText(amount, unallocated),
        nodes: nodes.slice(0, top).map(({ node, type, amount: part }) => ({
          node,
          type,
          amount: plain(part),
          advice: advice[cause as HeldCause]?.(node) ?? '',
        })),
        others: {
          nodes: rest.length,
          amount: formatDecimal(sumDecimals(rest.map((one) => parseDecimal(one.amount)))),
        },
      };
    })
    .filter(({ nodes }) => nodes.length > 0)
    .sort((a, b) => compareDecimal(parseDecimal(b.amount), parseDecimal(a.amount)));
}

function qualityOf(charge: SideTotals | undefined, border: readonly BorderFlow[]) {
  const direct = decimal(charge?.directOnProducts);
  const entering = border
    .map(({ quality, entering: amount }) => ({ quality, amount: parseDecimal(amount) }))
    .filter(({ amount }) => !isZero(amount));
  const leaving = sumDecimals(border.map((one) => parseDecimal(one.leaving)));
  const came = addDecimal(direct, sumDecimals(entering.map(({ amount }) => amount)));
  return {
    total: subtractDecimal(came, leaving),
    shown: {
      direct: formatDecimal(direct),
      entering: entering.map(({ quality, amount }) => ({
        quality,
        amount: formatDecimal(amount),
        share: quotientText(amount, came),
      })),
      leaving: formatDecimal(leaving),
    },
  };
}

function check(name: string, difference: Decimal) {
  return { name, ok: isZero(difference), difference: formatDecimal(difference) };
}

function decimal(text: string | undefined): Decimal {
  return parseDecimal(text ?? '0');
}

function plain(text: string | undefined): string {
  return formatDecimal(decimal(text));
}
