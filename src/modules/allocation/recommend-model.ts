/** What kinds of advice there are. */
export const adviceKinds = [
  /** A node that its utilisation metrics show little used. */
  'idle',
  /** Cost rows that no rule took. */
  'no_rule',
  /** Cost rows without a tag that the rules ask for. */
  'missing_tag',
  /** Commitments that were paid for and not used. */
  'unused_commitment',
  /** Public addresses that the provider itself bills as idle. */
  'idle_address',
  /** A shared pool whose cost grew faster than what it is shared by. */
  'oversized_pool',
] as const;
export type AdviceKind = (typeof adviceKinds)[number];

export const adviceStatuses = ['open', 'accepted', 'dismissed', 'done'] as const;
export type AdviceStatus = (typeof adviceStatuses)[number];

/**
 * Cost that a saving is taken from: the direct cost of a node; with `part`, only what of it is named so, such as the rows of one
 * commitment. A node as a whole overlaps with each of its parts.
 */
export interface BasisPart {
  readonly node: string;
  readonly part?: string | undefined;
}

/** A row that an advice rests on, as plain values. */
export type EvidenceRow = Readonly<Record<string, string | number | null>>;

/** One piece of advice for one month, in one currency, as it is computed. Amounts are decimal text. */
export interface Advice {
  readonly kind: AdviceKind;
  /** What it is about, the same in every month: what people decided of it is found by it. */
  readonly key: string;
  readonly node: string | null;
  readonly currency: string;
  /** What the rows cost that it is about. */
  readonly cost: string;
  /** What could be saved of it, above 0; null where the advice saves nothing and is about the allocation. */
  readonly saving: string | null;
  /** For people, with its numbers. */
  readonly title: string;
  /** How the saving follows from the facts; null without one. */
  readonly formula: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly basis: readonly BasisPart[];
  /** The largest rows, and how many there are. */
  readonly evidence: readonly EvidenceRow[];
  readonly evidenceRows: number;
}

/** Rows of evidence that are kept. */
export const mostEvidence = 100;
