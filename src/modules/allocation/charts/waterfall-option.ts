import {
  absDecimal,
  addDecimal,
  compareDecimal,
  type Decimal,
  isZero,
  negateDecimal,
  parseDecimal,
  sumDecimals,
} from '../../../platform/kernel/index.ts';
import { type NamedAmount, sizeOf, type WaterfallChart } from './chart.ts';
import { frameOf, margin } from './frame.ts';
import { type Drawing, optionOf } from './graph-option.ts';
import { graphicElement, type Shape } from './shapes.ts';
import { amountText, axisText, boldness, fitted, lengthOf, textWidth } from './text.ts';
import { font, type Palette, paletteOf, sizes } from './theme.ts';

/** One row: from where to where it reaches; a total reaches from 0. */
export interface Step {
  readonly name: string;
  readonly kind: 'total' | 'increase' | 'decrease';
  readonly amount: Decimal;
  readonly from: Decimal;
  readonly until: Decimal;
}

const zeroAmount: Decimal = { units: 0n, scale: 0 };

/**
 * The steps from what a node costs by itself to what it retains: direct 100, from k8s +60, costs in all 160, to shop −120,
 * retained 40. What flows in or out of it less than the largest few is one step.
 */
export function waterfallSteps({ direct, inflows, outflows, top = 6 }: WaterfallChart): Step[] {
  const steps: Step[] = [];
  let level = parseDecimal(direct);
  const total = (name: string) =>
    steps.push({ name, kind: 'total', amount: level, from: zeroAmount, until: level });
  const change = (name: string, amount: Decimal) => {
    const until = addDecimal(level, amount);
    const kind = compareDecimal(amount, zeroAmount) < 0 ? 'decrease' : 'increase';
    steps.push({ name, kind, amount, from: level, until });
    level = until;
  };
  total('Direct');
  for (const { name, amount } of largest(inflows, top)) change(`from ${name}`, amount);
  if (inflows.length > 0 && outflows.length > 0) total('Direct and inflow');
  for (const { name, amount } of largest(outflows, top)) change(`to ${name}`, negateDecimal(amount));
  total('Retained');
  return steps;
}

function largest(
  flows: readonly NamedAmount[],
  top: number,
): readonly { readonly name: string; readonly amount: Decimal }[] {
  const all = flows
    .map(({ name, amount }) => ({ name, amount: parseDecimal(amount) }))
    .filter(({ amount }) => !isZero(amount))
    .sort((a, b) => compareDecimal(absDecimal(b.amount), absDecimal(a.amount)) || (a.name < b.name ? -1 : 1));
  if (all.length <= top + 1) return all;
  const rest = all.slice(top);
  const amount = sumDecimals(rest.map((each) => each.amount));
  return [...all.slice(0, top), { name: `${rest.length} others`, amount }];
}

const row = 34;
const bar = 20;

/** A row for each step, from above to below: names have the room that they need. */
export function waterfallOption(chart: WaterfallChart): Drawing {
  const palette = paletteOf(chart.theme);
  const steps = waterfallSteps(chart);
  const size = sizeOf(chart, { width: 860, height: steps.length * row + 150 });
  const keys = [
    { name: 'Cost of the node', color: palette.total },
    { name: 'Adds to it', color: palette.increase },
    { name: 'Takes away from it', color: palette.decrease },
  ];
  const frame = frameOf(chart, { size, keys });
  const height = size.height - frame.top - frame.bottom - 22;
  const names = Math.min(
    size.width * 0.34,
    Math.max(90, ...steps.map(({ name }) => textWidth(name, sizes.label * boldness) + 18)),
  );
  const amounts =
    Math.max(...steps.map(({ amount }) => textWidth(`+${amountText(amount, chart.currency)}`, sizes.label))) +
    16;
  const ends = steps.flatMap(({ from, until }) => [lengthOf(from), lengthOf(until)]);
  const axis = axisOf(Math.min(0, ...ends), Math.max(0, ...ends));
  const left = margin + names + (axis.least < 0 ? amounts : 0);
  const width = Math.max(60, size.width - margin - amounts - left);
  const shapes = rowShapes(steps, {
    palette,
    currency: chart.currency,
    top: frame.top,
    step: height / steps.length,
    axis,
    at: (value) => left + ((value - axis.least) / (axis.most - axis.least)) * width,
  });
  return { size, option: optionOf(palette, frame.shapes.map(graphicElement), shapes) };
}

interface Axis {
  readonly least: number;
  readonly most: number;
  readonly ticks: readonly number[];
}

/** About five round numbers that enclose a range: 0 … 130 → 0, 50, 100, 150. */
export function axisOf(least: number, most: number): Axis {
  const span = most - least || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => span / each <= 5) ?? span;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
  return { least: first * step, most: last * step, ticks };
}

interface Rows {
  readonly palette: Palette;
  readonly currency: string;
  readonly top: number;
  readonly step: number;
  readonly axis: Axis;
  readonly at: (value: number) => number;
}

function rowShapes(steps: readonly Step[], { palette, currency, top, step, axis, at }: Rows): Shape[] {
  const end = top + steps.length * step;
  const small = font(sizes.small);
  const grid = axis.ticks.flatMap((value): Shape[] => [
    line(at(value), top, at(value), end, value === 0 ? palette.muted : palette.line),
    {
      kind: 'text',
      x: at(value),
      y: end + 14,
      text: axisText(value),
      font: small,
      fill: palette.muted,
      align: 'center',
    },
  ]);
  const rows = steps.flatMap(({ name, kind, amount, from, until }, place): Shape[] => {
    const y = top + place * step + step / 2;
    const [start, stop] = [at(lengthOf(from)), at(lengthOf(until))];
    const high = Math.min(bar, step * 0.7);
    const sign = kind === 'increase' ? '+' : '';
    const isBack = compareDecimal(until, from) < 0;
    const isLast = place === steps.length - 1;
    return [
      ...(isLast ? [] : [line(stop, y, stop, y + step, palette.muted)]),
      {
        kind: 'rect',
        x: Math.min(start, stop),
        y: y - high / 2,
        width: Math.max(1, Math.abs(stop - start)),
        height: high,
        radius: 2,
        fill: palette[kind],
      },
      {
        kind: 'text',
        x: margin,
        y,
        text: fitted(name, at(axis.least) - margin - 12, sizes.label * boldness),
        font: font(sizes.label, kind === 'total' ? 600 : 400),
        fill: palette.text,
      },
      {
        kind: 'text',
        x: isBack && compareDecimal(until, zeroAmount) < 0 ? stop - 6 : Math.max(start, stop) + 6,
        y,
        text: `${sign}${amountText(amount, currency)}`,
        font: font(sizes.label, kind === 'total' ? 600 : 400),
        fill: palette.text,
        align: isBack && compareDecimal(until, zeroAmount) < 0 ? 'right' : 'left',
      },
    ];
  });
  return [...grid, ...rows];
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string): Shape {
  return { kind: 'path', path: `M${x1},${y1}L${x2},${y2}`, stroke, width: 1, opacity: 0.8 };
}
