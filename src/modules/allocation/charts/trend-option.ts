import {
  compareDecimal,
  type Decimal,
  parseDecimal,
  sumDecimals,
  zero,
} from '../../../platform/kernel/index.ts';
import { sizeOf, type TrendChart } from './chart.ts';
import { frameOf, margin } from './frame.ts';
import type { Drawing } from './graph-option.ts';
import { graphicElement } from './shapes.ts';
import { amountText, axisText, lengthOf } from './text.ts';
import { fontFamily, paletteOf, sizes } from './theme.ts';

interface Stacked {
  readonly name: string;
  readonly amounts: readonly Decimal[];
  readonly total: Decimal;
  readonly color: string;
}

/** Amounts of each day, one dimension on the other; those beyond the tenth are one. */
export function trendOption(chart: TrendChart): Drawing {
  const palette = paletteOf(chart.theme);
  const size = sizeOf(chart, { width: 960, height: 480 });
  const stacks = stacksOf(chart, palette);
  const keys = stacks.map(({ name, total, color }) => ({
    name,
    amount: amountText(total, chart.currency),
    color,
  }));
  const isOneDay = chart.days.length === 1;
  const frame = frameOf(chart, { size, keys });
  const label = { color: palette.muted, fontSize: sizes.small, fontFamily };
  return {
    size,
    option: {
      animation: false,
      backgroundColor: palette.background,
      textStyle: { fontFamily },
      graphic: { elements: frame.shapes.map(graphicElement) },
      grid: { left: margin + 44, right: margin, top: frame.top + 12, bottom: margin + 22 },
      xAxis: {
        type: 'category',
        boundaryGap: isOneDay,
        data: chart.days,
        axisLabel: {
          ...label,
          hideOverlap: true,
          showMinLabel: true,
          showMaxLabel: true,
          alignMaxLabel: 'right',
          alignMinLabel: 'left',
        },
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { ...label, formatter: axisText },
        splitLine: { lineStyle: { color: palette.line } },
      },
      series: stacks.map(({ name, amounts, color }) => ({
        type: isOneDay ? 'bar' : 'line',
        name,
        stack: 'all',
        silent: true,
        symbol: 'none',
        barMaxWidth: 120,
        data: amounts.map(lengthOf),
        itemStyle: { color },
        lineStyle: { width: 1, color },
        areaStyle: { color, opacity: 0.85 },
      })),
    },
  };
}

const seriesAtMost = 10;

/** The largest first, at the bottom; amounts with their signs, so that credits hang below the axis. */
function stacksOf({ series, days }: TrendChart, palette: ReturnType<typeof paletteOf>): Stacked[] {
  const all = series.map(({ name, amounts }) => {
    const parsed = days.map((_, at) => parseDecimal(amounts[at] ?? '0'));
    return { name, amounts: parsed, total: sumDecimals(parsed) };
  });
  all.sort((a, b) => compareDecimal(b.total, a.total) || (a.name < b.name ? -1 : 1));
  const isCut = all.length > seriesAtMost;
  const shown = isCut ? all.slice(0, seriesAtMost - 1) : all;
  const rest = all.slice(shown.length);
  const named = shown.map((each, at) => ({ ...each, color: palette.series[at] ?? palette.other }));
  if (rest.length === 0) return named;
  const amounts = days.map((_, day) => sumDecimals(rest.map((each) => each.amounts[day] ?? zero)));
  return [
    ...named,
    { name: `${rest.length} others`, amounts, total: sumDecimals(amounts), color: palette.other },
  ];
}
