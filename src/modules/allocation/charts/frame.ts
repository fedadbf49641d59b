import type { ChartFrame, ChartSize } from './chart.ts';
import type { RectShape, TextShape } from './shapes.ts';
import { boldness, fitted, textWidth, wrapped } from './text.ts';
import { font, paletteOf, sizes } from './theme.ts';

/** Pixels around a chart. */
export const margin = 24;

export interface Key {
  readonly name: string;
  readonly color: string;
  /** An amount behind the name; it is never cut. */
  readonly amount?: string;
}

/** What stands around a chart, and the room that is left. */
export interface Frame {
  readonly shapes: readonly (RectShape | TextShape)[];
  readonly top: number;
  readonly bottom: number;
}

/**
 * Title, subtitle and colour key above a chart, notes below it: what the picture leaves out, said in it. Texts are broken and
 * cut to the width.
 */
export function frameOf(
  { title, subtitle, theme }: ChartFrame,
  {
    size: { width, height },
    keys = [],
    notes = [],
  }: { readonly size: ChartSize; readonly keys?: readonly Key[]; readonly notes?: readonly string[] },
): Frame {
  const palette = paletteOf(theme);
  const room = width - 2 * margin;
  const shapes: (RectShape | TextShape)[] = [];
  const line = (text: string, y: number, size: number, fill: string, weight: 400 | 600 = 400) =>
    shapes.push({ kind: 'text', x: margin, y, text, font: font(size, weight), fill });
  let y = margin + sizes.title / 2;
  line(fitted(title, room, sizes.title * boldness), y, sizes.title, palette.text, 600);
  y += sizes.title / 2 + 6;
  for (const text of wrapped(subtitle ?? '', { width: room, size: sizes.subtitle, most: 2 })) {
    y += 17;
    line(text, y - 8, sizes.subtitle, palette.muted);
  }
  if (keys.length > 0) {
    y += 12;
    y = keyShapes(keys, { y, width, text: palette.muted }, shapes);
  }
  const lines = notes.flatMap((note) => wrapped(note, { width: room, size: sizes.small, most: 3 }));
  const bottom = margin + lines.length * 16 + (lines.length > 0 ? 8 : 0);
  lines.forEach((text, at) => {
    line(text, height - margin - (lines.length - 1 - at) * 16 - 4, sizes.small, palette.muted);
  });
  return { shapes, top: y + 16, bottom };
}

/** Coloured squares with names, in as many rows as they need; gives the lower end of the last. */
function keyShapes(
  keys: readonly Key[],
  { y: top, width, text: fill }: { readonly y: number; readonly width: number; readonly text: string },
  shapes: (RectShape | TextShape)[],
): number {
  let x = margin;
  let y = top;
  for (const { name, color, amount } of keys) {
    const text = `${fitted(name, 200, sizes.small)}${amount === undefined ? '' : `  ${amount}`}`;
    const needed = 16 + textWidth(text, sizes.small) + 16;
    if (x > margin && x + needed > width - margin) {
      x = margin;
      y += 18;
    }
    shapes.push({ kind: 'rect', x, y, width: 10, height: 10, radius: 2, fill: color });
    shapes.push({ kind: 'text', x: x + 16, y: y + 5, text, font: font(sizes.small), fill });
    x += needed;
  }
  return y + 10;
}
