import type { Canvas, TextStyle } from './canvas.ts';
import type { PdfDocument, PdfFact, PdfFigure, PdfText } from './model.ts';
import { colors, lineHeight, sizes, spaces } from './theme.ts';
import { wrap } from './wrap.ts';

const titleStyle: TextStyle = { face: 'strong', size: sizes.title, color: colors.text };
const subtitleStyle: TextStyle = { face: 'regular', size: sizes.subtitle, color: colors.muted };
const labelStyle: TextStyle = { face: 'regular', size: sizes.label, color: colors.muted };
const valueStyle: TextStyle = { face: 'strong', size: sizes.body, color: colors.text };
const figureStyle: TextStyle = { face: 'strong', size: sizes.figure, color: colors.text };

/** The title, what is said below it, and the facts about the whole. */
export function drawTop(canvas: Canvas, { title, subtitle, context = [] }: PdfDocument): void {
  canvas.box({ x: canvas.left, y: canvas.y, width: 32, height: 3 }, colors.accent, 1.5);
  canvas.y += 12;
  drawParagraph(canvas, title, titleStyle, 'H1');
  if (subtitle) drawParagraph(canvas, subtitle, subtitleStyle, 'P');
  canvas.y += 10;
  for (const row of rowsOf(context, 4)) drawFacts(canvas, row);
  canvas.box({ x: canvas.left, y: canvas.y, width: canvas.width, height: 0.6 }, colors.line);
  canvas.y += spaces.afterBlock;
}

/** A heading, paragraph or note. A heading stays with what follows it. */
export function drawText(canvas: Canvas, { kind, text }: PdfText): void {
  if (kind === 'heading') {
    canvas.ensure(lineHeight(sizes.heading) * 4);
    drawParagraph(canvas, text, { face: 'strong', size: sizes.heading, color: colors.text }, 'H2');
    canvas.y += 4;
    return;
  }
  const note = kind === 'note';
  const style: TextStyle = {
    face: 'regular',
    size: note ? sizes.note : sizes.body,
    color: note ? colors.muted : colors.text,
  };
  drawParagraph(canvas, text, style, note ? 'Note' : 'P');
  canvas.y += spaces.afterBlock * 0.7;
}

/** Key figures, each on a card. */
export function drawFigures(canvas: Canvas, figures: readonly PdfFigure[]): void {
  for (const row of rowsOf(figures, Math.min(4, figures.length)))
    drawCards(canvas, row, Math.min(4, figures.length));
  canvas.y += spaces.afterBlock * 0.4;
}

function drawParagraph(canvas: Canvas, text: string, style: TextStyle, tag: string): void {
  const part = canvas.part(tag);
  for (const line of wrap(text, canvas.width, canvas.measure(style))) {
    canvas.ensure(lineHeight(style.size));
    canvas.content(part, tag, () => canvas.line(line, { x: canvas.left, y: canvas.y }, style));
    canvas.y += lineHeight(style.size);
  }
  part.end();
}

interface Piece {
  readonly lines: readonly string[];
  readonly style: TextStyle;
}

/** Texts below each other in a column of a row, as one paragraph. */
function drawPieces(
  canvas: Canvas,
  at: { readonly x: number; readonly y: number },
  pieces: readonly Piece[],
): void {
  const part = canvas.part('P');
  let y = at.y;
  for (const { lines, style } of pieces) {
    for (const line of lines) {
      canvas.content(part, 'P', () => canvas.line(line, { x: at.x, y }, style));
      y += lineHeight(style.size);
    }
  }
  part.end();
}

function heightOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { lines, style }) => sum + lines.length * lineHeight(style.size), 0);
}

function piece(canvas: Canvas, text: string, style: TextStyle, width: number): Piece {
  return { lines: wrap(text, width, canvas.measure(style)), style };
}

function drawFacts(canvas: Canvas, facts: readonly PdfFact[]): void {
  const width = canvas.width / 4;
  const cells = facts.map(({ name, value }) => [
    piece(canvas, name, labelStyle, width - 12),
    piece(canvas, value, valueStyle, width - 12),
  ]);
  const height = Math.max(...cells.map(heightOf));
  canvas.ensure(height);
  for (const [index, pieces] of cells.entries())
    drawPieces(canvas, { x: canvas.left + index * width, y: canvas.y }, pieces);
  canvas.y += height + 8;
}

const gap = 10;
const padding = 10;

function drawCards(canvas: Canvas, figures: readonly PdfFigure[], columns: number): void {
  const width = (canvas.width - gap * (columns - 1)) / columns;
  const inner = width - 2 * padding;
  const size = figureSize(canvas, figures, inner);
  const cards = figures.map((figure) => piecesOf(canvas, figure, size, inner));
  const height = Math.max(...cards.map(heightOf)) + 2 * padding - 2;
  canvas.ensure(height);
  for (const [index, pieces] of cards.entries()) {
    const x = canvas.left + index * (width + gap);
    canvas.box({ x, y: canvas.y, width, height }, colors.card, 5);
    drawPieces(canvas, { x: x + padding, y: canvas.y + padding - 1 }, pieces);
  }
  canvas.y += height + gap;
}

function piecesOf(
  canvas: Canvas,
  { label, value, note, tone }: PdfFigure,
  size: number,
  width: number,
): Piece[] {
  const color = tone === undefined ? colors.muted : colors[tone];
  return [
    piece(canvas, label, labelStyle, width),
    piece(canvas, value, { ...figureStyle, size }, width),
    ...(note ? [piece(canvas, note, { ...labelStyle, color }, width)] : []),
  ];
}

/** Figures beside each other have one size; they shrink before one breaks. */
function figureSize(canvas: Canvas, figures: readonly PdfFigure[], width: number): number {
  const fits = (size: number) =>
    figures.every(({ value }) => canvas.measure({ ...figureStyle, size })(value) <= width);
  return [sizes.figure, 14, 12].find(fits) ?? 10;
}

function rowsOf<T>(items: readonly T[], columns: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / columns) }, (_, index) =>
    items.slice(index * columns, (index + 1) * columns),
  );
}
