import type { PricedCell, PriceLine } from './model.ts';
import { groupedBy } from './price-groups.ts';
import { findPriceLine } from './price-lookup.ts';

/**
 * The same as `findPriceLine` for many cells of one month: only lines that hold in the month and can match the cell's product are
 * looked at. 10,000 lines of 5,000 products: a cell costs two or three comparisons, not 10,000.
 */
export function lineFinder(
  lines: readonly PriceLine[],
  month: string,
): (cell: PricedCell) => PriceLine | undefined {
  const holding = lines.filter((line) => holdsIn(line, month));
  const byTarget = groupedBy(holding, ({ level, target }) => keyOf(level, target));
  const of = (key: string) => byTarget.get(key) ?? [];
  return (cell) => {
    const { product, family, domain } = cell;
    const candidates = [of(keyOf('product', product)), family === null ? [] : of(keyOf('family', family))];
    for (const group of [...candidates, of(keyOf('domain', domain)), of(keyOf('view', ''))]) {
      const found = findPriceLine(group, cell, month);
      // A more specific level goes before whatever the others say.
      if (found) return found;
    }
    return undefined;
  };
}

/** True in months from the line's first on, until the first that it no longer holds. */
export function holdsIn({ validFrom, validTo }: PriceLine, month: string): boolean {
  return validFrom <= month && (validTo === null || month < validTo);
}

function keyOf(level: string, target: string): string {
  return `${level} ${target}`;
}
