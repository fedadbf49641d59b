import {
  absDecimal,
  type Caller,
  compareDecimal,
  everything,
  formatDecimal,
  mutable,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import type { Selection, Session } from '../../platform/warehouse/index.ts';
import { allocationDataset, flowDataset, partitionOf } from './datasets.ts';
import { errors } from './errors.ts';
import { type FlowNetwork, growNetwork, moneyOfUnits } from './growth.ts';
import { edgeMetricsOf } from './growth-edges.ts';
import {
  type DrivenEdge,
  makeEdgeMetrics,
  type NodeCharges,
  readDrivenEdges,
  readEdgeFlows,
  readNodeCharges,
} from './growth-sql.ts';
import type { RunWorld } from './run-plan.ts';
import { afterOf, type Before, beforeOf, checksOf } from './what-if.ts';
import {
  type GrowthAnswer,
  type GrowthRequest,
  type WhatIfRequest,
  whatIfRequestSchema,
} from './what-if-contract.ts';
import { deltasOf } from './what-if-delta.ts';
import type { MemoryMonth } from './what-if-resting.ts';

const redistributionAssumes =
  'Every pool costs what it costs. Who uses more gets a larger share of it, and the others a smaller one.';
const marginalAssumes =
  'Every pool that is shared by the metric costs more in proportion, and who uses more pays for it; the others pay what they paid. A charge grows once, at the first such pool on its way. Charges only: credits stay.';

/**
 * What a driver that grows does to products, seen in two ways: with pools that cost the same, and with pools that grow along. Nothing
 * is written.
 *
 * Refusals: `allocation.unknownGraph`, `allocation.noPublishedRun`; `allocation.unknownPart` for a metric that no edge weighs by.
 */
export async function growDriver(
  world: RunWorld,
  caller: Caller,
  { graph, month, metric, node, percent }: GrowthRequest,
): Promise<GrowthAnswer> {
  const before = await beforeOf(world, caller, { graph, month });
  if (!before.run) throw errors.noPublishedRun({ graph, period: month });
  const metrics = edgeMetricsOf(before.document);
  if (!metrics.some((one) => one.metric === metric))
    throw errors.unknownPart({ graph, part: `metric '${metric}'` });
  if (node !== undefined && !(before.resting ?? []).some((one) => one.node === node) && !isNode(before, node))
    throw errors.unknownNode({ graph, node, nearest: [] });
  const grown = { metric, node, factor: factorOf(percent) };
  const request: WhatIfRequest = { ...whatIfRequestSchema.parse({ graph, month }), metrics: [grown] };
  const { after, findings } = await afterOf(world, caller, before, request, true);
  const deltas = deltasOf(before.resting ?? [], after.month.resting);
  const { lake, engine } = world.workspace;
  const range = { from: month, to: month, sources: [partitionOf(graph)] };
  const flows = await lake.select(everything, flowDataset, range);
  const allocation = await lake.select(everything, allocationDataset, range);
  const names = new Map((before.resting ?? []).map((one) => [one.node, one.name]));
  for (const { id, name } of before.document.nodes) names.set(id, name ?? id);
  const nameOf = (id: string) => names.get(id) ?? id;
  return (await engine()).session(async (session) => {
    const moved = await movedBy(session, { before, month: after.month, flows, metric, period: month });
    await makeEdgeMetrics(session, metrics);
    const edges = await readDrivenEdges(session, flows, metric);
    const charges = await readNodeCharges(session, allocation);
    return {
      ...{ graph, month, run: before.run?.id ?? '', metric, node: node ?? null, percent },
      redistribution: {
        assumption: redistributionAssumes,
        currencies: deltas.map(({ currency, total, products, unallocated }) => ({
          currency,
          total: total.delta,
          pools: (moved.get(currency) ?? []).map((pool) => ({ ...pool, name: nameOf(pool.node) })),
          products: mutable(products),
          unallocated: unallocated.delta,
        })),
      },
      marginal: {
        assumption: marginalAssumes,
        currencies: marginalOf({ edges, charges, node, percent, nameOf }),
      },
      findings: mutable(findings) as GrowthAnswer['findings'],
      checks: checksOf(deltas, after.month),
    };
  });
}

function isNode({ document }: Before, node: string): boolean {
  return document.nodes.some(({ id }) => id === node);
}

/** 10 percent more is the factor 1.1; nothing falls below 0. */
function factorOf(percent: string): string {
  const { units, scale } = parseDecimal(percent);
  const factor = { units: units + 100n * 10n ** BigInt(scale), scale: scale + 2 };
  return formatDecimal(factor.units < 0n ? { units: 0n, scale: 0 } : factor);
}

interface Moved {
  readonly node: string;
  readonly cost: string;
  readonly gained: string;
  readonly lost: string;
}

/** Per currency, for each pool that the metric shares: what it passes on by it, and what its receivers get more and less of that. */
async function movedBy(
  session: Session,
  {
    before,
    month,
    flows,
    metric,
    period,
  }: {
    readonly before: Before;
    readonly month: MemoryMonth;
    readonly flows: Selection;
    readonly metric: string;
    readonly period: string;
  },
): Promise<ReadonlyMap<string, Moved[]>> {
  const ids = new Set(
    edgeMetricsOf(before.document).flatMap((one) => (one.metric === metric ? [one.edge] : [])),
  );
  const { graph, currencies, scale } = month;
  const was = new Map<string, bigint>();
  for (const { edge, currency, units } of await readEdgeFlows(session, flows, period))
    if (ids.has(edge)) was.set(`${currency} ${edge}`, units);
  const sums = new Map<string, { cost: bigint; gained: bigint; lost: bigint }>();
  const finer = 10n ** BigInt(12 - scale);
  graph.edgeIds.forEach((edge, e) => {
    if (!ids.has(edge)) return;
    const pool = graph.nodeIds[graph.from[e] as number] as string;
    currencies.forEach((currency, c) => {
      const old = was.get(`${currency} ${edge}`) ?? 0n;
      const now = BigInt(month.flows?.[e * currencies.length + c] ?? 0) * finer;
      const key = JSON.stringify([currency, pool]);
      const sum = sums.get(key) ?? { cost: 0n, gained: 0n, lost: 0n };
      sums.set(key, {
        cost: sum.cost + old,
        gained: sum.gained + (now > old ? now - old : 0n),
        lost: sum.lost + (now < old ? old - now : 0n),
      });
    });
  });
  const moved = new Map<string, Moved[]>();
  for (const [key, { cost, gained, lost }] of sums) {
    const [currency = '', node = ''] = JSON.parse(key) as string[];
    if (cost === 0n && gained === 0n && lost === 0n) continue;
    const pool = { node, cost: moneyOfUnits(cost), gained: moneyOfUnits(gained), lost: moneyOfUnits(lost) };
    moved.set(currency, [...(moved.get(currency) ?? []), pool]);
  }
  for (const pools of moved.values()) pools.sort((a, b) => largestFirst(a, b, ({ gained }) => gained));
  return moved;
}

function largestFirst<T extends { readonly node: string }>(a: T, b: T, of: (one: T) => string): number {
  const size = (one: T) => absDecimal(parseDecimal(of(one)));
  return compareDecimal(size(b), size(a)) || (a.node < b.node ? -1 : 1);
}

function marginalOf({
  edges,
  charges,
  node,
  percent,
  nameOf,
}: {
  readonly edges: readonly DrivenEdge[];
  readonly charges: readonly NodeCharges[];
  readonly node: string | undefined;
  readonly percent: string;
  readonly nameOf: (id: string) => string;
}): GrowthAnswer['marginal']['currencies'] {
  const { units, scale } = parseDecimal(percent);
  const more = { numerator: units, denominator: 100n * 10n ** BigInt(scale) };
  const currencies = [...new Set(charges.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const nodes = charges.filter((one) => one.currency === currency);
    const numberOf = new Map(nodes.map((one, index) => [one.node, index]));
    const network: FlowNetwork = {
      direct: nodes.map(({ direct }) => direct),
      edges: edges.flatMap((edge) => {
        const [from, to] = [numberOf.get(edge.from), numberOf.get(edge.to)];
        if (edge.currency !== currency || from === undefined || to === undefined) return [];
        return [{ from, to, amount: edge.amount, driven: edge.driven }];
      }),
    };
    const grower = node === undefined ? undefined : numberOf.get(node);
    const grows = (n: number) => (node === undefined ? true : n === grower);
    const { pools, rests } = growNetwork(network, { grows, more });
    const lines = (
      deltas: readonly bigint[],
      costOf: (one: NodeCharges) => bigint,
      isShown: (one: NodeCharges) => boolean,
    ) =>
      nodes
        .flatMap((one, n) => {
          const delta = deltas[n] ?? 0n;
          if (delta === 0n || !isShown(one)) return [];
          return [
            {
              node: one.node,
              name: nameOf(one.node),
              cost: moneyOfUnits(costOf(one)),
              delta: moneyOfUnits(delta),
            },
          ];
        })
        .sort((a, b) => largestFirst(a, b, ({ delta }) => delta));
    const isProduct = ({ type }: NodeCharges) => type === 'product';
    const sum = (deltas: readonly bigint[]) => deltas.reduce((total, delta) => total + delta, 0n);
    const others = rests.filter((_, n) => nodes[n]?.type !== 'product');
    return {
      currency,
      total: moneyOfUnits(sum(pools)),
      pools: lines(
        pools,
        ({ holistic }) => holistic,
        () => true,
      ),
      products: lines(rests, ({ retained }) => retained, isProduct),
      unallocated: moneyOfUnits(sum(others)),
    };
  });
}
