import { assert, isZero, parseDecimal } from '../../platform/kernel/index.ts';
import { numberOf } from './decimals.ts';

/** What one edge carried on one day (or in one month), and what its start had to give. Cost flows from → to. */
export interface EdgeFlow {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  /** The day or month, as the anomalies name it. */
  readonly at: string;
  /** What flowed, decimal text. */
  readonly amount: string;
  /**
   * All that came to `from` on that day, direct cost and inflow, decimal text: what the edge carried is a share of it. An edge of
   * a start with 0 carries nothing on.
   */
  readonly fromTotal: string;
}

/** The shares in which cost moved on, by day and currency. */
export interface FlowNetwork {
  /**
   * What of one unit at `node` reaches another node on that day, over all paths: of A → B 0.5, B → C 0.4 and A → C 0.1 it is 0.5 for
   * B, 0.3 for C, and 0 for what is not reached and for A itself.
   */
  readonly reach: (node: string, currency: string, at: string) => (other: string) => number;
}

/** The flows of one day and currency, nodes by number. */
interface Moment {
  readonly numbers: ReadonlyMap<string, number>;
  readonly outs: readonly (readonly Share[])[];
  /** Nodes so that cost flows forward; those of circles come last. */
  readonly order: readonly number[];
}

interface Share {
  readonly to: number;
  readonly share: number;
}

/** Circles are walked round this often; what is still on its way then is less than anybody shows. */
const mostRounds = 200;
const negligible = 1e-9;

/** Reads flows once; paths are followed when asked for. */
export function flowNetwork(flows: readonly EdgeFlow[]): FlowNetwork {
  const byMoment = new Map<string, EdgeFlow[]>();
  for (const flow of flows) {
    const name = momentOf(flow.currency, flow.at);
    const there = byMoment.get(name);
    if (there) there.push(flow);
    else byMoment.set(name, [flow]);
  }
  const moments = new Map([...byMoment].map(([name, those]) => [name, readMoment(those)]));
  return {
    reach: (node, currency, at) => {
      const moment = moments.get(momentOf(currency, at));
      const start = moment?.numbers.get(node);
      if (!moment || start === undefined) return () => 0;
      const reached = follow(start, moment);
      return (other) => reached[moment.numbers.get(other) ?? -1] ?? 0;
    },
  };
}

function readMoment(flows: readonly EdgeFlow[]): Moment {
  const names = [...new Set(flows.flatMap(({ from, to }) => [from, to]))];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const outs: Share[][] = names.map(() => []);
  for (const flow of flows) {
    const share = shareOf(flow);
    if (share !== 0)
      outs[numbers.get(flow.from) as number]?.push({ to: numbers.get(flow.to) as number, share });
  }
  return { numbers, outs, order: flowOrder(outs) };
}

/**
 * Each node passes on what came to it, once in the order of the flow. Only circles need more rounds; what comes back to the start
 * goes on from there, as the cost does, but does not reach it.
 */
function follow(start: number, { outs, order }: Moment): Float64Array {
  const waiting = new Float64Array(outs.length);
  const reached = new Float64Array(outs.length);
  waiting[start] = 1;
  for (let round = 0, moved = true; moved && round < mostRounds; round++) {
    moved = false;
    for (const node of order) {
      const part = waiting[node] as number;
      if (Math.abs(part) <= negligible) continue;
      moved = true;
      waiting[node] = 0;
      for (const { to, share } of outs[node] ?? []) {
        waiting[to] = (waiting[to] as number) + part * share;
        reached[to] = (reached[to] as number) + part * share;
      }
    }
  }
  reached[start] = 0;
  return reached;
}

/** Kahn (1962): a node follows when all before it have; nodes of circles and behind them come last. */
function flowOrder(outs: readonly (readonly Share[])[]): number[] {
  const open = new Int32Array(outs.length);
  for (const shares of outs) for (const { to } of shares) open[to] = (open[to] as number) + 1;
  const order = [...outs.keys()].filter((node) => open[node] === 0);
  for (let i = 0; i < order.length; i++) {
    for (const { to } of outs[order[i] as number] ?? []) {
      open[to] = (open[to] as number) - 1;
      if (open[to] === 0) order.push(to);
    }
  }
  return [...order, ...[...outs.keys()].filter((node) => (open[node] as number) > 0)];
}

function shareOf({ from, to, at, amount, fromTotal }: EdgeFlow): number {
  if (isZero(parseDecimal(fromTotal))) return 0;
  const share = numberOf(amount) / numberOf(fromTotal);
  assert(Number.isFinite(share), `the flow ${from} → ${to} of ${at} is no share of its start`);
  return share;
}

function momentOf(currency: string, at: string): string {
  return `${currency} ${at}`;
}
