import type { Fraction } from './rounding.ts';

/**
 * Solves M·y = b for several right-hand sides, exactly: fraction-free Gauss–Jordan elimination (Bareiss 1968), in which every
 * division comes out even. `rows[i]` is row i of M followed by its entry of each right-hand side. M is taken as having no
 * singular leading minor, as an M-matrix with an exit has none, so pivots stay on the diagonal; undefined where it is singular.
 *
 * 2y₁ − y₂ = 3 and −y₁ + y₂ = 1 → y₁ = 4/1, y₂ = 5/1.
 */
export function solveExactly(
  rows: readonly (readonly bigint[])[],
): readonly (readonly Fraction[])[] | undefined {
  const matrix = rows.map((row) => [...row]);
  const size = matrix.length;
  let before = 1n;
  for (let k = 0; k < size; k++) {
    const pivotRow = matrix[k] as bigint[];
    const pivot = pivotRow[k] as bigint;
    if (pivot === 0n) return undefined;
    for (let i = 0; i < size; i++) {
      if (i !== k) eliminate(matrix[i] as bigint[], { pivotRow, k, before });
    }
    before = pivot;
  }
  return matrix.map((row, i) => row.slice(size).map((numerator) => fraction(numerator, row[i] as bigint)));
}

function eliminate(
  row: bigint[],
  {
    pivotRow,
    k,
    before,
  }: { readonly pivotRow: readonly bigint[]; readonly k: number; readonly before: bigint },
): void {
  const pivot = pivotRow[k] as bigint;
  const factor = row[k] as bigint;
  for (let j = 0; j < row.length; j++) {
    const value = row[j] as bigint;
    if (value === 0n && factor === 0n) continue;
    row[j] = (pivot * value - factor * (pivotRow[j] as bigint)) / before;
  }
}

function fraction(numerator: bigint, denominator: bigint): Fraction {
  return denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator };
}
