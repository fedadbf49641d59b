import {
  addDecimal,
  assert,
  type Decimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';

interface Split {
  /** Not negative, not all 0. */
  readonly weights: readonly Decimal[];
  /** One per weight; ties go to the first in the order of code units. */
  readonly keys: readonly string[];
  /** Parts are whole units of this decimal. */
  readonly places: number;
}

/**
 * Splits an amount by weights so that the parts sum to it exactly: each gets the whole units below its share, what is left goes
 * unit by unit to the largest remainders. What the amount has below a unit goes to the largest weight as it is.
 *
 * 1.00 by 1 : 1 : 1 at two decimals: 0.34, 0.33, 0.33.
 */
export function splitByWeights(amount: Decimal, { weights, keys, places }: Split): Decimal[] {
  assert(
    weights.every(({ units }) => units >= 0n),
    'a weight is negative',
  );
  const scale = Math.max(0, ...weights.map((weight) => weight.scale));
  const whole = weights.map((weight) => weight.units * 10n ** BigInt(scale - weight.scale));
  const total = whole.reduce((sum, weight) => sum + weight, 0n);
  assert(total > 0n, 'nothing to split by');
  const units = unitsAt(amount, places);
  const size = units < 0n ? -units : units;
  const shares = whole.map((weight, index) => ({
    index,
    weight,
    part: (size * weight) / total,
    remainder: (size * weight) % total,
  }));
  const left = Number(size - shares.reduce((sum, { part }) => sum + part, 0n));
  const byRemainder = shares.toSorted(
    (a, b) => compareBig(b.remainder, a.remainder) || compareText(keys[a.index] ?? '', keys[b.index] ?? ''),
  );
  const lucky = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  const parts = shares.map(({ index, part }) => {
    const given = part + (lucky.has(index) ? 1n : 0n);
    return { units: units < 0n ? -given : given, scale: places };
  });
  const largest = shares.toSorted(
    (a, b) => compareBig(b.weight, a.weight) || compareText(keys[a.index] ?? '', keys[b.index] ?? ''),
  )[0];
  const rest = subtractDecimal(amount, sumDecimals(parts));
  return parts.map((part, index) => addDecimal(part, index === largest?.index ? rest : zero));
}

/** Whole units towards 0. */
function unitsAt({ units, scale }: Decimal, places: number): bigint {
  return scale <= places ? units * 10n ** BigInt(places - scale) : units / 10n ** BigInt(scale - places);
}

function compareBig(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
