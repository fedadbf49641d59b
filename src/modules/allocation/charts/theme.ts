import type { ChartTheme, DrawnType } from './chart.ts';

/** The colours of one theme. Texts reach a contrast of 4.5 on the background, marks of 3. */
export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  /** Axes and grids. */
  readonly line: string;
  readonly types: Readonly<Record<DrawnType, string>>;
  /** Of dimensions, in their order: told apart by people who see no red or green too. */
  readonly series: readonly string[];
  readonly other: string;
  /** Steps of a waterfall. */
  readonly total: string;
  readonly increase: string;
  readonly decrease: string;
  /** How opaque a flow between two nodes is. */
  readonly flow: number;
}

const palettes: Readonly<Record<ChartTheme, Palette>> = {
  light: {
    background: '#ffffff',
    text: '#1b1f24',
    muted: '#5c6670',
    line: '#dde2e7',
    types: {
      infrastructure: '#51677c',
      resource: '#0c7f89',
      platform: '#2f6bd6',
      shared: '#8250df',
      service: '#b35c00',
      product: '#1a7f37',
      other: '#7b848d',
    },
    series: [
      '#2f6bd6',
      '#e07b00',
      '#0c8f7f',
      '#8250df',
      '#c2185b',
      '#7a9a01',
      '#0aa2c9',
      '#8a5a44',
      '#5563c1',
      '#b8860b',
    ],
    other: '#9aa3ab',
    total: '#51677c',
    increase: '#c2410c',
    decrease: '#0c7f89',
    flow: 0.34,
  },
  dark: {
    background: '#15191e',
    text: '#e8ecf0',
    muted: '#9ba6b1',
    line: '#2f3740',
    types: {
      infrastructure: '#8ea5ba',
      resource: '#3dbcc6',
      platform: '#6ea3ff',
      shared: '#b794f6',
      service: '#f0a140',
      product: '#52c878',
      other: '#8b949e',
    },
    series: [
      '#6ea3ff',
      '#f5a742',
      '#3fc6b3',
      '#b794f6',
      '#f0719f',
      '#b0cc3f',
      '#4fc9e8',
      '#c79a83',
      '#98a3f2',
      '#e0bd4a',
    ],
    other: '#707a84',
    total: '#8ea5ba',
    increase: '#f58a4b',
    decrease: '#3dbcc6',
    flow: 0.42,
  },
};

/** The colours of a theme. */
export function paletteOf(theme: ChartTheme): Palette {
  return palettes[theme];
}

/** The bundled font first, then what systems have. */
export const fontFamily = `Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif`;

export const sizes = { title: 18, subtitle: 12, label: 12, small: 11 } as const;

/** `font` as a canvas takes it: `font(12)`, `font(18, 600)`. */
export function font(size: number, weight: 400 | 600 = 400): string {
  return `${weight} ${size}px ${fontFamily}`;
}
