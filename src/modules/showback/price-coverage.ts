import { addDecimal, formatDecimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { readRatesOfMonth } from './fx-sql.ts';
import type { PriceLine } from './model.ts';
import { shareOf } from './price-arithmetic.ts';
import { type ConsumedCell, readConsumedCells } from './price-coverage-sql.ts';
import { holdsIn, lineFinder } from './price-finder.ts';
import { groupedBy } from './price-groups.ts';
import { readPriceLines } from './price-lines-sql.ts';
import { findPriceLine } from './price-lookup.ts';
import { asPriced, requireVersion, requireView, type VersionRef } from './price-views.ts';
import { unitFactor } from './units.ts';

/** Why a cell has no price: no line, a unit that does not convert, no rate of the month to the view's currency. */
export type UnpricedReason = 'noLine' | 'unit' | 'rate';

/** A cell and the line that is for it. */
export interface CoveredCell extends ConsumedCell {
  /** Number of the line; null where none is. */
  readonly line: number | null;
  /** Null where it has a price. */
  readonly reason: UnpricedReason | null;
}

/** Cells and facts, and those of them that have a price. */
export interface CoverageCounts {
  readonly cells: number;
  readonly pricedCells: number;
  readonly facts: number;
  readonly pricedFacts: number;
  /** Priced cells of all cells, 0..1, half-up at 6 decimals; null where there are none. */
  readonly coverage: string | null;
}

/** What a version prices of a month's consumption, and what it leaves out. */
export interface Coverage {
  readonly cells: readonly CoveredCell[];
  /** Lines that hold in the month and price nothing. */
  readonly unused: readonly {
    readonly line: PriceLine;
    /** `outranked`: consumption fits it, and a more specific line goes before every time. */
    readonly reason: 'noConsumption' | 'outranked';
  }[];
}

/** A version of a view, and what it prices of a month. */
export interface CoverageOfVersion extends Coverage {
  readonly view: string;
  readonly number: number;
  readonly currency: string;
}

/**
 * How much of a month's consumption that the caller sees a version has prices for, and which lines nothing needs. Refusals:
 * `price.unknownView`, `price.unknownVersion`, `price.noLines`.
 */
export async function coverageOf(
  tx: Tx,
  viewId: string,
  { version, month }: { readonly version: VersionRef; readonly month: string },
): Promise<CoverageOfVersion> {
  const { entity, currency, rateType, ...view } = asPriced(await requireView(tx, viewId));
  const { number } = await requireVersion(tx, { ...view, entity, currency, rateType }, version);
  const lines = await readPriceLines(tx, { view: viewId, version: number });
  const cells = await readConsumedCells(tx, { month, entity });
  const rates = await readRatesOfMonth(tx, { period: month, quote: currency, type: rateType });
  const world = { month, converts: (from: string) => from === currency || rates.has(from) };
  return { view: viewId, number, currency, ...coverCells(lines, cells, world) };
}

/** The line of every cell, and the lines that are of none. `converts`: whether the month has a rate from a currency. */
function coverCells(
  lines: readonly PriceLine[],
  cells: readonly ConsumedCell[],
  { month, converts }: { readonly month: string; readonly converts: (currency: string) => boolean },
): Coverage {
  const find = lineFinder(lines, month);
  const used = new Set<number>();
  const covered = cells.map((cell): CoveredCell => {
    const line = find(cell);
    if (!line) return { ...cell, line: null, reason: 'noLine' };
    used.add(line.number);
    return { ...cell, line: line.number, reason: problemOf(line, cell, month, converts) };
  });
  const cellsOf = cellIndex(cells);
  const unused = lines
    .filter((line) => holdsIn(line, month) && !used.has(line.number))
    .map((line) => ({
      line,
      reason: cellsOf(line).some((cell) => findPriceLine([line], cell, month))
        ? ('outranked' as const)
        : ('noConsumption' as const),
    }));
  return { cells: covered, unused };
}

function problemOf(
  line: PriceLine,
  { unit }: ConsumedCell,
  month: string,
  converts: (currency: string) => boolean,
): UnpricedReason | null {
  if (line.unit !== null && unitFactor(unit, line.unit, month) === undefined) return 'unit';
  return converts(line.currency) ? null : 'rate';
}

/** Cells that a line's target can reach. */
function cellIndex(cells: readonly ConsumedCell[]): (line: PriceLine) => readonly ConsumedCell[] {
  const groups = {
    product: groupedBy(cells, ({ product }) => product),
    family: groupedBy(cells, ({ family }) => family ?? ''),
    domain: groupedBy(cells, ({ domain }) => domain),
  };
  return ({ level, target }) => (level === 'view' ? cells : (groups[level].get(target) ?? []));
}

/** Counts of cells and facts, and how many of them have a price. */
export function countCells(cells: readonly CoveredCell[]): CoverageCounts {
  const priced = cells.filter(({ reason }) => reason === null);
  const facts = (some: readonly CoveredCell[]) => some.reduce((sum, cell) => sum + cell.facts, 0);
  return {
    cells: cells.length,
    pricedCells: priced.length,
    facts: facts(cells),
    pricedFacts: facts(priced),
    coverage: shareOf(priced.length, cells.length),
  };
}

/** Counts of every entity. */
export function coverageByEntity(
  cells: readonly CoveredCell[],
): (CoverageCounts & { readonly entity: string })[] {
  return [...groupedBy(cells, ({ entity }) => entity)].map(([entity, of]) => ({ entity, ...countCells(of) }));
}

/** Every product of every entity: its quantity in its unit, and how much of that has a price. */
export function coverageByProduct(cells: readonly CoveredCell[]) {
  const groups = groupedBy(cells, ({ entity, product, consumption }) =>
    JSON.stringify([entity, product, consumption]),
  );
  return [...groups.values()].flatMap((of) => {
    const [first] = of;
    if (!first) return [];
    const { entity, product, unit } = first;
    const pricedQuantity = quantityOf(of.filter(({ reason }) => reason === null));
    return [{ entity, product, unit, quantity: quantityOf(of), pricedQuantity, ...countCells(of) }];
  });
}

function quantityOf(cells: readonly CoveredCell[]): string {
  return formatDecimal(cells.reduce((sum, { quantity }) => addDecimal(sum, parseDecimal(quantity)), zero));
}
