import { createHash } from 'node:crypto';
import { lineKey, type NewLine } from './price-line.ts';

/**
 * SHA-256, in hex, of what lines say: of their canonical JSON, names sorted, the lines sorted by what they price and from when.
 * Numbers and order do not count: which line prices a cell does not depend on them.
 */
export function hashLines(lines: readonly NewLine[]): string {
  const sorted = lines
    .map((line) => [lineKey(line), canonicalLine(line)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(`[${sorted.map(([, text]) => text).join(',')}]`)
    .digest('hex');
}

/** A line without its number as JSON, names sorted: two lines that say the same have one text. */
export function canonicalLine(line: NewLine): string {
  const { amount, currency, entity, environment, kind, level, note, region } = line;
  const { target, tiers, unit, validFrom, validTo } = line;
  return JSON.stringify({
    ...{ amount, currency, entity, environment, kind, level, note, region, target },
    tiers: tiers && { mode: tiers.mode, steps: tiers.steps.map(({ from, price }) => ({ from, price })) },
    ...{ unit, validFrom, validTo },
  });
}
