import { assert, must } from '../../kernel/index.ts';
import type { Canvas, Part, TextStyle } from './canvas.ts';
import { type ColumnNeed, columnWidths, fits } from './columns.ts';
import type { PdfColumn, PdfRow, PdfTable } from './model.ts';
import { colors, lineHeight, sizes, spaces, tableSizes } from './theme.ts';
import { wrap } from './wrap.ts';

type Role = 'header' | 'row' | 'group' | 'subtotal' | 'total';

/** A row with its cells cut into lines. `height` in points. */
interface SetRow {
  readonly role: Role;
  readonly cells: readonly (readonly string[])[];
  readonly height: number;
}

/** How a table is set on this paper. */
interface Layout {
  readonly columns: readonly PdfColumn[];
  /** In points. */
  readonly widths: readonly number[];
  readonly size: number;
}

/** So many rows are drawn before others get a turn: some 20 ms. */
const rowsAtOnce = 40;

/**
 * Draws a table. The header is repeated on each page. A row stays whole unless it is higher than a page; what begins a
 * group stays with the first row of it, and the total with the last.
 */
export async function drawTable(canvas: Canvas, table: PdfTable): Promise<void> {
  const { columns } = table;
  assert(columns.length > 0, 'a table has columns');
  assert(
    rowsOf(table).every(({ cells }) => cells.length === columns.length),
    'a row has a cell for each column',
  );
  const layout = await layoutOf(canvas, table);
  const header = setRow(
    canvas,
    layout,
    'header',
    table.columns.map(({ title }) => title),
  );
  const part = canvas.part('Table');
  if (table.title) drawTitle(canvas, part, table.title, header.height);
  const rows = rowsOf(table);
  let begun = false;
  for (let next = 0; next < rows.length; ) {
    const together = unitAt(rows, next).map(({ role, cells }) => setRow(canvas, layout, role, cells));
    next += together.length;
    for (const unit of unitsThatFit(together, canvas.height - header.height)) {
      const height = unit.reduce((sum, row) => sum + row.height, 0);
      if (canvas.ensure(height + (begun ? 0 : header.height)) || !begun)
        drawHeader(canvas, layout, header, begun ? null : part);
      begun = true;
      for (const row of unit) drawRow(canvas, layout, row, part);
    }
    if (next % rowsAtOnce < together.length) await nextTurn();
  }
  if (!begun) {
    canvas.ensure(header.height);
    drawHeader(canvas, layout, header, part);
  }
  part.end();
}

interface GivenRow {
  readonly role: Role;
  readonly cells: readonly string[];
}

function rowsOf({ rows, total }: PdfTable): GivenRow[] {
  return [...rows.map(given), ...(total ? [{ role: 'total' as const, cells: total }] : [])];
}

function given(row: PdfRow): GivenRow {
  return 'role' in row ? row : { role: 'row', cells: row };
}

/** The row here, and those that may not be parted from it. */
function unitAt(rows: readonly GivenRow[], from: number): GivenRow[] {
  let end = from + 1;
  while (end < rows.length && staysWithNext(rows[end - 1]?.role, rows[end]?.role)) end++;
  return rows.slice(from, end);
}

function staysWithNext(role: Role | undefined, next: Role | undefined): boolean {
  return role === 'group' || next === 'total' || next === 'subtotal';
}

/** All together where a page has room for them, else one by one, else in slices. */
function unitsThatFit(rows: readonly SetRow[], room: number): (readonly SetRow[])[] {
  if (rows.reduce((sum, row) => sum + row.height, 0) <= room) return [rows];
  return rows.flatMap((row) => slicesOf(row, room).map((slice) => [slice]));
}

function slicesOf(row: SetRow, room: number): SetRow[] {
  if (row.height <= room) return [row];
  const most = mostLines(row);
  const oneLine = (row.height - 2 * spaces.cellY) / most;
  const lines = Math.max(1, Math.floor((room - 2 * spaces.cellY) / oneLine));
  return Array.from({ length: Math.ceil(most / lines) }, (_, index) => {
    const cells = row.cells.map((cell) => cell.slice(index * lines, (index + 1) * lines));
    const height = Math.max(...cells.map((cell) => cell.length)) * oneLine + 2 * spaces.cellY;
    return { ...row, cells, height };
  });
}

/**
 * The first size at which all figures fit and texts have room for more than a word, else the first at which words do, or the
 * smallest.
 */
async function layoutOf(canvas: Canvas, table: PdfTable): Promise<Layout> {
  const columns = table.columns;
  const widest = await widestOf(canvas, columns, rowsOf(table));
  const layoutAt = (size: number, roomy: boolean) => {
    const room = roomy ? canvas.width / 6 : 0;
    const needs = columns.map((column, index) =>
      needOf(column, must(widest[index], 'column'), { size, room, paper: canvas.width }),
    );
    return { columns, size, fits: fits(needs, canvas.width), widths: columnWidths(needs, canvas.width) };
  };
  const tries = [
    ...tableSizes.filter((size) => size >= smallestRoomy).map((size) => layoutAt(size, true)),
    ...tableSizes.map((size) => layoutAt(size, false)),
  ];
  return must(tries.find((layout) => layout.fits) ?? tries.at(-1), 'size');
}

/** Below this, letters get smaller only for figures. */
const smallestRoomy = 7;

/** What is widest in a column, in widths of the size of its text. */
interface Widest {
  readonly title: number;
  readonly line: number;
  /** Of the title and of all cells. */
  readonly word: number;
}

async function widestOf(
  canvas: Canvas,
  columns: readonly PdfColumn[],
  rows: readonly GivenRow[],
): Promise<Widest[]> {
  const widthOf = (role: Role, column: PdfColumn, parts: readonly string[]) => {
    const measure = canvas.measure(styleOf(role, sizes.table, column));
    return Math.max(0, ...parts.map(measure)) / sizes.table;
  };
  let widest = columns.map((column) => ({
    title: widthOf('header', column, [column.title]),
    line: 0,
    word: widthOf('header', column, column.title.split(' ')),
  }));
  for (const [number, { role, cells }] of rows.entries()) {
    if (number % rowsAtOnce === 0) await nextTurn();
    widest = columns.map((column, index) => {
      const { title, line, word } = must(widest[index], 'column');
      const cell = cells[index] ?? '';
      return {
        title,
        line: Math.max(line, widthOf(role, column, cell.split('\n'))),
        word: Math.max(word, widthOf(role, column, cell.split(/[ \n]/))),
      };
    });
  }
  return widest;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a column is measured for. In points. */
interface Paper {
  readonly size: number;
  /** What texts get if they want it. */
  readonly room: number;
  readonly paper: number;
}

/** Titles may wrap; figures may not; words of texts may be broken when they are wider than a sixth of the paper. */
function needOf(column: PdfColumn, widest: Widest, { size, room, paper }: Paper): ColumnNeed {
  const sides = 2 * spaces.cellX;
  const [title, line, word] = [widest.title * size, widest.line * size, widest.word * size];
  if (column.align === 'right') {
    const least = Math.max(line, word);
    return { natural: Math.max(title, least) + sides, least: least + sides, share: column.width ?? 0 };
  }
  const least = Math.max(Math.min(word, paper / 6), Math.min(line, room));
  const natural = Math.max(least, Math.min(Math.max(title, line), paper * 0.6));
  return { natural: natural + sides, least: least + sides, share: column.width ?? 1 };
}

function setRow(canvas: Canvas, layout: Layout, role: Role, cells: readonly string[]): SetRow {
  const lines = layout.widths.map((width, index) => {
    const measure = canvas.measure(styleOf(role, layout.size, layout.columns[index]));
    return wrap(cells[index] ?? '', width - 2 * spaces.cellX + 0.01, measure);
  });
  const most = Math.max(1, ...lines.map((cell) => cell.length));
  return { role, cells: lines, height: most * lineHeight(layout.size) + 2 * spaces.cellY };
}

function styleOf(role: Role, size: number, column: PdfColumn | undefined): TextStyle {
  if (role === 'header') return { face: 'strong', size: size - 0.5, color: colors.muted };
  const weight = role === 'row' ? 'regular' : 'strong';
  return { face: column?.align === 'right' ? `${weight}Figures` : weight, size, color: colors.text };
}

function drawTitle(canvas: Canvas, table: Part, title: string, headerHeight: number): void {
  const style: TextStyle = { face: 'strong', size: sizes.heading, color: colors.text };
  const lines = wrap(title, canvas.width, canvas.measure(style));
  const height = lines.length * lineHeight(style.size) + 4;
  canvas.ensure(height + headerHeight * 3);
  const caption = canvas.part('Caption', table);
  canvas.content(caption, 'Caption', () => drawLines(canvas, lines, style));
  caption.end();
  canvas.y += 4;
}

function drawLines(canvas: Canvas, lines: readonly string[], style: TextStyle): void {
  for (const line of lines) {
    canvas.line(line, { x: canvas.left, y: canvas.y }, style);
    canvas.y += lineHeight(style.size);
  }
}

/** With a part, the header as such; without, its repetition on a further page. */
function drawHeader(canvas: Canvas, layout: Layout, header: SetRow, table: Part | null): void {
  const at = canvas.y;
  if (table) drawCells(canvas, layout, header, table);
  else canvas.repetition(() => eachCell(canvas, layout, header, (draw) => draw()));
  canvas.y = at + header.height;
  canvas.box({ x: canvas.left, y: canvas.y - 0.8, width: canvas.width, height: 0.8 }, colors.strong);
}

function drawRow(canvas: Canvas, layout: Layout, row: SetRow, table: Part): void {
  const { left, width } = canvas;
  const at = canvas.y;
  if (row.role === 'group') canvas.box({ x: left, y: at, width, height: row.height }, colors.group);
  if (row.role === 'total') canvas.box({ x: left, y: at, width, height: 1 }, colors.text);
  drawCells(canvas, layout, row, table);
  canvas.y = at + row.height;
  if (row.role !== 'total') canvas.box({ x: left, y: canvas.y - 0.4, width, height: 0.4 }, colors.line);
}

function drawCells(canvas: Canvas, layout: Layout, row: SetRow, table: Part): void {
  const line = canvas.part('TR', table);
  eachCell(canvas, layout, row, (draw, index) => {
    const tag = row.role === 'header' || (index === 0 && row.role !== 'row') ? 'TH' : 'TD';
    const cell = canvas.part(tag, line, tag === 'TD' ? undefined : row.role === 'header' ? 'Column' : 'Row');
    canvas.content(cell, tag, draw);
    cell.end();
  });
  line.end();
}

function mostLines({ cells }: Pick<SetRow, 'cells'>): number {
  return Math.max(1, ...cells.map((lines) => lines.length));
}

function eachCell(
  canvas: Canvas,
  { columns, widths, size }: Layout,
  row: SetRow,
  use: (draw: () => void, index: number) => void,
): void {
  let x = canvas.left;
  for (const [index, lines] of row.cells.entries()) {
    const width = widths[index] ?? 0;
    const style = styleOf(row.role, size, columns[index]);
    const right = columns[index]?.align === 'right';
    const at = right ? x + width - spaces.cellX : x + spaces.cellX;
    // Titles stand on the line below them.
    const above = row.role === 'header' ? mostLines(row) - lines.length : 0;
    use(() => {
      for (const [number, text] of lines.entries())
        canvas.line(
          text,
          { x: at, y: canvas.y + spaces.cellY + (above + number) * lineHeight(size) },
          style,
          right ? 'right' : 'left',
        );
    }, index);
    x += width;
  }
}
