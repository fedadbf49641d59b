/**
 * True when lists and objects stand in each other more than `levels` deep: `isNestedDeeperThan([[1]], 1)`. Looks without
 * recursion, so that it can judge what would exhaust the stack.
 */
export function isNestedDeeperThan(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((part) => (typeof part === 'object' && part !== null ? Object.values(part) : []));
    if (level.length === 0) return false;
  }
  return true;
}
