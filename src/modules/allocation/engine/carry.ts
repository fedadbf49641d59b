import type { Lines } from './lines.ts';
import { beginOf, type Fraction, reachOf } from './rounding.ts';
import type { CompiledGraph } from './types.ts';

/** Calls back for every edge of a line that has a share above 0. */
export function forEachCarrying(
  lines: Lines,
  line: number,
  visit: (edge: number, segment: number, entry: number) => void,
): void {
  const { segments, firstSegment } = lines;
  const lastSegment = firstSegment[line + 1] as number;
  for (let segment = firstSegment[line] as number; segment < lastSegment; segment++) {
    if (segments.q[segment] === 0) continue;
    const first = segments.first[segment] as number;
    const end = segments.end[segment] as number;
    const edge = segments.edge[segment] as number;
    for (let entry = first; entry < end; entry++) {
      if (carries(lines, segment, entry)) visit(edge + entry - first, segment, entry);
    }
  }
}

function carries(lines: Lines, segment: number, entry: number): boolean {
  const { segments, entries } = lines;
  if (segments.denominator[segment] === 0) return shareOf(lines, segment, entry).numerator > 0n;
  const isFirst = entry === segments.first[segment];
  const before = isFirst ? (segments.begin[segment] as number) : (entries.reach[entry - 1] as number);
  return (entries.reach[entry] as number) > before;
}

/** The exact share of an entry: C(i) − C(i−1). */
export function shareOf(lines: Lines, segment: number, entry: number): Fraction {
  const isFirst = entry === lines.segments.first[segment];
  const before = isFirst ? beginOf(lines, segment) : reachOf(lines, segment, entry - 1);
  const { numerator, denominator } = reachOf(lines, segment, entry);
  return { numerator: numerator - before.numerator, denominator };
}

/** Whether a part of what a line shares stays on its node: percentages below 100, caps, no weights, edges that were cut. */
export function keepsPart(lines: Lines, line: number): boolean {
  const { segments, firstSegment } = lines;
  const lastSegment = firstSegment[line + 1] as number;
  let width = 0;
  let whole = 1;
  for (let segment = firstSegment[line] as number; segment < lastSegment; segment++) {
    const q = segments.q[segment] as number;
    width += q;
    whole = segments.g[segment] as number;
    if (q === 0) continue;
    const { numerator, denominator } = reachOf(lines, segment, (segments.end[segment] as number) - 1);
    const end = BigInt((segments.s[segment] as number) + q) * denominator;
    if (numerator * BigInt(whole) < end) return true;
  }
  return width < whole;
}

/** The edges that carry cost on a class of lanes, as a graph. */
export function carryingEdges(
  graph: CompiledGraph,
  lines: Lines,
  laneClass: number,
): { readonly from: Int32Array; readonly to: Int32Array; readonly edges: Int32Array } {
  const edges: number[] = [];
  for (let node = 0; node < graph.nodeIds.length; node++) {
    const line = (lines.firstLine[node] as number) + laneClass;
    if (lines.firstLine[node] === lines.firstLine[node + 1]) continue;
    forEachCarrying(lines, line, (edge) => edges.push(edge));
  }
  return {
    edges: Int32Array.from(edges),
    from: Int32Array.from(edges, (edge) => graph.from[edge] as number),
    to: Int32Array.from(edges, (edge) => graph.to[edge] as number),
  };
}
