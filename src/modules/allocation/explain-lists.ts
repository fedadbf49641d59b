import type { Session } from '../../platform/warehouse/index.ts';
import { type Amount, asAmount, cut, type Sides, sizeOf, sumSides } from './explain-amounts.ts';
import { type CauseAmount, type CausesByEnd, causesOf, sumCauses } from './explain-causes.ts';
import { nameEdges } from './explain-edges.ts';
import { type EndOfWalk, inMoney, type MoneyEnd, sidesByDimension } from './explain-ends.ts';
import { type MoneyWalk, mainPath, moneyWalk, type Step, stepOf } from './explain-paths.ts';
import { type AskedSource, type RulePart, rulesBehind, type SourceNode } from './explain-rules.ts';
import { type TreeNode, treeOf } from './explain-tree.ts';
import { endingHere, isHidden, type Walk } from './explain-walk.ts';
import type { RunRows } from './query-run.ts';
import { apportion, shareText, wholeShare } from './trace-apportion.ts';

/** A part of the figure, and its fraction of it, 0…1. */
interface Part {
  readonly amount: Amount;
  readonly share: string;
}

/** A node that the figure came from (`in`), or stayed on (`out`). */
export interface EndItem extends Part {
  readonly node: string;
  readonly type: string;
  readonly name: string;
  readonly application: string | null;
  /** True for a node that the caller may not see: what is behind it is not told. */
  readonly hidden: boolean;
  /** `in`: of what the explained node retains. Null for `out`. */
  readonly retained: Amount | null;
  readonly byDimension: readonly { readonly dimension: string; readonly amount: Amount }[];
  /** The heaviest way, in the direction in which cost flows, and the part of the amount that took it. */
  readonly path: { readonly share: string; readonly steps: readonly Step[] };
  /** `in`: all direct cost of the node; null where it may not be seen, and for `out`. */
  readonly direct: Amount | null;
  /** `in`: the rules that sent the direct cost there; their amounts sum to `amount`, their costs to `direct`. */
  readonly rules: readonly RulePart[];
  /** `out`: why it stayed, on a node that is no product; they sum to `amount`. */
  readonly causes: readonly CauseAmount[];
}

/** The parts of a figure in one currency. `items` + `others` + `outside` = the figure. */
export interface MoneyEnds {
  readonly byDimension: readonly {
    readonly dimension: string;
    readonly holistic: Amount;
    readonly retained: Amount;
  }[];
  readonly items: readonly EndItem[];
  /** Items left out by `top`. */
  readonly others: (Part & { readonly count: number }) | null;
  /** `out`: what went to nodes that the caller may not see. */
  readonly outside: Part | null;
  /** `out`: what stayed on products, and elsewhere; null for `in`. */
  readonly allocated: Part | null;
  readonly unallocated: (Part & { readonly causes: readonly CauseAmount[] }) | null;
  readonly tree: TreeNode;
}

export interface ListAsked {
  readonly walked: Walk;
  readonly ends: readonly EndOfWalk[];
  readonly depth: number;
  readonly top: number;
}

interface Kept {
  readonly end: MoneyEnd;
  readonly share: bigint;
}

/** The parts of the figure, one list per currency of the node, in that order. */
export async function listEnds(session: Session, run: RunRows, asked: ListAsked): Promise<MoneyEnds[]> {
  const { walked, ends, depth, top } = asked;
  const { slots, direction } = walked;
  const causes: CausesByEnd =
    direction === 'out' ? await causesOf(session, run.flow.relation, walked, ends) : new Map();
  const lists = slots.currencies.map((currency, money) => {
    const all = inMoney(ends, slots.lanes, currency);
    const seen = all.filter(({ node }) => node >= 0);
    const outside = all.find(({ node }) => node < 0);
    const figure = sumSides(all.map((end) => end.figure));
    const shares = apportion(
      wholeShare,
      [...seen, ...(outside ? [outside] : [])].map((end) => Number(sizeOf(end.figure))),
    );
    const items = seen.map((end, i): Kept => ({ end, share: shares[i] ?? 0n }));
    const { kept, rest } = cut(items, top, ({ end }) => end.figure);
    const keptShare = kept.reduce((sum, { share }) => sum + share, 0n);
    const outsideShare = outside ? (shares.at(-1) ?? 0n) : 0n;
    return {
      ...{ currency, money: moneyWalk(walked, money), figure, kept, all: seen },
      others:
        rest.count === 0
          ? null
          : { count: rest.count, ...partOf(rest.sum, wholeShare - keptShare - outsideShare) },
      outside: outside ? partOf(outside.figure, outsideShare) : null,
      tree: treeOf(moneyWalk(walked, money), figure, { depth, top }),
    };
  });
  const known = await describe(session, run, walked, lists);
  const made = lists.map(
    (list): MoneyEnds => ({
      byDimension: dimensionsOf(walked, list.currency),
      items: list.kept.map((one) => itemOf(list.money, one, { known, causes, currency: list.currency })),
      others: list.others,
      outside: list.outside,
      ...(direction === 'out' ? placesOf(walked, list, causes) : { allocated: null, unallocated: null }),
      tree: list.tree,
    }),
  );
  return nameEdges(session, run.flow.relation, walked, made);
}

function partOf(sides: Sides, share: bigint): Part {
  return { amount: asAmount(sides), share: shareText(share) };
}

/** Names of the listed nodes, and for `in` the rules behind them. */
function describe(
  session: Session,
  run: RunRows,
  walked: Walk,
  lists: readonly { readonly currency: string; readonly kept: readonly Kept[] }[],
): Promise<ReadonlyMap<number, SourceNode>> {
  const asked = new Map<number, Map<string, Sides>>();
  for (const { currency, kept } of lists)
    for (const { end } of kept) {
      const sides = asked.get(end.node) ?? new Map<string, Sides>();
      asked.set(end.node, sides.set(currency, end.figure));
    }
  const sources = [...asked].map(([node, sides]): AskedSource => ({ node, sides }));
  return rulesBehind(session, run, walked, sources);
}

function itemOf(
  money: MoneyWalk,
  { end, share }: Kept,
  given: {
    readonly known: ReadonlyMap<number, SourceNode>;
    readonly causes: CausesByEnd;
    readonly currency: string;
  },
): EndItem {
  const { walked } = money;
  const { direction, slots, trace } = walked;
  const { id, type } = walked.nodes[end.node] ?? { id: '', type: '' };
  const known = given.known.get(end.node);
  const ofMoney = known?.monies.get(given.currency);
  const isSource = direction === 'in';
  const ending = endingHere(walked, end.node, trace.passing, end.node * slots.count).reduce(
    (sum, amount, slot) => (slots.moneyOf[slot] === money.money ? sum + amount : sum),
    0,
  );
  const path = mainPath(money, end.node, ending);
  return {
    node: id,
    type: known?.type ?? type,
    name: known?.name ?? id,
    application: known?.application ?? null,
    hidden: isHidden(walked, end.node),
    ...partOf(end.figure, share),
    retained: isSource ? asAmount(end.retained) : null,
    byDimension: end.byDimension.map(({ dimension, amount }) => ({ dimension, amount: asAmount(amount) })),
    path: { share: path.share, steps: path.links.map((link) => stepOf(money, link)) },
    direct: isSource ? (ofMoney?.direct ?? null) : null,
    rules: isSource ? (ofMoney?.rules ?? []) : [],
    causes: sumCauses(given.causes.get(end.node) ?? [], slots.lanes, given.currency),
  };
}

function dimensionsOf({ slots: { lanes }, figure }: Walk, currency: string): MoneyEnds['byDimension'] {
  const retained = sidesByDimension(lanes, figure.retained, currency);
  return [...sidesByDimension(lanes, figure.units, currency)].map(([dimension, holistic]) => ({
    dimension,
    holistic: asAmount(holistic),
    retained: asAmount(retained.get(dimension) ?? { charges: 0n, credits: 0n }),
  }));
}

/** Where a figure stayed: on products, and on others with the causes. */
function placesOf(
  { nodes, slots }: Walk,
  {
    all,
    figure,
    currency,
  }: { readonly all: readonly MoneyEnd[]; readonly figure: Sides; readonly currency: string },
  causes: CausesByEnd,
): Pick<MoneyEnds, 'allocated' | 'unallocated'> {
  const isProduct = ({ node }: MoneyEnd) => nodes[node]?.type === 'product';
  const sum = (ends: readonly MoneyEnd[]) => sumSides(ends.map((end) => end.figure));
  const [on, off] = [sum(all.filter(isProduct)), sum(all.filter((end) => !isProduct(end)))];
  const left = sizeOf(figure) - sizeOf(on) - sizeOf(off);
  const [onShare = 0n, offShare = 0n] = apportion(
    wholeShare,
    [on, off].map((part) => Number(sizeOf(part))).concat(Number(left)),
  );
  const every = all.flatMap(({ node }) => causes.get(node) ?? []);
  return {
    allocated: partOf(on, onShare),
    unallocated: { ...partOf(off, offShare), causes: sumCauses(every, slots.lanes, currency) },
  };
}

/** The parts of nothing: of rows whose node has no cost in the run. */
export function noEnds(node: string, type: string): MoneyEnds {
  const amount = { charges: '0', credits: '0', net: '0' };
  const parts = { own: null, children: [], others: null, outside: null };
  return {
    ...{ byDimension: [], items: [], others: null, outside: null },
    ...{ allocated: { amount, share: '0' }, unallocated: { amount, share: '0', causes: [] } },
    tree: { node, type, amount, share: '0', step: null, ...parts },
  };
}
