import type { Chart, ChartSize } from './chart.ts';
import { useFonts } from './fonts.ts';
import { type Drawing, graphOption } from './graph-option.ts';
import { sankeyOption } from './sankey-option.ts';
import { boldness, textWidth } from './text.ts';
import { trendOption } from './trend-option.ts';
import { waterfallOption } from './waterfall-option.ts';

/** Pixels of the picture per pixel of the chart: two are sharp on screens of today and on paper. Large charts have fewer. */
function pngScale({ width, height }: ChartSize): number {
  return Math.min(2, Math.sqrt(40_000_000 / (width * height)));
}

/**
 * Draws a chart as SVG: one document without scripts, the same text for the same chart on every machine. Its fonts are those of
 * who looks at it.
 */
export async function chartSvg(chart: Chart): Promise<string> {
  const { option, size } = drawingOf(chart);
  const echarts = await loadEcharts();
  const drawn = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    drawn.setOption(option);
    return plainSvg(drawn.renderToSVGString());
  } finally {
    drawn.dispose();
  }
}

/**
 * Draws a chart as PNG, twice as large as its size in pixels (very large ones less). Refusal: `allocation.chartFont`, where neither the bundled font nor
 * any of the system's is there, because letters would be missing.
 */
export async function chartPng(chart: Chart): Promise<Uint8Array> {
  const { option, size } = drawingOf(chart);
  const [echarts, canvases] = await Promise.all([loadEcharts(), import('@napi-rs/canvas')]);
  useFonts(canvases.GlobalFonts);
  const scale = pngScale(size);
  const canvas = canvases.createCanvas(Math.round(size.width * scale), Math.round(size.height * scale));
  // ECharts names the canvas of browsers; that of Node.js does all that it asks for.
  const target = canvas as unknown as Parameters<typeof echarts.init>[0];
  const drawn = echarts.init(target, null, { renderer: 'canvas', devicePixelRatio: scale, ...size });
  try {
    drawn.setOption(option);
    drawn.getZr().flush();
    return await canvas.encode('png');
  } finally {
    drawn.dispose();
  }
}

/**
 * Without what ECharts adds for pages that hover, and with ids that do not count the charts of a process. Quotes in texts are
 * escaped, so that only attributes can fit.
 */
function plainSvg(svg: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="visible")/g, '')
    .replace(/\bzr\d+-(?=[\w-]*\)?")/g, 'chart-');
}

function drawingOf(chart: Chart): Drawing {
  switch (chart.kind) {
    case 'sankey':
      return sankeyOption(chart);
    case 'graph':
      return graphOption(chart);
    case 'trend':
      return trendOption(chart);
    case 'waterfall':
      return waterfallOption(chart);
  }
}

/** Loaded with the first chart: it takes a second. Texts are measured in one way, whatever fonts a machine has. */
async function loadEcharts(): Promise<typeof import('echarts')> {
  const echarts = await import('echarts');
  echarts.setPlatformAPI({
    measureText: (text: string, font?: string) => {
      const [, weight = '400'] = /\b([1-9]00|bold)\b/.exec(font ?? '') ?? [];
      const [, size = '12'] = /(\d+(?:\.\d+)?)px/.exec(font ?? '') ?? [];
      const isBold = weight === 'bold' || Number(weight) >= 600;
      return { width: textWidth(text, Number(size) * (isBold ? boldness : 1)) };
    },
  });
  return echarts;
}
