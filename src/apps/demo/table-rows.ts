import { assert } from '../../platform/kernel/index.ts';

type Cells10 = readonly [string, string, string, string, string, string, string, string, string, string];
type Cells11 = readonly [...Cells10, string];

/** Rows of a table written as text, a row a line and cells between bars; a row of another width is a defect. */
export function tableRows(table: string, width: 10): readonly Cells10[];
export function tableRows(table: string, width: 11): readonly Cells11[];
export function tableRows(table: string, width: number): readonly (readonly string[])[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      assert(cells.length === width, `a row of the table has ${cells.length} cells, not ${width}: ${line}`);
      return cells;
    });
}
