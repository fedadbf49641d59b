/** Something that wants to stand around `wanted` (its middle), takes `size`, and keeps `gap` to the one before it. */
export interface Standing {
  readonly wanted: number;
  readonly size: number;
  readonly gap: number;
}

/**
 * Middles of things in a column, in their order, none over another, as near to where each wants to be as this allows (the least
 * sum of squares, by pooling neighbours that want the same place), between `from` and `until` as far as there is room.
 */
export function spread(things: readonly Standing[], from: number, until: number): number[] {
  // Distances between neighbours are taken off, so that all that is left to keep is the order.
  const offsets: number[] = [];
  things.forEach(({ size, gap }, at) => {
    const before = things[at - 1];
    offsets.push(before ? (offsets[at - 1] as number) + before.size / 2 + gap + size / 2 : size / 2);
  });
  const pools: { sum: number; count: number }[] = [];
  things.forEach(({ wanted }, at) => {
    pools.push({ sum: wanted - (offsets[at] as number), count: 1 });
    for (let last = pools.length - 1; last > 0; last--) {
      const [before, own] = [pools[last - 1], pools[last]];
      if (!before || !own || before.sum / before.count <= own.sum / own.count) break;
      pools.splice(last - 1, 2, { sum: before.sum + own.sum, count: before.count + own.count });
    }
  });
  const last = things.length - 1;
  const total = last < 0 ? 0 : (offsets[last] as number) + (things[last]?.size ?? 0) / 2;
  const room = Math.max(0, until - from - total);
  const starts = pools.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
  return starts.map((start, at) => Math.min(from + room, Math.max(from, start)) + (offsets[at] as number));
}
