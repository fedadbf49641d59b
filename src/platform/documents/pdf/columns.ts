/** What a column of a table needs, in points, the space at the sides of its cells included. */
export interface ColumnNeed {
  /** So that no cell wraps. */
  readonly natural: number;
  /** So that no word is broken; of figures, the same as `natural`. */
  readonly least: number;
  /** Its part of what is left over. */
  readonly share: number;
}

/** Whether every column gets the least that it needs. */
export function fits(needs: readonly ColumnNeed[], available: number): boolean {
  return sum(needs.map(({ least }) => least)) <= available;
}

/**
 * Widths that fill the table, in points. Where there is room, every column gets its natural width, and what is left
 * goes by share; where there is less, every column gets the least, and what is left goes to those that want more, in
 * proportion; where there is not even that, all shrink alike. Of 300 points for 100 (at least 40), 400 (at least 50)
 * and figures of 60: 40 + 150 × 60⁄410 = 62.0, 50 + 150 × 350⁄410 = 178.0, and 60.
 */
export function columnWidths(needs: readonly ColumnNeed[], available: number): number[] {
  const natural = sum(needs.map((need) => need.natural));
  const least = sum(needs.map((need) => need.least));
  if (natural <= available)
    return needs.map((need, index) => need.natural + spareOf(needs, index, available - natural));
  if (least > available) return needs.map((need) => (need.least * available) / least);
  const wanted = natural - least;
  return needs.map((need) => need.least + ((available - least) * (need.natural - need.least)) / wanted);
}

function spareOf(needs: readonly ColumnNeed[], index: number, spare: number): number {
  const shares = sum(needs.map(({ share }) => share));
  return shares === 0 ? spare / needs.length : (spare * (needs[index]?.share ?? 0)) / shares;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
