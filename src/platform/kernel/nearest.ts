/**
 * Up to `count` candidates that a mistyped name may have meant, closest first: `engine.thread` → `engine.threads`.
 * Case, `_` and `-` do not count; a name that is half of the other or more of it is one edit away.
 */
export function nearestNames(name: string, candidates: readonly string[], count = 3): string[] {
  const wanted = bare(name);
  const limit = Math.max(2, Math.floor(wanted.length / 4));
  return candidates
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, bare(candidate)) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein 1966). */
function editsBetween(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (a !== b && short.length * 2 >= long.length && long.includes(short)) return 1;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
