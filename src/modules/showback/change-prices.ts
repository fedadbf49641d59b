import { z } from 'zod';
import { addMonths, type Period } from '../../platform/kernel/index.ts';
import { amountSchema, lineLevels, type PriceLine } from './model.ts';
import { scalePrice } from './price-arithmetic.ts';
import { lineInputSchema, lineScope, newLine } from './price-line.ts';
import { sharedMonths } from './price-overlaps.ts';

/** What to try with prices: other lines, or prices of some lines times a factor. */
export const priceChangeSchema = z.union([
  z.strictObject({ line: lineInputSchema }),
  z.strictObject({
    /** 1.05: five percent more. */
    multiply: amountSchema,
    level: z.enum(lineLevels).optional(),
    target: z.string().max(100).optional(),
    environment: z.string().max(20).optional(),
    region: z.string().max(100).optional(),
  }),
]);
export type PriceChange = z.output<typeof priceChangeSchema>;

/**
 * Lines as they would be: a new line takes the place of those that price the same in the months that are looked at; a factor changes
 * every line that it describes, at 12 decimals half-up. Changes are applied in their order.
 */
export function changedLines(
  lines: readonly PriceLine[],
  changes: readonly PriceChange[],
  { currency, months }: { readonly currency: string; readonly months: readonly string[] },
): PriceLine[] {
  const span = { validFrom: months[0] ?? '', validTo: addMonths((months.at(-1) ?? '') as Period, 1) };
  return changes.reduce(
    (now: PriceLine[], change) => {
      if ('line' in change) {
        const line = {
          ...newLine(change.line, currency),
          number: Math.max(0, ...now.map(({ number }) => number)) + 1,
        };
        const isReplaced = (one: PriceLine) =>
          lineScope(one) === lineScope(line) && sharedMonths(one, span) !== undefined;
        return [...now.filter((one) => !isReplaced(one)), line];
      }
      return now.map((line) => (describes(change, line) ? times(line, change.multiply) : line));
    },
    [...lines],
  );
}

function describes(
  change: Exclude<PriceChange, { readonly line: unknown }>,
  { level, target, environment, region }: PriceLine,
): boolean {
  return (
    (change.level === undefined || change.level === level) &&
    (change.target === undefined || change.target === target) &&
    (change.environment === undefined || change.environment === environment) &&
    (change.region === undefined || change.region === region)
  );
}

function times(line: PriceLine, factor: string): PriceLine {
  const { amount, tiers } = line;
  return {
    ...line,
    amount: amount === null ? null : scalePrice(amount, factor).price,
    tiers: tiers && {
      mode: tiers.mode,
      steps: tiers.steps.map(({ from, price }) => ({ from, price: scalePrice(price, factor).price })),
    },
  };
}
