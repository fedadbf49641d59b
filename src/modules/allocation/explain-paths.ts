import { endingHere, type Walk } from './explain-walk.ts';
import { qualities } from './model.ts';
import { sharesOf } from './trace-apportion.ts';
import { firstLinks, type HeaviestPaths, heaviestPaths, pathTo } from './trace-paths.ts';

/** An edge of a step, with how it shares where the graph's version can be read. */
export interface StepEdge {
  readonly id: string;
  readonly strategy: string | null;
  readonly metric: string | null;
  /** Dimensions in which it shares in another way. */
  readonly overrides: readonly string[];
}

/** Cost passed on between two nodes, as a step of a path: cost flows `from` → `to`. */
export interface Step {
  readonly from: string;
  readonly to: string;
  /** The edges between them; filled in by `nameEdges`. */
  readonly edges: readonly StepEdge[];
  /** Part of the cost of `from`, in the slots and the currency looked at, that went over these edges; 0…1, null where `from` is hidden. */
  readonly share: string | null;
  /** Where the shares came from, the largest part first; the parts sum to 1. */
  readonly qualities: readonly { readonly quality: string; readonly share: string }[];
}

/** The walk of one currency, with what its paths are found from. */
export interface MoneyWalk {
  readonly walked: Walk;
  readonly money: number;
  readonly paths: HeaviestPaths;
  readonly firstLink: Int32Array;
}

export function moneyWalk(walked: Walk, money: number): MoneyWalk {
  const { nodes, slots, trace } = walked;
  const size = { nodes: nodes.length, slots: slots.count, start: 0, money, monies: slots.currencies.length };
  const paths = heaviestPaths(trace, { ...size, moneyOf: slots.moneyOf });
  return { walked, money, paths, firstLink: firstLinks(trace.links, nodes.length) };
}

/** Moves of a link, one after the other. */
function eachMove({ trace }: Walk, link: number, visit: (row: number) => void): void {
  const { links, linkOf, firstRow, rows } = trace;
  const near = links.near[link] as number;
  for (let at = firstRow[near] as number; at < (firstRow[near + 1] as number); at++) {
    const row = rows[at] as number;
    if (linkOf[row] === link) visit(row);
  }
}

/** What of `here`, amounts on a node by slot, goes over each of its links, in one pass: `firstLink` … of the node. */
export function overLinks(
  { walked, firstLink }: MoneyWalk,
  node: number,
  here: Float64Array,
): Float64Array[] {
  const { moves, slots, totals, trace } = walked;
  const first = firstLink[node] as number;
  const passed = Array.from(
    { length: (firstLink[node + 1] as number) - first },
    () => new Float64Array(slots.count),
  );
  const base = node * slots.count;
  for (let at = trace.firstRow[node] as number; at < (trace.firstRow[node + 1] as number); at++) {
    const row = trace.rows[at] as number;
    const slot = moves.slot[row] as number;
    const amount = here[slot] as number;
    if (amount === 0) continue;
    const over = passed[(trace.linkOf[row] as number) - first] as Float64Array;
    (over[slot] as number) += (amount * (moves.amount[row] as number)) / (totals[base + slot] as number);
  }
  return passed;
}

/** What of `here`, amounts on the link's near node by slot, goes over the link. */
function overLink(walked: Walk, link: number, here: Float64Array): Float64Array {
  const { moves, slots, totals, trace } = walked;
  const base = (trace.links.near[link] as number) * slots.count;
  const passed = new Float64Array(slots.count);
  eachMove(walked, link, (row) => {
    const slot = moves.slot[row] as number;
    const amount = here[slot] as number;
    if (amount === 0) return;
    (passed[slot] as number) += (amount * (moves.amount[row] as number)) / (totals[base + slot] as number);
  });
  return passed;
}

/** What a link is, in the direction in which cost flows. */
export function stepOf({ walked, money }: MoneyWalk, link: number): Step {
  const { nodes, moves, quality, slots, totals, trace, direction } = walked;
  const [near, far] = [trace.links.near[link] as number, trace.links.far[link] as number];
  const [from, to] = direction === 'in' ? [far, near] : [near, far];
  const byQuality = new Float64Array(qualities.length);
  eachMove(walked, link, (row) => {
    if (slots.moneyOf[moves.slot[row] as number] === money)
      (byQuality[quality[row] as number] as number) += moves.amount[row] as number;
  });
  let whole = 0;
  for (let slot = 0; slot < slots.count; slot++)
    if (slots.moneyOf[slot] === money) whole += totals[from * slots.count + slot] as number;
  const carried = byQuality.reduce((sum, amount) => sum + amount, 0);
  const shares = sharesOf(byQuality);
  return {
    from: nodes[from]?.id ?? '',
    to: nodes[to]?.id ?? '',
    edges: [],
    share: whole > 0 ? (sharesOf([carried, Math.max(whole - carried, 0)])[0] ?? null) : null,
    qualities: qualities
      .map((name, q) => ({ quality: name, share: shares[q] ?? '0', size: byQuality[q] as number }))
      .filter(({ size }) => size > 0)
      .sort((a, b) => b.size - a.size)
      .map(({ quality: name, share }) => ({ quality: name, share })),
  };
}

/** The heaviest way between the explained node and another, and the part of the cost between them that took it. */
export interface MainPath {
  /** In the direction in which cost flows. */
  readonly links: readonly number[];
  /** 0…1; the rest took other ways. */
  readonly share: string;
}

/** @param ending what of the followed cost ends on the node, over the slots of the currency */
export function mainPath({ walked, money, paths }: MoneyWalk, node: number, ending: number): MainPath {
  const { trace, direction } = walked;
  const links = pathTo(paths, trace.links, node);
  let here = followedOf(walked, money);
  for (const link of links) here = overLink(walked, link, here);
  const onPath = endingHere(walked, node, here).reduce((sum, amount) => sum + amount, 0);
  const share = ending > 0 ? (sharesOf([onPath, Math.max(ending - onPath, 0)])[0] ?? '1') : '1';
  return { links: direction === 'in' ? links.reverse() : links, share };
}

/** What is followed from the explained node, in one currency. */
export function followedOf({ slots, figure }: Walk, money: number): Float64Array {
  return figure.followed.map((amount, slot) => (slots.moneyOf[slot] === money ? amount : 0));
}
