import type { Box } from './layout.ts';
import type { DrawnNode } from './reduce-graph.ts';
import type { Shape } from './shapes.ts';
import { amountText, boldness, fitted, textWidth } from './text.ts';
import { font, type Palette, sizes } from './theme.ts';

/** Less of a name says nothing. */
const leastName = 60;

/**
 * A node as a box: a bar of its type's colour, its name, its amount below the name or behind it. A name is cut where it must be;
 * an amount is whole or not there, because a cut one is another amount.
 */
export function boxShapes(
  { name, type, amount }: DrawnNode,
  { x, y, width, height }: Box,
  { palette, currency }: { readonly palette: Palette; readonly currency: string | null },
): Shape[] {
  const color = palette.types[type];
  const size = height < 22 ? sizes.small - 1 : sizes.label;
  const small = Math.min(size, sizes.small);
  const room = width - 20;
  const middle = y + height / 2;
  const money = amount === null ? '' : amountText(amount, currency);
  const moneyWidth = textWidth(money, small);
  const isBelow = height >= 36 && money !== '' && moneyWidth <= room;
  const isBehind = !isBelow && money !== '' && room - moneyWidth - 10 >= leastName;
  const nameRoom = isBehind ? room - moneyWidth - 10 : room;
  const shapes: Shape[] = [
    { kind: 'rect', x, y, width, height, radius: 4, fill: palette.background },
    { kind: 'rect', x, y, width, height, radius: 4, fill: color, opacity: 0.13, stroke: color },
    { kind: 'rect', x, y, width: 5, height, radius: 2, fill: color },
    {
      kind: 'text',
      x: x + 12,
      y: isBelow ? middle - 8 : middle,
      text: fitted(name, nameRoom, size * boldness),
      font: font(size, 600),
      fill: palette.text,
    },
  ];
  if (!isBelow && !isBehind) return shapes;
  return [
    ...shapes,
    {
      kind: 'text',
      x: isBelow ? x + 12 : x + width - 8,
      y: isBelow ? middle + 9 : middle,
      text: money,
      font: font(small),
      fill: palette.muted,
      align: isBelow ? 'left' : 'right',
    },
  ];
}
