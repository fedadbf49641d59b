import type { Records, Tx } from '../records.ts';
import { type BrokenLink, hashesAt, lookAtLinks, type Stretch, unsealedTail } from './verify-sql.ts';

/** A place of the chain that was written down outside the database: by a backup, by a verification, by a person. */
export interface Anchor {
  /** Decimal text; 1 is the first row. */
  readonly position: string;
  /** 64 hex digits. */
  readonly hash: string;
}

/** One thing that is not as it was written. */
export interface AuditFinding {
  readonly problem: BrokenLink['problem'] | 'cut-tail' | 'other-chain' | 'unsealed-rows';
  /** `error`: somebody changed the log. `warning`: rows wait for a sealer that does not run. */
  readonly severity: 'error' | 'warning';
  /** Position in the chain and id of the row, decimal text; null where there is none. */
  readonly position: string | null;
  readonly auditId: string | null;
  readonly message: string;
}

export interface AuditVerification {
  /** True when nothing of the chain was changed, removed, added or cut off. */
  readonly intact: boolean;
  /** Rows whose hash was recomputed. */
  readonly rows: number;
  /** The last link; null for an empty chain. */
  readonly head: Anchor | null;
  /** Places known from outside that were compared. Without one, a tail cut off cannot be seen. */
  readonly anchors: number;
  /** Rows that are committed and not chained yet. */
  readonly unsealed: { readonly rows: number; readonly oldest: string | null };
  /** The first hundred, and how many there are. */
  readonly findings: readonly AuditFinding[];
  readonly findingsCount: number;
}

const batch = 10_000;
const shown = 100;
const start = { position: 0n, hash: '0'.repeat(64) };

/** One transaction as the owner of the schema; a verification takes one for every stretch. */
export type AsOwner = Records['asOwner'];

/**
 * Recomputes the chain of the audit log from its rows and compares it with itself and with places known from outside.
 * Finds one changed byte, a missing row, a gap or another order of positions, and a tail that was cut off. Memory stays
 * bounded, and other work gets its turn between stretches of 10,000 rows.
 */
export async function verifyAudit(
  asOwner: AsOwner,
  anchors: readonly Anchor[] = [],
): Promise<AuditVerification> {
  const broken: BrokenLink[] = [];
  let brokenCount = 0;
  let rows = 0;
  let head = start;
  for (;;) {
    const stretch: Stretch = await asOwner((tx) => lookAtLinks(tx, { after: head, limit: batch }));
    rows += stretch.links;
    brokenCount += stretch.brokenCount;
    broken.push(...stretch.broken.slice(0, shown - broken.length));
    if (!stretch.end) break;
    head = stretch.end;
  }
  const { lost, tail } = await asOwner(async (tx) => ({
    lost: await lostAnchors(tx, anchors),
    tail: await unsealedTail(tx),
  }));
  const waiting = tail.overdue ? [waitingFinding(tail)] : [];
  return {
    intact: brokenCount === 0 && lost.length === 0,
    rows,
    head: head === start ? null : { position: String(head.position), hash: head.hash },
    anchors: anchors.length,
    unsealed: { rows: tail.rows, oldest: tail.oldest },
    findings: [...lost, ...waiting, ...broken.map(brokenFinding)].slice(0, shown),
    findingsCount: brokenCount + lost.length + waiting.length,
  };
}

async function lostAnchors(tx: Tx, anchors: readonly Anchor[]): Promise<readonly AuditFinding[]> {
  const found = await hashesAt(
    tx,
    anchors.map(({ position }) => position),
  );
  return anchors.flatMap(({ position, hash }) => {
    const stored = found.get(position);
    return stored === hash ? [] : [lostFinding(position, hash, stored)];
  });
}

function lostFinding(position: string, hash: string, stored: string | undefined): AuditFinding {
  const known = `position ${position} with hash ${hash.slice(0, 16)}…`;
  const at = { severity: 'error', position, auditId: null } as const;
  return stored === undefined
    ? {
        ...at,
        problem: 'cut-tail',
        message: `The log had ${known}, and now ends before it: its tail was cut off, or this is an older or another database.`,
      }
    : {
        ...at,
        problem: 'other-chain',
        message: `The log had ${known}, and now has ${stored.slice(0, 16)}… there: it was written anew, or this is another database.`,
      };
}

const sentences: Readonly<Record<BrokenLink['problem'], (id: string) => string>> = {
  'changed-row': (id) => `Row ${id} or its link was changed after it was sealed.`,
  'missing-row': (id) => `Row ${id} was removed from the log.`,
  gap: (id) => `Links are missing before the one of row ${id}, or were put in another order.`,
  'broken-link': (id) => `The link of row ${id} does not continue the one before it.`,
};

function brokenFinding({ position, auditId, problem }: BrokenLink): AuditFinding {
  return { problem, severity: 'error', position, auditId, message: sentences[problem](auditId) };
}

function waitingFinding({ rows, oldest }: { rows: number; oldest: string | null }): AuditFinding {
  return {
    problem: 'unsealed-rows',
    severity: 'warning',
    position: null,
    auditId: null,
    message: `${rows} row(s) are not sealed, the oldest since ${oldest}: no sealer runs. 'finops serve' seals, and so does a backup.`,
  };
}
