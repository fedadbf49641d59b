import type { Part, PartKind } from './graph-parts.ts';

/** A row of a draft: it holds now (`until` null), or the draft has ended it (`until` is the draft's number). */
export interface PartRow extends Part {
  /** The first version that has it; the draft's own number where the draft made it. */
  readonly since: number;
  readonly until: number | null;
}

/** Which row, within a graph. */
export type PartRef = Pick<Part, 'kind' | 'key'>;

/** What one part was and is; null where it was not or is no more. Positions tell of a rule that moved. */
export interface PartChange {
  readonly kind: PartKind;
  readonly key: string;
  readonly before: Part | null;
  readonly after: Part | null;
}

/** What brings the rows of a draft to what is wanted; to be done in this order. */
export interface RowPlan {
  /** Made by the draft, and no longer wanted. */
  readonly remove: readonly PartRef[];
  /** Published, and no longer wanted: ended with the draft. */
  readonly end: readonly PartRef[];
  /** Ended by the draft, and wanted again as they were. */
  readonly resume: readonly PartRef[];
  readonly add: readonly Part[];
  /** What that means for the draft's content. */
  readonly changes: readonly PartChange[];
}

/**
 * The fewest rows that make a draft hold what is wanted. A part that is put back as it was published leaves no trace, so that a
 * draft without changes has no rows.
 *
 * `rows`: those that hold in the draft or were ended by it; `wanted`: all parts, or, with `only`, these alone.
 */
export function planRows(rows: readonly PartRow[], wanted: readonly Part[], draft: number): RowPlan {
  const live = new Map<string, PartRow>();
  const ended = new Map<string, PartRow>();
  for (const row of rows) (row.until === null ? live : ended).set(idOf(row), row);
  const plan = { remove: [], end: [], resume: [], add: [], changes: [] } as {
    remove: PartRef[];
    end: PartRef[];
    resume: PartRef[];
    add: Part[];
    changes: PartChange[];
  };
  for (const part of wanted) {
    const id = idOf(part);
    const now = live.get(id);
    live.delete(id);
    if (now && isSame(now, part)) continue;
    plan.changes.push({ kind: part.kind, key: part.key, before: now ?? null, after: part });
    if (now) (now.since === draft ? plan.remove : plan.end).push(now);
    const before = ended.get(id);
    if (before && isSame(before, part)) plan.resume.push(part);
    else plan.add.push(part);
  }
  for (const row of live.values()) {
    plan.changes.push({ kind: row.kind, key: row.key, before: row, after: null });
    (row.since === draft ? plan.remove : plan.end).push(row);
  }
  return plan;
}

function idOf({ kind, key }: PartRef): string {
  return `${kind} ${key}`;
}

function isSame(a: Part, b: Part): boolean {
  return a.text === b.text && a.position === b.position;
}
