import {
  absDecimal,
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  subtractDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { quotientText } from './economics-ratio.ts';

/** What rests on a node in one currency: charges, and credits (negative). */
export interface RestingCost {
  readonly node: string;
  readonly name: string;
  readonly type: string;
  readonly currency: string;
  readonly charges: Decimal;
  readonly credits: Decimal;
}

/** What rests on a node before and after, with charges and credits together. Decimal text. */
export interface NodeDelta {
  readonly node: string;
  readonly name: string;
  readonly type: string;
  readonly before: string;
  readonly after: string;
  readonly delta: string;
  /** After ÷ total after. */
  readonly share: string | null;
  /** Delta ÷ before; null where there was nothing. */
  readonly change: string | null;
}

interface Pair {
  readonly before: string;
  readonly after: string;
  readonly delta: string;
}

/** The difference in one currency. Σ delta of all nodes = delta of the total. */
export interface CurrencyDelta {
  readonly currency: string;
  readonly total: Pair;
  /** The largest |delta| first; products without any are left out and counted. */
  readonly products: readonly NodeDelta[];
  readonly unchangedProducts: number;
  /** Of all other nodes, in the same way. */
  readonly nodes: readonly NodeDelta[];
  readonly unallocated: Pair;
  /** Charges on products ÷ charges. */
  readonly coverage: { readonly before: string | null; readonly after: string | null };
  /** Σ delta of products and others − delta of the total: 0. */
  readonly difference: string;
}

/**
 * Compares what rests where. Nodes that rest on one side only count as 0 on the other; a node is what it is after, or was before.
 *
 * Before a 60 and b 40, after a 70 and b 30: deltas 10 and −10, total 0.
 */
export function deltasOf(before: readonly RestingCost[], after: readonly RestingCost[]): CurrencyDelta[] {
  const currencies = [...new Set([...before, ...after].map(({ currency }) => currency))].sort();
  return currencies.map((currency) =>
    currencyDelta(
      currency,
      before.filter((one) => one.currency === currency),
      after.filter((one) => one.currency === currency),
    ),
  );
}

function currencyDelta(
  currency: string,
  before: readonly RestingCost[],
  after: readonly RestingCost[],
): CurrencyDelta {
  const was = new Map(before.map((one) => [one.node, one]));
  const is = new Map(after.map((one) => [one.node, one]));
  const totalBefore = sumDecimals(before.map(restOf));
  const totalAfter = sumDecimals(after.map(restOf));
  const deltas = [...new Set([...was.keys(), ...is.keys()])].map((node) => {
    const shown = is.get(node) ?? was.get(node);
    const [old, now] = [restOf(was.get(node)), restOf(is.get(node))];
    return {
      node,
      name: shown?.name ?? node,
      type: shown?.type ?? '',
      old,
      now,
      delta: subtractDecimal(now, old),
    };
  });
  const moved = deltas.filter(({ delta }) => !isZero(delta)).sort(largestFirst);
  const products = deltas.filter(({ type }) => type === 'product');
  const others = deltas.filter(({ type }) => type !== 'product');
  const shownAs = ({ node, name, type, old, now, delta }: (typeof deltas)[number]): NodeDelta => ({
    ...{ node, name, type },
    before: formatDecimal(old),
    after: formatDecimal(now),
    delta: formatDecimal(delta),
    share: quotientText(now, totalAfter),
    change: quotientText(delta, old),
  });
  const movedProducts = moved.filter(({ type }) => type === 'product');
  const parts = addDecimal(
    sumDecimals(products.map(({ delta }) => delta)),
    sumDecimals(others.map(({ delta }) => delta)),
  );
  return {
    currency,
    total: pairOf(totalBefore, totalAfter),
    products: movedProducts.map(shownAs),
    unchangedProducts: products.length - movedProducts.length,
    nodes: moved.filter(({ type }) => type !== 'product').map(shownAs),
    unallocated: pairOf(sumDecimals(others.map(({ old }) => old)), sumDecimals(others.map(({ now }) => now))),
    coverage: { before: coverageOf(before), after: coverageOf(after) },
    difference: formatDecimal(subtractDecimal(parts, subtractDecimal(totalAfter, totalBefore))),
  };
}

function restOf(cost: RestingCost | undefined): Decimal {
  return cost ? addDecimal(cost.charges, cost.credits) : { units: 0n, scale: 0 };
}

function largestFirst(
  a: { readonly delta: Decimal; readonly node: string },
  b: { readonly delta: Decimal; readonly node: string },
): number {
  return compareDecimal(absDecimal(b.delta), absDecimal(a.delta)) || (a.node < b.node ? -1 : 1);
}

function pairOf(before: Decimal, after: Decimal): Pair {
  return {
    before: formatDecimal(before),
    after: formatDecimal(after),
    delta: formatDecimal(subtractDecimal(after, before)),
  };
}

function coverageOf(costs: readonly RestingCost[]): string | null {
  const onProducts = costs.filter(({ type }) => type === 'product');
  const sum = (of: readonly RestingCost[]) => sumDecimals(of.map(({ charges }) => charges));
  return quotientText(sum(onProducts), sum(costs));
}
