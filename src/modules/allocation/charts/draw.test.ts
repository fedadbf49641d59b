import { createCanvas, GlobalFonts, loadImage } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal } from '../../../platform/kernel/index.ts';
import type { Chart, GraphChart } from './chart.ts';
import { chartPng, chartSvg } from './draw.ts';
import { useFonts } from './fonts.ts';
import { amountText, axisText, fitted, textWidth, wrapped } from './text.ts';
import { font, paletteOf } from './theme.ts';
import { axisOf, waterfallSteps } from './waterfall-option.ts';

const flows: GraphChart = {
  kind: 'graph',
  theme: 'light',
  title: 'Where cost flows',
  subtitle: 'Charges in EUR',
  currency: 'EUR',
  nodes: [
    { id: 'k8s', name: 'Kubernetes', type: 'platform', amount: '1234.5' },
    { id: 'shop', name: 'Shop <b>&"\u0007 zr1-x', type: 'product', amount: '800' },
    { id: 'blog', name: 'Blog', type: 'product', amount: '400.25' },
  ],
  edges: [
    { from: 'k8s', to: 'shop', amount: '800' },
    { from: 'k8s', to: 'blog', amount: '400.25' },
  ],
};
const charts: readonly Chart[] = [
  flows,
  { ...flows, kind: 'sankey' },
  {
    ...flows,
    kind: 'sankey',
    currency: null,
    nodes: flows.nodes.map((node) => ({ ...node, amount: null })),
    edges: flows.edges.map((edge) => ({ ...edge, amount: null })),
  },
  { ...flows, nodes: [], edges: [] },
  { ...flows, kind: 'sankey', nodes: [], edges: [] },
  {
    kind: 'trend',
    theme: 'dark',
    title: 'Cost per day',
    currency: 'EUR',
    days: ['2026-10-01', '2026-10-02'],
    series: [
      { name: 'Compute', amounts: ['10.5', '20'] },
      { name: 'Credits', amounts: ['-3', '0'] },
    ],
  },
  {
    kind: 'trend',
    theme: 'light',
    title: 'One day',
    currency: 'JPY',
    days: ['2026-10-01'],
    series: [{ name: 'Compute', amounts: ['10'] }],
  },
  { kind: 'trend', theme: 'light', title: 'Nothing', currency: 'EUR', days: [], series: [] },
  {
    kind: 'waterfall',
    theme: 'dark',
    title: 'What k8s costs',
    currency: 'EUR',
    direct: '100',
    inflows: [{ name: 'net', amount: '60' }],
    outflows: [{ name: 'shop', amount: '120' }],
  },
  {
    kind: 'waterfall',
    theme: 'light',
    title: 'Nothing',
    currency: 'EUR',
    direct: '0',
    inflows: [],
    outflows: [],
  },
];

describe('a chart as SVG', () => {
  it.each(charts.map((chart) => [chart.kind, chart.title, chart] as const))(
    'is a document without scripts or holes: %s, %s',
    async (_, title, chart) => {
      const svg = await chartSvg(chart);
      expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
      expect(svg).toContain(title);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|<script|<foreignObject|javascript:/);
      expect(svg).not.toMatch(/[^\P{Cc}\n]/u);
    },
  );

  it('is the same text for the same chart, whatever was drawn before', async () => {
    const first = await Promise.all(charts.map(chartSvg));
    await chartPng(flows);
    for (const [at, chart] of charts.entries()) expect(await chartSvg(chart)).toBe(first[at]);
  });

  it('says amounts with their currency and names as they are', async () => {
    for (const kind of ['graph', 'sankey'] as const) {
      const svg = await chartSvg({ ...flows, kind });
      for (const text of ['1,235 EUR', '400.25 EUR', 'Kubernetes', 'Shop &lt;b&gt;&amp;&quot; zr1-x'])
        expect(svg).toContain(text);
    }
  });

  it('says what it leaves out', async () => {
    const edges = [
      ...flows.edges,
      { from: 'shop', to: 'k8s', amount: '3' },
      { from: 'blog', to: 'shop', amount: '-2' },
    ];
    for (const kind of ['graph', 'sankey'] as const) {
      const svg = await chartSvg({ ...flows, kind, edges });
      expect(svg).toContain('Not drawn, because they close a circle: Shop');
      expect(svg).toContain('→ Kubernetes (3.00 EUR).');
      expect(svg).toContain('1 flows of zero or less are not drawn.');
    }
    const structure = charts[2] as Chart;
    expect(await chartSvg(structure)).toContain('The structure only: no amounts, all lines alike.');
  });

  it('draws lines as wide as the money that they stand for', async () => {
    const svg = await chartSvg(flows);
    const widths = [...svg.matchAll(/<path d="M[^"]*C[^"]*"[^>]*stroke-width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths.sort((a, b) => b - a)).toEqual(
      [16, 16 * (400.25 / 800)].map((width) => expect.closeTo(width, 2)),
    );
  });

  it('is no larger than asked, within bounds', async () => {
    const sized = async (width: number, height: number) =>
      (await chartSvg({ ...flows, width, height })).slice(0, 60);
    expect(await sized(900, 500)).toContain('width="900" height="500"');
    expect(await sized(10, 1e9)).toContain('width="240" height="6000"');
  });
});

describe('a chart as PNG', () => {
  it.each(charts.map((chart) => [chart.kind, chart.title, chart] as const))(
    'has ink: %s, %s',
    async (_, __, chart) => {
      const { width, height, ink } = await pixelsOf(await chartPng(chart));
      expect(width).toBeGreaterThan(400);
      expect(height).toBeGreaterThan(200);
      expect(ink).toBeGreaterThan(300);
    },
  );

  it('has letters: another title is another picture', async () => {
    const [one, other] = await Promise.all(
      ['Illi', 'WWWW'].map(async (title) => pixelsOf(await chartPng({ ...flows, title }))),
    );
    expect(other?.ink).toBeGreaterThan((one?.ink ?? 0) + 200);
  });

  it('is twice as large as its size, and less where that would be too much', async () => {
    const sizeOf = async (width: number, height: number) => {
      const png = await pixelsOf(await chartPng({ ...flows, width, height }));
      return [png.width, png.height];
    };
    expect(await sizeOf(600, 300)).toEqual([1200, 600]);
    expect(await sizeOf(5000, 3000)).toEqual([8164, 4898]);
  });

  it('is refused where its letters would be missing', () => {
    const registered: unknown[] = [];
    const bare = () => ({ families: [], register: (file: Buffer) => registered.push(file) });
    expect(() => useFonts(bare(), () => undefined)).toThrow(/No font is installed/);
    useFonts({ ...bare(), families: ['DejaVu Sans'] }, () => undefined);
    useFonts(bare(), () => import.meta.filename);
    expect(registered).toHaveLength(2);
  });
});

async function pixelsOf(
  png: Uint8Array,
): Promise<{ readonly width: number; readonly height: number; readonly ink: number }> {
  const image = await loadImage(Buffer.from(png));
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  let ink = 0;
  for (let at = 0; at < data.length; at += 4) {
    const isPaper = [0, 1, 2].every((part) => data[at + part] === data[part]);
    if (!isPaper) ink++;
  }
  return { width: image.width, height: image.height, ink };
}

describe('colours', () => {
  it.each(['light', 'dark'] as const)('stand out from the background: %s', (theme) => {
    const palette = paletteOf(theme);
    for (const text of [palette.text, palette.muted])
      expect(contrast(text, palette.background)).toBeGreaterThan(4.5);
    const marks = [...Object.values(palette.types), palette.total, palette.increase, palette.decrease];
    for (const mark of marks) expect(contrast(mark, palette.background)).toBeGreaterThan(3);
    expect(new Set(Object.values(palette.types)).size).toBe(7);
    expect(new Set(palette.series).size).toBe(10);
  });
});

/** Of two colours as WCAG 2 has it: 1 … 21. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('texts', () => {
  it('are never wider than they are thought to be', () => {
    const context = createCanvas(10, 10).getContext('2d');
    const family = GlobalFonts.families[0]?.family;
    if (family === undefined) return;
    for (const text of [
      'Kubernetes eu-west-1',
      'payments-api',
      '1,234,567.89 EUR',
      'Illili',
      'MWMW',
      'Données',
      'rds_orders.prod',
    ]) {
      context.font = font(12).replace(/400 12px/, '12px');
      expect(context.measureText(text).width).toBeLessThanOrEqual(textWidth(text, 12) * 1.06);
    }
  });

  it('are cut to their room, and broken between words', () => {
    expect(fitted('payments', 200, 12)).toBe('payments');
    expect(fitted('payments-gateway', 60, 12)).toBe('payment…');
    expect(fitted('a\nb\u202ec', 200, 12)).toBe('a b c');
    const lines = wrapped('one two three four five', { width: 60, size: 12, most: 2 });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('one two');
  });

  it('name amounts in full, rounded half-up once', () => {
    const text = (amount: string, currency = 'EUR') => amountText(parseDecimal(amount), currency);
    expect(text('1234567.5')).toBe('1,234,568 EUR');
    expect(text('999.995')).toBe('1,000.00 EUR');
    expect(text('-1234.5')).toBe('−1,235 EUR');
    expect(text('0.005')).toBe('0.01 EUR');
    expect(text('12.3', 'JPY')).toBe('12 JPY');
    expect([0, 999, 1500, 2_500_000, -3e9].map(axisText)).toEqual(['0', '999', '1.5 k', '2.5 M', '−3 bn']);
  });
});

describe('a waterfall', () => {
  it('goes from direct to retained, step by step, to the last unit', () => {
    const steps = waterfallSteps({
      kind: 'waterfall',
      theme: 'light',
      title: '',
      currency: 'EUR',
      direct: '100',
      inflows: [
        { name: 'a', amount: '0.000000000001' },
        { name: 'b', amount: '60' },
        { name: 'credit', amount: '-10' },
      ],
      outflows: [
        { name: 'p', amount: '20' },
        { name: 'q', amount: '90' },
        { name: 'nothing', amount: '0' },
        { name: 'r', amount: '5' },
        { name: 's', amount: '4' },
      ],
      top: 2,
    });
    expect(steps.map(({ name, kind, amount }) => [name, kind, formatDecimal(amount)])).toEqual([
      ['Direct', 'total', '100'],
      ['from b', 'increase', '60'],
      ['from credit', 'decrease', '-10'],
      ['from a', 'increase', '0.000000000001'],
      ['Direct and inflow', 'total', '150.000000000001'],
      ['to q', 'decrease', '-90'],
      ['to p', 'decrease', '-20'],
      ['to 2 others', 'decrease', '-9'],
      ['Retained', 'total', '31.000000000001'],
    ]);
  });

  it('has an axis of round numbers around its steps', () => {
    expect(axisOf(0, 130).ticks).toEqual([0, 50, 100, 150]);
    expect(axisOf(-0.7, 0.2)).toMatchObject({ least: -0.8, most: 0.2 });
    expect(axisOf(0, 0).most).toBeGreaterThan(0);
  });
});
