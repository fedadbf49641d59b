import { createHash } from 'node:crypto';
import type { Records, Tx } from '../records.ts';
import {
  type AuditRowText,
  auditColumns,
  chainEnd,
  insertSeals,
  type SealText,
  takeSealLock,
  unsealedRows,
} from './seal-sql.ts';

/** Rows chained in one transaction at most. */
const batch = 10_000;
/** What the first link has in the place of the hash before it. */
const noHash = '0'.repeat(64);

export interface SealOptions {
  /** Look through the whole log, not only at what is new: at the start of a program, and before a backup. */
  readonly everything?: boolean;
}

/**
 * Chains every committed row of the audit log that is not chained yet; the number of rows. Waits while another process
 * chains. Rows are chained in the order of their ids; a row whose transaction ended late comes after younger ones.
 */
export async function sealNow(records: Records, { everything = false }: SealOptions = {}): Promise<number> {
  let total = 0;
  for (;;) {
    const sealed = await records.asOwner((tx) => sealBatch(tx, { everything, wait: true }));
    total += sealed;
    if (sealed < batch) return total;
  }
}

/** A sealer that runs until it is stopped. */
export interface Sealer {
  /** Chains what is left and ends. Call it before the records are closed. */
  readonly stop: () => Promise<void>;
}

/**
 * Chains the audit log once a second, so that changes need not queue behind one head. Of several processes on one
 * database one does it. `onError` hears of a sealing that failed; the next one tries again.
 */
export function startSealer(
  records: Records,
  { everyMs = 1000, onError }: { readonly everyMs?: number; readonly onError: (error: unknown) => void },
): Sealer {
  let everything = true;
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= sealOnce().finally(() => {
      running = undefined;
    });
  }, everyMs);
  timer.unref();

  async function sealOnce(): Promise<void> {
    try {
      while ((await records.asOwner((tx) => sealBatch(tx, { everything, wait: false }))) === batch);
      everything = false;
    } catch (error) {
      onError(error);
    }
  }

  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      await sealNow(records);
    },
  };
}

async function sealBatch(
  tx: Tx,
  { everything, wait }: { readonly everything: boolean; readonly wait: boolean },
): Promise<number> {
  if (!(await takeSealLock(tx, wait))) return 0;
  const rows = await unsealedRows(tx, { everything, limit: batch });
  if (rows.length > 0) await insertSeals(tx, linksFor(rows, await chainEnd(tx)));
  return rows.length;
}

function linksFor(
  rows: readonly AuditRowText[],
  end: { readonly position: bigint; readonly hash: string | null; readonly now: string },
): readonly SealText[] {
  let previous = end.hash ?? noHash;
  return rows.map((row, index) => {
    const position = String(end.position + BigInt(index) + 1n);
    const hash = linkHash(previous, [position, end.now, ...auditColumns.map((column) => row[column])]);
    const link = { position, audit_id: row.id, previous_hash: previous, hash, sealed_at: end.now };
    previous = hash;
    return link;
  });
}

/**
 * SHA-256, in hex, of the hash before and the fields, each as its length in octets (UTF-8), a colon and its text, `-` for
 * none: `["a", null]` after 64 zeros is the hash of `000…0001:a-`. Lengths keep two rows from having one text.
 */
function linkHash(previous: string, fields: readonly (string | null)[]): string {
  const text = fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`));
  return createHash('sha256')
    .update(`${previous}${text.join('')}`)
    .digest('hex');
}
