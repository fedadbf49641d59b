import {
  formatDecimal,
  parseDecimal,
  roundHalfUp,
  tryParseDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import { offsetOf, type PageAsked, type PublishedResults, pageEnd } from './parity-months.ts';
import {
  countNodes,
  figuresBy,
  heldBy,
  labelsOf,
  linksOf,
  nodesPage,
  placesBy,
  totalsOf,
} from './parity-sql.ts';

export const text = (row: Row | undefined, name: string): string => String(row?.[name] ?? '');

const figureNames = ['direct', 'inflow', 'holistic', 'outflow', 'retained'] as const;
export type Figures = Record<(typeof figureNames)[number], string>;

/** The figures of a row: decimal text. */
export function figuresOf(row: Row): Figures {
  return Object.fromEntries(figureNames.map((name) => [name, text(row, name)])) as Figures;
}

export function headOf(row: Row) {
  const application = row['application'];
  return {
    node: text(row, 'node'),
    type: text(row, 'type'),
    name: text(row, 'name') || text(row, 'node'),
    application: typeof application === 'string' ? application : null,
  };
}

/** part ÷ whole as decimal text with six decimals, half-up; null where the whole is 0. 1 ÷ 3 is `0.333333`. */
export function ratio(part: string, whole: string): string | null {
  const [a, b] = [parseDecimal(part), parseDecimal(whole)];
  if (b.units === 0n) return null;
  const scale = Math.max(a.scale, b.scale);
  const unitsAt = (value: typeof a) => value.units * 10n ** BigInt(scale - value.scale);
  const quotient = { units: (unitsAt(a) * 10n ** 9n) / unitsAt(b), scale: 9 };
  return formatDecimal(roundHalfUp(quotient, 6));
}

/** `from` and `to` of a list of ids in JSON. */
function listOf(row: Row, name: string): string[] {
  return JSON.parse(text(row, name) || '[]') as string[];
}

/** Sums per currency over everything: nothing is counted twice, for only what is retained is added up. */
export async function totals({ engine, allocation: { relation }, currency }: PublishedResults) {
  const rows = await totalsOf(engine, { relation, currency });
  return rows.map((row) => ({
    currency: text(row, 'currency'),
    direct: text(row, 'direct'),
    retained: text(row, 'retained'),
    allocated: text(row, 'allocated'),
    unallocated: text(row, 'unallocated'),
  }));
}

export function countOf(rows: readonly Row[], offset: number): number {
  return rows.length === 0 ? offset : Number(rows[0]?.['count']);
}

/** Types given as `platform,shared`. */
export function typesOf(given: string | undefined): readonly string[] | undefined {
  return given?.split(',');
}

/** Nodes with their figures, the largest first. */
export async function listNodes(
  results: PublishedResults,
  asked: PageAsked & { readonly type?: string | undefined; readonly text?: string | undefined },
) {
  const { engine, allocation, currency, context } = results;
  const offset = offsetOf(asked, results);
  const rows = await nodesPage(engine, {
    ...{ relation: allocation.relation, currency, limit: asked.limit, offset },
    ...{ types: typesOf(asked.type), text: asked.text },
  });
  return {
    context,
    ...pageEnd(asked, results, { offset, count: countOf(rows, offset) }),
    items: rows.map((row) => ({ ...headOf(row), currency: text(row, 'currency'), ...figuresOf(row) })),
    totals: await totals(results),
  };
}

/** Receivers and givers that are listed of one node. */
const mostLinks = 1000;

/** One node: figures per dimension, where its cost came from in one step, where it went, and why the rest stayed. */
export async function showNode(results: PublishedResults, node: string) {
  const { engine, allocation, flow, currency, context } = results;
  const { relation } = allocation;
  const heads = await nodesPage(engine, { relation, currency, node, limit: 1000, offset: 0 });
  const [head] = heads;
  if (!head) throw errors.noCostOnNode({ node, graph: context.graph, period: context.to, nearest: [] });
  const dimensions = await figuresBy(engine, { relation, currency, node, keys: ['dimension'] });
  const asked = { relation: flow.relation, currency, nodes: [node], most: mostLinks };
  const [from, to] = [
    await linksOf(engine, { ...asked, near: 'To' }),
    await linksOf(engine, { ...asked, near: 'From' }),
  ];
  const held = await heldBy(engine, { relation: flow.relation, currency, nodes: [node], keys: [] });
  const wholes = new Map(heads.map((row) => [text(row, 'currency'), figuresOf(row)]));
  const link = (row: Row, whole: 'inflow' | 'holistic') =>
    linkOf(row, wholes.get(text(row, 'currency'))?.[whole] ?? '0');
  return {
    context,
    ...headOf(head),
    labels: JSON.parse((await labelsOf(engine, relation, node)) ?? '{}') as Record<string, string>,
    currencies: [...wholes].map(([code, figures]) => ({
      currency: code,
      ...figures,
      byDimension: dimensions
        .filter((row) => row['currency'] === code)
        .map((row) => ({ dimension: text(row, 'dimension'), ...figuresOf(row) })),
    })),
    from: from.map((row) => link(row, 'inflow')),
    to: to.map((row) => link(row, 'holistic')),
    held: held.map((row) => ({
      cause: text(row, 'cause'),
      currency: text(row, 'currency'),
      amount: text(row, 'amount'),
    })),
  };
}

/** A giver or receiver; `share` of `whole`. */
export function linkOf(row: Row, whole: string) {
  const amount = text(row, 'amount');
  return {
    node: text(row, 'far'),
    type: text(row, 'type'),
    currency: text(row, 'currency'),
    amount,
    share: ratio(amount, whole),
    edges: listOf(row, 'edges'),
    qualities: listOf(row, 'qualities'),
  };
}

/** A node's figures per day and dimension. */
export async function showTimeline(results: PublishedResults, node: string, asked: PageAsked) {
  const { engine, allocation, currency, context } = results;
  const offset = offsetOf(asked, results);
  const rows = await figuresBy(engine, {
    ...{ relation: allocation.relation, currency, node, keys: ['day', 'dimension'] as const },
    window: { limit: asked.limit, offset },
  });
  if (rows.length === 0 && offset === 0)
    throw errors.noCostOnNode({ node, graph: context.graph, period: context.to, nearest: [] });
  return {
    context,
    node,
    ...pageEnd(asked, results, { offset, count: countOf(rows, offset) }),
    items: rows.map((row) => ({
      ...{ day: text(row, 'day'), dimension: text(row, 'dimension'), currency: text(row, 'currency') },
      ...figuresOf(row),
    })),
  };
}

/** Figures per type of node. */
export async function sumTypes(results: PublishedResults) {
  const { engine, allocation, currency, context } = results;
  const rows = await figuresBy(engine, { relation: allocation.relation, currency, keys: ['type'] });
  return {
    context,
    items: rows.map((row) => ({
      ...{ type: text(row, 'type'), currency: text(row, 'currency'), nodes: Number(row['nodes']) },
      ...figuresOf(row),
    })),
    totals: await totals(results),
  };
}

/** What came in and what stayed, by dimension, or by type, owner or label of the nodes. */
export async function sumDimension(results: PublishedResults, asked: PageAsked & { readonly key: string }) {
  const { engine, allocation, currency, context } = results;
  const offset = offsetOf(asked, results);
  const { key, limit } = asked;
  const rows = await placesBy(engine, { relation: allocation.relation, currency, key, limit, offset });
  return {
    context,
    key,
    ...pageEnd(asked, results, { offset, count: countOf(rows, offset) }),
    items: rows.map((row) => ({
      value: row['value'] === null ? null : text(row, 'value'),
      currency: text(row, 'currency'),
      ...{ direct: text(row, 'direct'), retained: text(row, 'retained') },
      ...{ allocated: text(row, 'allocated'), unallocated: text(row, 'unallocated') },
    })),
    totals: await totals(results),
  };
}

/** Number of nodes per type. */
export async function nodeCounts({ engine, allocation, currency }: PublishedResults) {
  const rows = await countNodes(engine, { relation: allocation.relation, currency });
  return Object.fromEntries(rows.map((row) => [text(row, 'type'), Number(row['nodes'])]));
}

/** A decimal of an answer; 0 where there is none. */
export function decimalOf(row: Row | undefined, name: string) {
  return tryParseDecimal(text(row, name)) ?? zero;
}
