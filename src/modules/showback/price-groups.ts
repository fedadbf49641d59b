/** Items by a key of theirs, in their order: `groupedBy([1, 2, 3], (n) => n % 2)` is `{1: [1, 3], 0: [2]}`. */
export function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
