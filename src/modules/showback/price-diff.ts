import { formatDecimal, parseDecimal, subtractDecimal } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { PriceLine } from './model.ts';
import { percentChange } from './price-arithmetic.ts';
import { lineKey, type NewLine } from './price-line.ts';
import { readPriceLines } from './price-lines-sql.ts';
import { asPriced, requireVersion, requireView, type VersionRef } from './price-views.ts';

/** What became of a price. Decimal texts. */
export interface PriceDelta {
  readonly before: string;
  readonly after: string;
  /** after − before. */
  readonly delta: string;
  /** Of the old price, half-up at 6 decimals; null when that is 0. */
  readonly percent: string | null;
}

/** A line that both have, with other content. */
export interface LineChanged {
  readonly before: PriceLine;
  readonly after: PriceLine;
  /** Names of what differs: `amount`, `validTo`. */
  readonly fields: readonly string[];
  /** Null where the price is the same, or cannot be compared: another unit or currency, or tiers. */
  readonly price: PriceDelta | null;
}

/** What the second list of lines has that the first has not, and the other way round; numbers and order do not count. */
export interface LineDiff {
  readonly added: readonly PriceLine[];
  readonly removed: readonly PriceLine[];
  readonly changed: readonly LineChanged[];
  readonly unchanged: number;
}

const compared = ['kind', 'unit', 'amount', 'tiers', 'currency', 'validTo', 'note'] as const;

/**
 * Lines are the same where they price the same from the same month on. vCPU 0.04 from 2026-01 against vCPU 0.05 from 2026-01: one
 * changed, by 0.01 or 25 %; against vCPU 0.05 from 2026-02: one removed, one added.
 */
export function diffLines(before: readonly PriceLine[], after: readonly PriceLine[]): LineDiff {
  const old = new Map(before.map((line) => [lineKey(line), line]));
  const now = new Map(after.map((line) => [lineKey(line), line]));
  const pairs = after.flatMap((line) => {
    const was = old.get(lineKey(line));
    return was ? [{ before: was, after: line, fields: fieldsChanged(was, line) }] : [];
  });
  const changed = pairs.filter(({ fields }) => fields.length > 0);
  return {
    added: after.filter((line) => !old.has(lineKey(line))),
    removed: before.filter((line) => !now.has(lineKey(line))),
    changed: changed.map((pair) => ({ ...pair, price: priceDelta(pair.before, pair.after) })),
    unchanged: pairs.length - changed.length,
  };
}

function fieldsChanged(a: NewLine, b: NewLine): string[] {
  return compared.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

function priceDelta(a: NewLine, b: NewLine): PriceDelta | null {
  const isSame = a.kind === b.kind && a.unit === b.unit && a.currency === b.currency;
  if (!isSame || a.amount === null || b.amount === null || a.amount === b.amount) return null;
  const delta = formatDecimal(subtractDecimal(parseDecimal(b.amount), parseDecimal(a.amount)));
  return { before: a.amount, after: b.amount, delta, percent: percentChange(a.amount, b.amount) };
}

/** Two versions of a view, and what differs. */
export interface PriceVersionDiff {
  /** 0: nothing is published yet. */
  readonly from: number;
  readonly to: number;
  readonly currency: string;
  readonly diff: LineDiff;
}

/**
 * What changed from one version of a view to another. Nothing published yet counts as a version without lines. Refusals:
 * `price.unknownView`, `price.unknownVersion`, `price.noLines`.
 */
export async function diffVersions(
  tx: Tx,
  viewId: string,
  from: VersionRef,
  to: VersionRef,
): Promise<PriceVersionDiff> {
  const view = asPriced(await requireView(tx, viewId));
  const numberOf = async (wanted: VersionRef) =>
    wanted === 'published' && !view.published ? 0 : (await requireVersion(tx, view, wanted)).number;
  const [a, b] = [await numberOf(from), await numberOf(to)];
  const linesOf = async (version: number) =>
    version === 0 ? [] : readPriceLines(tx, { view: viewId, version });
  const diff = diffLines(await linesOf(a), await linesOf(b));
  return { from: a, to: b, currency: view.currency, diff };
}
