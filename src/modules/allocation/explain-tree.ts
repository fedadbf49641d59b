import { type Amount, asAmount, cut, type Sides, sizeOf } from './explain-amounts.ts';
import { followedOf, type MoneyWalk, overLinks, type Step, stepOf } from './explain-paths.ts';
import { endingHere } from './explain-walk.ts';
import { apportion, apportionAmount, shareText, wholeShare } from './trace-apportion.ts';

/** An amount and its part of the figure explained; the shares of a node's parts sum to the node's. */
export interface TreePart {
  readonly amount: Amount;
  readonly share: string;
}

/** A node on one way to (or from) the explained one. `amount` = own + children + others + outside. */
export interface TreeNode extends TreePart {
  readonly node: string;
  readonly type: string;
  /** How the cost came here from the node above (`out`) or went there (`in`); null at the top. */
  readonly step: Step | null;
  /** What ends here: the node's direct cost (`in`), what it retains (`out`). Null where the tree is cut by its depth. */
  readonly own: TreePart | null;
  readonly children: readonly TreeNode[];
  /** Children left out by `top`. */
  readonly others: (TreePart & { readonly count: number }) | null;
  /** What went to nodes that the caller may not see. */
  readonly outside: TreePart | null;
}

export interface TreeAsked {
  /** Steps from the explained node. */
  readonly depth: number;
  /** Children per node. */
  readonly top: number;
}

interface Branch {
  readonly node: number;
  /** Amounts by slot. */
  readonly here: Float64Array;
  readonly sides: Sides;
  readonly share: bigint;
  readonly step: Step | null;
}

/** The ways of a figure as a tree, in one currency: at every node the parts sum exactly to the whole. */
export function treeOf(money: MoneyWalk, figure: Sides, asked: TreeAsked): TreeNode {
  const here = followedOf(money.walked, money.money);
  const top: Branch = {
    node: 0,
    here,
    sides: figure,
    share: sizeOf(figure) > 0n ? wholeShare : 0n,
    step: null,
  };
  return grow(money, top, asked, 0);
}

function grow(money: MoneyWalk, branch: Branch, asked: TreeAsked, level: number): TreeNode {
  const { walked, firstLink } = money;
  const { node, here, sides, share, step } = branch;
  const { id, type } = walked.nodes[node] ?? { id: '', type: '' };
  const head = { node: id, type, amount: asAmount(sides), share: shareText(share), step };
  if (level === asked.depth) return { ...head, own: null, children: [], others: null, outside: null };
  const own = endingHere(walked, node, here);
  const passed = overLinks(money, node, here);
  const outside = walked.isWhole ? new Float64Array(here.length) : remainder(here, own, passed);
  const all = split(money, branch, [own, ...passed, outside]);
  const [ownPart, ...others] = all;
  const outsidePart = others.pop();
  const first = firstLink[node] as number;
  const children = passed.map((amounts, i) => ({ link: first + i, here: amounts, ...(others[i] as Part) }));
  const { kept, rest } = cut(children, asked.top, (child) => child.sides);
  const keptShare = kept.reduce((sum, child) => sum + child.share, 0n);
  const restShare = children.reduce((sum, child) => sum + child.share, 0n) - keptShare;
  return {
    ...head,
    own: ownPart ? partOf(ownPart) : null,
    children: kept.map((child) =>
      grow(
        money,
        { ...child, node: walked.trace.links.far[child.link] as number, step: stepOf(money, child.link) },
        asked,
        level + 1,
      ),
    ),
    others: rest.count === 0 ? null : { count: rest.count, ...partOf({ sides: rest.sum, share: restShare }) },
    outside: outsidePart && sizeOf(outsidePart.sides) > 0n ? partOf(outsidePart) : null,
  };
}

interface Part {
  readonly sides: Sides;
  readonly share: bigint;
}

function partOf({ sides, share }: Part): TreePart {
  return { amount: asAmount(sides), share: shareText(share) };
}

/** Splits a branch into parts that sum to it, in charges, credits and shares. */
function split({ walked }: MoneyWalk, { sides, share }: Branch, parts: readonly Float64Array[]): Part[] {
  const { laneOf, lanes } = walked.slots;
  const weigh = (side: 'charge' | 'credit') =>
    parts.map((part) =>
      part.reduce(
        (sum, amount, slot) => (lanes[laneOf[slot] as number]?.side === side ? sum + amount : sum),
        0,
      ),
    );
  const charges = apportionAmount(sides.charges, weigh('charge'));
  const credits = apportionAmount(sides.credits, weigh('credit'));
  const split = parts.map((_, i) => ({ charges: charges[i] ?? 0n, credits: credits[i] ?? 0n }));
  const shares = apportion(
    share,
    split.map((part) => Number(sizeOf(part))),
  );
  return split.map((part, i) => ({ sides: part, share: shares[i] ?? 0n }));
}

/** Part of an amount below which nothing is missing: shares are computed in binary. */
const noise = 1e-9;

/** What of the amounts on a node neither ends there nor is seen to go on. */
function remainder(here: Float64Array, own: Float64Array, passed: readonly Float64Array[]): Float64Array {
  return here.map((amount, slot) => {
    const left = passed.reduce((sum, part) => sum - (part[slot] as number), amount - (own[slot] as number));
    return left > amount * noise ? left : 0;
  });
}

/** Every step of a tree. */
export function stepsOf(tree: TreeNode): Step[] {
  return [...(tree.step ? [tree.step] : []), ...tree.children.flatMap(stepsOf)];
}
