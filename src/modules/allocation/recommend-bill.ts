import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import { type Advice, type AdviceKind, type EvidenceRow, mostEvidence } from './recommend-model.ts';

/** Rows of a bill that one advice is about, in one currency; as the statements of recommend-bill-sql.ts add them up. */
export interface BillGroup {
  /** What the rows have in common: a tag, a commitment, an account. Empty where nothing distinguishes them. */
  readonly of: string;
  readonly currency: string;
  readonly cost: string;
  readonly rows: number;
  /** Nodes that the rules sent the rows to. */
  readonly nodes: readonly string[];
  /** Parts of it by resource, the largest first; `parts` counts them all. */
  readonly largest: readonly EvidenceRow[];
  readonly parts: number;
}

/** Cost that no rule took: nothing is saved by a rule, but somebody pays it and nobody knows who. */
export function noRuleAdvice(groups: readonly BillGroup[]): Advice[] {
  return groups.flatMap((group) =>
    adviceOf('no_rule', group, {
      title: `${rowsText(group.rows)} of the bill that no rule takes`,
      facts: { rows: group.rows },
    }),
  );
}

/** Charges without a tag that the rules ask for, one advice per tag. */
export function missingTagAdvice(groups: readonly BillGroup[]): Advice[] {
  return groups.flatMap((group) =>
    adviceOf('missing_tag', group, {
      title: `${rowsText(group.rows)} without the tag '${group.of}', which the rules ask for`,
      facts: { tag: group.of, rows: group.rows },
    }),
  );
}

/** The unused part of each commitment, as the provider states it (`CommitmentDiscountStatus` is `Unused`). */
export function unusedCommitmentAdvice(groups: readonly BillGroup[]): Advice[] {
  return groups.flatMap((group) =>
    adviceOf('unused_commitment', group, {
      title: `Commitment ${group.of} was not used for a part of the month`,
      facts: { commitment: group.of, rows: group.rows },
      saves: `Σ EffectiveCost of the unused rows = ${plain(group.cost)}`,
    }),
  );
}

/** Public addresses without a machine, of one account, as the provider bills them. */
export function idleAddressAdvice(groups: readonly BillGroup[]): Advice[] {
  return groups.flatMap((group) =>
    adviceOf('idle_address', group, {
      title: `${group.parts} public ${group.parts === 1 ? 'address is' : 'addresses are'} billed as idle in account ${group.of}`,
      facts: { account: group.of, rows: group.rows },
      saves: `Σ EffectiveCost of the rows that the provider bills as idle addresses = ${plain(group.cost)}`,
    }),
  );
}

interface Said {
  readonly title: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** The formula; with it, all of the cost is saved. */
  readonly saves?: string;
}

function adviceOf(kind: AdviceKind, group: BillGroup, { title, facts, saves }: Said): Advice[] {
  const cost = parseDecimal(group.cost);
  if (cost.units <= 0n) return [];
  const [node] = group.nodes;
  return [
    {
      kind,
      key: `${kind}:${group.currency}:${group.of}`,
      node: group.nodes.length === 1 ? (node ?? null) : null,
      currency: group.currency,
      cost: formatDecimal(cost),
      saving: saves === undefined ? null : formatDecimal(cost),
      title,
      formula: saves ?? null,
      facts,
      basis: saves === undefined ? [] : group.nodes.map((id) => ({ node: id, part: `${kind}:${group.of}` })),
      evidence: group.largest.slice(0, mostEvidence),
      evidenceRows: group.parts,
    },
  ];
}

function rowsText(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}

function plain(amount: string): string {
  return formatDecimal(parseDecimal(amount));
}
