import type { GraphDocument, GraphEdge } from '../model.ts';
import { less, minus, nearest, none, over, plus, type Rational, ratio, sumOf, times } from './fraction.ts';
import { idOf, lineOf, type Stretch, type UsageRow } from './rational-shares.ts';

/**
 * A second allocation, from the document alone and in exact fractions: slow, and without a function in common with the engine.
 * What the two agree on, they agree on for different reasons.
 */
export interface ExactInput {
  readonly document: GraphDocument;
  readonly usage: readonly UsageRow[];
  /** Units of each node on one day and lane. */
  readonly direct: ReadonlyMap<string, bigint>;
  /** Direct charges of each node on the day, over all dimensions of the lane's currency. */
  readonly charges: ReadonlyMap<string, bigint>;
  readonly day: string;
  readonly dimension: string;
  /** In which order nodes of circles close under step-down. */
  readonly closing: readonly string[];
}

/** One lane on one day. */
export interface ExactResult {
  /** Direct + inflow, and what stays, per node; what edges carry, by id; what is held, by `node cause`. */
  readonly total: ReadonlyMap<string, Rational>;
  readonly retained: ReadonlyMap<string, Rational>;
  readonly flows: ReadonlyMap<string, Rational>;
  readonly held: ReadonlyMap<string, Rational>;
  readonly cut: ReadonlySet<string>;
  readonly circles: readonly (readonly string[])[];
  /** Lines of all nodes, as they were in the end. */
  readonly lines: ReadonlyMap<string, readonly Stretch[]>;
}

/**
 * Allocates one lane of one day in fractions. Throws a `RangeError` where circles have no solution. `known`: the lines of another
 * lane of the same dimension, currency and day.
 */
export function allocateExactly(input: ExactInput, known?: OpenedLines): ExactResult {
  const { document, direct } = input;
  const ids = document.nodes.map(({ id }) => id);
  const { lines, cut, circles } = known ?? openCircles(input, ids);
  const total = solve(ids, lines, direct, circles);
  const flows = new Map<string, Rational>();
  const held = new Map<string, Rational>();
  const retained = new Map<string, Rational>();
  for (const id of ids) {
    let stays = none;
    for (const stretch of lines.get(id) ?? []) {
      const amount = times(stretch.share, total.get(id) ?? none);
      if ('edge' in stretch) {
        flows.set(idOf(stretch.edge), amount);
        continue;
      }
      stays = plus(stays, amount);
      const key = `${id} ${stretch.cause}`;
      held.set(key, plus(held.get(key) ?? none, amount));
    }
    retained.set(id, stays);
  }
  return { total, retained, flows, held, cut, circles, lines };
}

/** The lines of a day with what was done about circles. */
export type OpenedLines = Pick<ExactResult, 'lines' | 'cut' | 'circles'>;
type Lines = ReadonlyMap<string, readonly Stretch[]>;

function linesOf(input: ExactInput, ids: readonly string[], cut: ReadonlySet<string>): Lines {
  const { document, usage, day, dimension, charges } = input;
  const costOf = (node: string) => ratio(charges.get(node) ?? 0n);
  return new Map(ids.map((node) => [node, lineOf({ document, usage, node, day, dimension, cut, costOf })]));
}

/** Edges that have a share. */
function carryingOf(lines: Lines): GraphEdge[] {
  return [...lines.values()]
    .flat()
    .flatMap((stretch) => ('edge' in stretch && stretch.share.n > 0n ? [stretch.edge] : []));
}

/** Sets of nodes that reach each other, by closure. */
function circlesOf(ids: readonly string[], edges: readonly GraphEdge[]): string[][] {
  const reaches = new Map(ids.map((id) => [id, new Set<string>()]));
  for (const { from, to } of edges) reaches.get(from)?.add(to);
  for (const middle of ids) {
    for (const targets of reaches.values()) {
      if (targets.has(middle)) for (const target of reaches.get(middle) ?? []) targets.add(target);
    }
  }
  const circles = new Map<string, string[]>();
  for (const id of ids) {
    if (!reaches.get(id)?.has(id)) continue;
    const members = ids.filter((other) => reaches.get(id)?.has(other) && reaches.get(other)?.has(id));
    circles.set([...members].sort().join('\n'), members);
  }
  return [...circles.values()];
}

/** Cuts circles where step-down is asked for, until only those are left that are solved. */
function openCircles(
  input: ExactInput,
  ids: readonly string[],
): {
  readonly lines: Lines;
  readonly cut: ReadonlySet<string>;
  readonly circles: readonly (readonly string[])[];
} {
  const { mode } = input.document.method.cycles;
  const cut = new Set<string>();
  for (;;) {
    const lines = linesOf(input, ids, cut);
    const carrying = carryingOf(lines);
    const circles = circlesOf(ids, carrying);
    if (circles.length > 0 && mode === 'refuse') throw new RangeError('a circle is refused');
    if (circles.length === 0 || mode === 'reciprocal') return { lines, cut, circles };
    for (const circle of circles) {
      const order = [...circle].sort((a, b) => input.closing.indexOf(a) - input.closing.indexOf(b));
      for (const edge of carrying) {
        const [giver, receiver] = [order.indexOf(edge.from), order.indexOf(edge.to)];
        if (giver >= 0 && receiver >= 0 && receiver < giver) cut.add(idOf(edge));
      }
    }
  }
}

/** Totals of all nodes: x = direct + Σ share · x of those that feed it, by elimination over the whole graph. */
function solve(
  ids: readonly string[],
  lines: Lines,
  direct: ReadonlyMap<string, bigint>,
  circles: readonly (readonly string[])[],
): Map<string, Rational> {
  const shares = sharesBetween(lines);
  const shareOf = (from: string, to: string) => shares.get(`${from}\n${to}`) ?? none;
  const feedersOf = new Map(ids.map((id) => [id, ids.filter((from) => shareOf(from, id).n > 0n)]));
  const feeders = (id: string) => feedersOf.get(id) ?? [];
  const total = new Map<string, Rational>();
  const isDone = (id: string) => total.has(id);
  while (total.size < ids.length) {
    const next = ids.filter((id) => !isDone(id) && feeders(id).every(isDone));
    for (const id of next) {
      const inflow = sumOf(feeders(id).map((from) => times(shareOf(from, id), total.get(from) ?? none)));
      total.set(id, plus(ratio(direct.get(id) ?? 0n), inflow));
    }
    const ready = circles.find(
      (members) =>
        !members.some(isDone) &&
        members.every((id) => feeders(id).every((from) => isDone(from) || members.includes(from))),
    );
    if (next.length === 0 && ready === undefined) throw new RangeError('the order does not come to an end');
    if (next.length > 0 || ready === undefined) continue;
    const own = ready.map((id) =>
      plus(
        ratio(direct.get(id) ?? 0n),
        sumOf(
          feeders(id)
            .filter(isDone)
            .map((from) => times(shareOf(from, id), total.get(from) ?? none)),
        ),
      ),
    );
    for (const [index, pool] of eliminate(ready, own, shareOf).entries())
      total.set(ready[index] as string, pool);
  }
  return total;
}

function sharesBetween(lines: Lines): ReadonlyMap<string, Rational> {
  const shares = new Map<string, Rational>();
  for (const [from, line] of lines) {
    for (const stretch of line) {
      if (!('edge' in stretch)) continue;
      const key = `${from}\n${stretch.edge.to}`;
      shares.set(key, plus(shares.get(key) ?? none, stretch.share));
    }
  }
  return shares;
}

/** Gauss–Jordan in fractions, with pivots from wherever there is one. */
function eliminate(
  members: readonly string[],
  own: readonly Rational[],
  shareOf: (from: string, to: string) => Rational,
): Rational[] {
  const rows = members.map((to, i) => [
    ...members.map((from, j) => minus(ratio(i === j ? 1 : 0), shareOf(from, to))),
    own[i] as Rational,
  ]);
  for (let k = 0; k < members.length; k++) {
    const at = rows.findIndex((row, index) => index >= k && row[k]?.n !== 0n);
    if (at < 0) throw new RangeError('cost can never leave this circle');
    [rows[k], rows[at]] = [rows[at] as Rational[], rows[k] as Rational[]];
    const pivot = rows[k] as Rational[];
    for (const [index, row] of rows.entries()) {
      if (index === k) continue;
      const factor = over(row[k] as Rational, pivot[k] as Rational);
      for (let j = k; j < row.length; j++) {
        row[j] = minus(row[j] as Rational, times(factor, pivot[j] as Rational));
      }
    }
  }
  return rows.map((row, index) => over(row[members.length] as Rational, row[index] as Rational));
}

/** The same in whole units, by rounding the cumulative line of every node; for graphs without circles. */
export function allocateInUnits(
  input: ExactInput,
  { lines }: Pick<ExactResult, 'lines'> = allocateExactly(input),
): {
  readonly flows: ReadonlyMap<string, bigint>;
  readonly retained: ReadonlyMap<string, bigint>;
  readonly held: ReadonlyMap<string, bigint>;
} {
  const ids = input.document.nodes.map(({ id }) => id);
  const inflow = new Map<string, bigint>();
  const flows = new Map<string, bigint>();
  const held = new Map<string, bigint>();
  const retained = new Map<string, bigint>();
  const open = new Set(ids);
  const carrying = carryingOf(lines);
  while (open.size > 0) {
    const node = [...open].find((id) => !carrying.some(({ from, to }) => to === id && open.has(from)));
    if (node === undefined) throw new RangeError('a circle cannot be rounded along a line');
    open.delete(node);
    const total = (input.direct.get(node) ?? 0n) + (inflow.get(node) ?? 0n);
    let position = none;
    let before = 0n;
    let stays = 0n;
    for (const stretch of lines.get(node) ?? []) {
      position = plus(position, stretch.share);
      const upTo = nearest(times(position, ratio(total)));
      const part = upTo - before;
      before = upTo;
      if ('edge' in stretch) {
        flows.set(idOf(stretch.edge), part);
        inflow.set(stretch.edge.to, (inflow.get(stretch.edge.to) ?? 0n) + part);
      } else {
        stays += part;
        const key = `${node} ${stretch.cause}`;
        held.set(key, (held.get(key) ?? 0n) + part);
      }
    }
    retained.set(node, stays);
  }
  return { flows, retained, held };
}

/** As `pathBounds`, for circles that are solved: x = (2 · edges to the node + 2) + Aᵀx is what rounding can come to when it goes round. */
export function circleBounds(
  { document }: ExactInput,
  { lines, circles }: ExactResult,
): ReadonlyMap<string, Rational> {
  const ids = document.nodes.map(({ id }) => id);
  const carrying = carryingOf(lines);
  const own = ids.map((id) => [id, 2n * BigInt(carrying.filter(({ to }) => to === id).length) + 2n] as const);
  return solve(ids, lines, new Map(own), circles);
}

/** Per node, by how many units whole amounts may differ from the exact ones: one per edge on every path to it. */
export function pathBounds({ lines }: ExactResult): ReadonlyMap<string, Rational> {
  const bounds = new Map([...lines.keys()].map((id) => [id, none]));
  for (let round = 0; round < lines.size; round++) {
    const next = new Map([...lines.keys()].map((id) => [id, none]));
    for (const [id, line] of lines) {
      for (const stretch of line) {
        if (!('edge' in stretch) || stretch.share.n === 0n) continue;
        const { to } = stretch.edge;
        const own = plus(ratio(1), times(stretch.share, bounds.get(id) ?? none));
        next.set(to, plus(next.get(to) ?? none, own));
      }
    }
    if ([...next].every(([id, bound]) => !less(bounds.get(id) ?? none, bound))) break;
    for (const [id, bound] of next) bounds.set(id, bound);
  }
  return bounds;
}
