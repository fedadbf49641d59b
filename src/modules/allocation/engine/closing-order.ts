import { compareText } from './compare-text.ts';
import { currenciesOf } from './lines.ts';
import type { NodeOrder } from './order.ts';
import type { AllocationInput } from './types.ts';

/**
 * The order in which nodes of circles close where no order is declared: by direct charges over all days, largest first, ties
 * by id. Currencies are compared one after the other, not added.
 */
export function closingOrder(input: AllocationInput, orders: readonly NodeOrder[]): readonly number[] {
  const { graph, lanes, direct } = input;
  const nodes = new Set(
    orders.flatMap(({ order, circles }) =>
      circles.flatMap(({ begin, end }) => [...order.subarray(begin, end)]),
    ),
  );
  if (nodes.size === 0) return [];
  if (input.closingOrder) return declaredOrder(input, nodes);
  const currencies = currenciesOf(lanes);
  const sums = new Map([...nodes].map((node) => [node, currencies.map(() => 0n)]));
  for (let day = 0; day < graph.days.length; day++) {
    const costs = direct(day);
    for (const [node, sum] of sums) {
      for (const [lane, { currency, side }] of lanes.entries()) {
        if (side !== 'charge') continue;
        const at = currencies.indexOf(currency);
        sum[at] = (sum[at] as bigint) + BigInt(costs[node * lanes.length + lane] as number);
      }
    }
  }
  return [...nodes].sort((a, b) => compareSums(sums.get(a) as bigint[], sums.get(b) as bigint[]) || a - b);
}

function compareSums(a: readonly bigint[], b: readonly bigint[]): number {
  const at = a.findIndex((sum, index) => sum !== b[index]);
  if (at < 0) return 0;
  return (a[at] as bigint) > (b[at] as bigint) ? -1 : 1;
}

/** As handed in; nodes that it does not name come last, by id. */
function declaredOrder(
  { graph, closingOrder = [] }: AllocationInput,
  nodes: ReadonlySet<number>,
): readonly number[] {
  const place = new Map(closingOrder.map((id, index) => [id, index]));
  const placeOf = (node: number) => place.get(graph.nodeIds[node] as string) ?? closingOrder.length;
  return [...nodes].sort(
    (a, b) => placeOf(a) - placeOf(b) || compareText(graph.nodeIds[a] as string, graph.nodeIds[b] as string),
  );
}
