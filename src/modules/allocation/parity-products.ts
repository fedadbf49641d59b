import { formatDecimal, parseDecimal, subtractDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import type { ProductView } from './parity-contract.ts';
import { offsetOf, type PageAsked, type PublishedResults, pageEnd } from './parity-months.ts';
import { figuresOf, headOf, text } from './parity-nodes.ts';
import { figuresBy, heldBy, nodesPage, productFlows, totalsOf } from './parity-sql.ts';
import { causesOf, coverageOf } from './parity-summary.ts';

/** As many products as a graph may have nodes. */
const mostProducts = 200_000;

/**
 * Products as trees along the edges between products: a product stands under the product that gives it most, and once only, so that
 * roll-ups of what is retained add up to what is allocated. Amounts passed from product to product are in the figures of both, as
 * they are; nothing that is added up here holds them twice. A page is of roots.
 */
export async function showProducts(
  results: PublishedResults,
  asked: PageAsked & { readonly trend: boolean },
) {
  const { engine, allocation, flow, currency, context } = results;
  const offset = offsetOf(asked, results);
  const of = { relation: allocation.relation, currency };
  const types = ['product'];
  const rows = await nodesPage(engine, { ...of, types, limit: mostProducts, offset: 0 });
  const dimensions = await figuresBy(engine, { ...of, types, keys: ['node', 'dimension'] });
  const days = asked.trend ? await figuresBy(engine, { ...of, types, keys: ['node', 'day'] }) : undefined;
  const flows = await productFlows(engine, { relation: flow.relation, currency });
  const held = await heldBy(engine, { relation: flow.relation, currency, keys: [] });
  const sums = await totalsOf(engine, of);
  const sides = await totalsOf(engine, { ...of, bySide: true });
  const forests = sums.map((sum) => {
    const code = text(sum, 'currency');
    const own = (list: readonly Row[]) => list.filter((row) => row['currency'] === code);
    const roots = forestOf(own(rows), own(flows), { dimensions: own(dimensions), days: days && own(days) });
    return {
      roots,
      currency: {
        currency: code,
        items: roots.slice(offset, offset + asked.limit),
        unallocated: { amount: text(sum, 'unallocated'), causes: causesOf(held, code) },
        ...{ total: text(sum, 'direct'), allocated: text(sum, 'allocated') },
        coverage: coverageOf(own(sides).find((row) => row['side'] === 'charge')),
      },
    };
  });
  const count = forests.reduce((most, { roots }) => Math.max(most, roots.length), 0);
  return {
    context,
    ...pageEnd(asked, results, { offset, count }),
    currencies: forests.map((forest) => forest.currency),
  };
}

/** The trees of one currency; roots and children by what they and all below them retain, largest first. */
export function forestOf(
  products: readonly Row[],
  flows: readonly Row[],
  { dimensions, days }: { readonly dimensions: readonly Row[]; readonly days: readonly Row[] | undefined },
): ProductView[] {
  const parents = parentsOf(
    products.map((row) => text(row, 'node')),
    flows,
  );
  const childrenOf = groupBy(products, (row) => parents.get(text(row, 'node')) ?? '');
  const dimensionsOf = groupBy(dimensions, (row) => text(row, 'node'));
  const daysOf = days && groupBy(days, (row) => text(row, 'node'));
  const flowsTo = groupBy(flows, (row) => text(row, 'to'));
  const view = (row: Row): ProductView => {
    const node = text(row, 'node');
    const figures = figuresOf(row);
    const received = flowsTo.get(node) ?? [];
    const from = sumOf(received);
    const children = sorted((childrenOf.get(node) ?? []).map(view));
    const rollUp = sumDecimals(
      [figures.retained, ...children.map((child) => child.rollUp)].map(parseDecimal),
    );
    const daily = daysOf
      ?.get(node)
      ?.map((day) => ({ day: text(day, 'day'), retained: text(day, 'retained') }));
    return {
      ...headOf(row),
      ...figures,
      shared: formatDecimal(subtractDecimal(parseDecimal(figures.inflow), from)),
      fromProducts: formatDecimal(from),
      rollUp: formatDecimal(rollUp),
      byDimension: (dimensionsOf.get(node) ?? []).map((one) => dimensionOf(one, received)),
      ...(daysOf ? { days: daily ?? [] } : {}),
      children,
    };
  };
  return sorted((childrenOf.get('') ?? []).map(view));
}

function dimensionOf(row: Row, received: readonly Row[]): ProductView['byDimension'][number] {
  const dimension = text(row, 'dimension');
  const from = sumOf(received.filter((flow) => flow['dimension'] === dimension));
  const shared = formatDecimal(subtractDecimal(parseDecimal(text(row, 'inflow')), from));
  return { dimension, direct: text(row, 'direct'), shared, retained: text(row, 'retained') };
}

function sumOf(flows: readonly Row[]) {
  return sumDecimals(flows.map((flow) => parseDecimal(text(flow, 'amount'))));
}

/** The parent of each product: who gives it most, unless that one stands below it already. */
function parentsOf(products: readonly string[], flows: readonly Row[]): ReadonlyMap<string, string> {
  const known = new Set(products);
  const given = new Map<string, { readonly from: string; readonly to: string; amount: bigint }>();
  for (const flow of flows) {
    const [from, to] = [text(flow, 'from'), text(flow, 'to')];
    if (!known.has(from) || !known.has(to)) continue;
    const key = JSON.stringify([from, to]);
    const pair = given.get(key) ?? { from, to, amount: 0n };
    const { units, scale } = parseDecimal(text(flow, 'amount'));
    pair.amount += units * 10n ** BigInt(12 - scale);
    given.set(key, pair);
  }
  const order = [...given.values()].sort((a, b) =>
    a.amount === b.amount ? (a.from < b.from ? -1 : 1) : a.amount > b.amount ? -1 : 1,
  );
  const parents = new Map<string, string>();
  for (const { from, to } of order) {
    if (parents.has(to)) continue;
    let above: string | undefined = from;
    while (above !== undefined && above !== to) above = parents.get(above);
    if (above === undefined) parents.set(to, from);
  }
  return parents;
}

function sorted(views: ProductView[]): ProductView[] {
  const size = ({ rollUp }: ProductView) => {
    const { units, scale } = parseDecimal(rollUp);
    const whole = units * 10n ** BigInt(12 - scale);
    return whole < 0n ? -whole : whole;
  };
  return views.sort((a, b) =>
    size(a) === size(b) ? (a.node < b.node ? -1 : 1) : size(a) > size(b) ? -1 : 1,
  );
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
