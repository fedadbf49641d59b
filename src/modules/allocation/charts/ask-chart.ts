import type { CostQueryInput, CostQueryRow, Filter } from '../../../platform/warehouse/index.ts';
import { errors } from '../errors.ts';
import { type GraphDocument, nodeTypes } from '../model.ts';
import type {
  Chart,
  ChartEdge,
  ChartNode,
  ChartTheme,
  DrawnType,
  GraphChart,
  NamedAmount,
  TrendChart,
  WaterfallChart,
} from './chart.ts';

/** A cost query on what the runs of a graph have left: what POST /allocation/queries takes. */
export interface ChartQuestion {
  readonly dataset: 'allocation' | 'flow';
  readonly graph: string;
  readonly query: CostQueryInput;
}

/** As much of its answer as a chart needs. */
export interface ChartAnswer {
  readonly context: { readonly currencies: readonly string[] };
  readonly rows: readonly CostQueryRow[];
  readonly next?: string | undefined;
}

/** Asks the figures of published runs: over HTTP, or within a process. */
export type AskFigures = (question: ChartQuestion) => Promise<ChartAnswer>;

export interface ChartLook {
  readonly theme: ChartTheme;
  readonly width?: number;
  readonly height?: number;
  readonly top?: number;
}

/** What is to be drawn of a month. */
export interface ChartWish extends ChartLook {
  readonly kind: Chart['kind'];
  readonly graph: string;
  /** Billing month: `2026-10`. */
  readonly month: string;
  /** Of a trend and a waterfall: whose cost. Of the others: only what flows to it and from it. */
  readonly node?: string;
  /** ISO 4217; needed where the month has several. */
  readonly currency?: string;
}

/**
 * Gets the figures of a chart. A sankey and a graph show charges alone, for a credit has no width; a trend and a waterfall show
 * charges less credits.
 *
 * Refusals: `allocation.noPublishedRun`; `allocation.unknownNode`, for a node without cost in the month; `allocation.chartCurrency`
 * where several currencies would have to be added; those of the question.
 */
export async function askChart(ask: AskFigures, wish: ChartWish): Promise<Chart> {
  const currency = await currencyOf(ask, wish);
  switch (wish.kind) {
    case 'trend':
      return trendOf(ask, wish, currency);
    case 'waterfall':
      return waterfallOf(ask, wish, currency);
    default:
      return flowsOf(ask, { ...wish, kind: wish.kind }, currency);
  }
}

/** The structure of a document: its nodes and edges without any amount. Archived nodes and their edges are left out. */
export function structureChart(
  document: GraphDocument,
  { kind, title, node, ...look }: ChartLook & Pick<GraphChart, 'kind' | 'title'> & { readonly node?: string },
): GraphChart {
  const live = document.nodes.filter(({ archived }) => !archived);
  const known = new Set(live.map(({ id }) => id));
  const nodes = live.map(({ id, type, name = id }): ChartNode => ({ id, name, type, amount: null }));
  const edges = document.edges
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ from, to }): ChartEdge => ({ from, to, amount: null }));
  return { kind, title, currency: null, ...look, ...around({ nodes, edges }, node) };
}

interface Drawn {
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
}

/** What flows to a node and from it, over any number of steps; everything without a node. */
function around({ nodes, edges }: Drawn, node: string | undefined): Drawn {
  if (node === undefined) return { nodes, edges };
  const before = reached(node, edges, ({ from, to }) => [to, from]);
  const after = reached(node, edges, ({ from, to }) => [from, to]);
  return {
    nodes: nodes.filter(({ id }) => before.has(id) || after.has(id)),
    edges: edges.filter(
      ({ from, to }) => (before.has(from) && before.has(to)) || (after.has(from) && after.has(to)),
    ),
  };
}

function reached(
  start: string,
  edges: readonly ChartEdge[],
  ends: (edge: ChartEdge) => readonly [string, string],
): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges.map(ends)) {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  }
  const seen = new Set([start]);
  const open = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const target of next.get(node) ?? []) {
      if (seen.has(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return seen;
}

/** All rows of a question about the month, over all pages. */
async function rowsOf(
  ask: AskFigures,
  { graph, month }: ChartWish,
  dataset: ChartQuestion['dataset'],
  query: Pick<CostQueryInput, 'measures' | 'dimensions'> & { readonly where?: readonly Filter[] },
): Promise<CostQueryRow[]> {
  const rows: CostQueryRow[] = [];
  const { where = [], ...asked } = query;
  const conditions = where.length === 0 ? {} : { where: { and: [...where] } };
  let cursor: string | undefined;
  do {
    const paged = {
      ...asked,
      ...conditions,
      from: month,
      to: month,
      limit: 50_000,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const answer = await ask({ dataset, graph, query: paged });
    rows.push(...answer.rows);
    cursor = answer.next;
  } while (cursor !== undefined);
  return rows;
}

const is = (column: string, value: string): Filter => ({ field: { column }, op: '=', value });
const charges = is('Side', 'charge');
const received: Filter = { field: { column: 'ToNode' }, op: 'is not null' };
const inCurrency = (currency: string) => is('BillingCurrency', currency);
const by = (...columns: readonly string[]) => columns.map((column) => ({ column }));

async function currencyOf(ask: AskFigures, wish: ChartWish): Promise<string> {
  const { graph, month } = wish;
  const found = await rowsOf(ask, wish, 'allocation', {
    measures: [{ count: 'rows' }],
    dimensions: by('BillingCurrency'),
  });
  const currencies = found.map(({ BillingCurrency: code }) => String(code)).sort();
  const [only] = currencies;
  if (only === undefined) throw errors.noPublishedRun({ graph, period: month });
  const { currency } = wish;
  if (currency === undefined ? currencies.length > 1 : !currencies.includes(currency)) {
    throw errors.chartCurrency({ month, currencies, ...(currency === undefined ? {} : { currency }) });
  }
  return currency ?? only;
}

async function flowsOf(
  ask: AskFigures,
  wish: ChartWish & { readonly kind: GraphChart['kind'] },
  currency: string,
): Promise<GraphChart> {
  const { kind, graph, month, node } = wish;
  const money = inCurrency(currency);
  const nodeRows = await rowsOf(ask, wish, 'allocation', {
    measures: [{ sum: 'Holistic' }],
    dimensions: by('NodeId', 'NodeType', 'NodeName'),
    where: [charges, money],
  });
  const edgeRows = await rowsOf(ask, wish, 'flow', {
    measures: [{ sum: 'Amount' }],
    dimensions: by('FromNode', 'ToNode'),
    where: [charges, received, money],
  });
  const nodes = nodeRows.map(
    ({ NodeId: id, NodeType: type, NodeName: name, Holistic: amount }): ChartNode => ({
      id: String(id),
      name: String(name ?? id),
      type: typeOf(type),
      amount: amountOf(amount),
    }),
  );
  const edges = edgeRows.map(
    ({ FromNode: from, ToNode: to, Amount: amount }): ChartEdge => ({
      from: String(from),
      to: String(to),
      amount: amountOf(amount),
    }),
  );
  if (node !== undefined && nodes.every(({ id }) => id !== node)) throw unknownNode(wish, nodes);
  const title = `Where cost flows${node === undefined ? '' : ` around ${node}`}: graph ${graph}, ${month}`;
  const subtitle = `Charges in ${currency}. A node shows what it costs with everything that flows into it.`;
  return { kind, title, subtitle, currency, ...lookOf(wish), ...around({ nodes, edges }, node) };
}

function unknownNode({ node = '', graph }: ChartWish, nodes: readonly ChartNode[]): Error {
  const start = node.slice(0, 4).toLowerCase();
  const near = nodes.filter(({ id }) => id.toLowerCase().startsWith(start)).map(({ id }) => id);
  return errors.unknownNode({ node, graph, nearest: near.sort().slice(0, 3) });
}

async function trendOf(ask: AskFigures, wish: ChartWish, currency: string): Promise<TrendChart> {
  const { graph, month, node } = wish;
  const measure = node === undefined ? 'Direct' : 'Holistic';
  const rows = await rowsOf(ask, wish, 'allocation', {
    measures: [{ sum: measure }],
    dimensions: [{ grain: 'day', name: 'day' }, ...by('Dimension')],
    where: [inCurrency(currency), ...(node === undefined ? [] : [is('NodeId', node)])],
  });
  if (rows.length === 0) throw unknownNode(wish, []);
  const days = [...new Set(rows.map(({ day }) => dayOf(day)))].sort();
  const amounts = new Map<string, Map<string, string>>();
  for (const { day, Dimension: dimension, [measure]: amount } of rows) {
    const name = String(dimension);
    const own = amounts.get(name) ?? new Map<string, string>();
    amounts.set(name, own.set(dayOf(day), amountOf(amount)));
  }
  return {
    kind: 'trend',
    title: node === undefined ? `Cost per day: graph ${graph}, ${month}` : `Cost per day: ${node}, ${month}`,
    subtitle: `Charges less credits in ${currency}, ${node === undefined ? 'as the bill has them' : 'with everything that flows into the node'}, by dimension.`,
    currency,
    ...lookOf(wish),
    days,
    series: [...amounts].map(([name, own]) => ({ name, amounts: days.map((day) => own.get(day) ?? '0') })),
  };
}

async function waterfallOf(ask: AskFigures, wish: ChartWish, currency: string): Promise<WaterfallChart> {
  const { graph, month, node = '', top } = wish;
  const money = inCurrency(currency);
  const [own] = await rowsOf(ask, wish, 'allocation', {
    measures: [{ sum: 'Direct' }],
    dimensions: by('NodeId'),
    where: [is('NodeId', node), money],
  });
  if (!own) throw unknownNode(wish, []);
  const flows = async (at: 'FromNode' | 'ToNode', other: 'FromNode' | 'ToNode'): Promise<NamedAmount[]> => {
    const rows = await rowsOf(ask, wish, 'flow', {
      measures: [{ sum: 'Amount' }],
      dimensions: by(other),
      where: [is(at, node), received, money],
    });
    return rows.map(({ [other]: name, Amount: amount }) => ({
      name: String(name),
      amount: amountOf(amount),
    }));
  };
  return {
    kind: 'waterfall',
    title: `What ${node} costs and retains: graph ${graph}, ${month}`,
    subtitle: `Charges less credits in ${currency}. Direct and inflow, less outflow, is what it retains.`,
    currency,
    ...lookOf(wish),
    ...(top === undefined ? {} : { top }),
    direct: amountOf(own['Direct']),
    inflows: await flows('ToNode', 'FromNode'),
    outflows: await flows('FromNode', 'ToNode'),
  };
}

function lookOf({ theme, width, height, top, kind }: ChartWish): ChartLook {
  const isGraph = kind === 'sankey' || kind === 'graph';
  return {
    theme,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(top === undefined || !isGraph ? {} : { top }),
  };
}

function typeOf(type: unknown): DrawnType {
  return nodeTypes.find((known) => known === type) ?? 'other';
}

function amountOf(amount: unknown): string {
  return amount === null || amount === undefined ? '0' : String(amount);
}

/** `2026-10-01` of a day as a query gives it: text of a time, or of the day. */
function dayOf(day: unknown): string {
  return String(day).slice(0, 10);
}
