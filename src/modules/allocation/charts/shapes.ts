/** What a chart is drawn of, besides what ECharts lays out itself; pixels, from the upper left. */
export type Shape = RectShape | TextShape | PathShape;

export interface RectShape {
  readonly kind: 'rect';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly radius?: number;
  readonly fill: string;
  readonly opacity?: number;
  readonly stroke?: string;
}

export interface TextShape {
  readonly kind: 'text';
  readonly x: number;
  /** The middle of the line. */
  readonly y: number;
  readonly text: string;
  readonly font: string;
  readonly fill: string;
  readonly align?: 'left' | 'right' | 'center';
}

export interface PathShape {
  readonly kind: 'path';
  /** SVG path data. */
  readonly path: string;
  readonly stroke: string;
  readonly width: number;
  readonly opacity: number;
}

/** An element of ECharts' custom series. */
export function customElement(shape: Shape): Record<string, unknown> {
  if (shape.kind === 'path') {
    return {
      type: 'path',
      shape: { pathData: shape.path },
      style: { fill: 'none', stroke: shape.stroke, lineWidth: shape.width, opacity: shape.opacity },
    };
  }
  return graphicElement(shape);
}

/** An element of ECharts' graphic component, which knows no paths. */
export function graphicElement(shape: RectShape | TextShape): Record<string, unknown> {
  const quiet = { silent: true, ...(shape.kind === 'text' ? { z: 10 } : {}) };
  if (shape.kind === 'text') {
    const { x, y, text, font, fill, align = 'left' } = shape;
    return {
      type: 'text',
      ...quiet,
      style: { x, y, text, font, fill, textAlign: align, textVerticalAlign: 'middle' },
    };
  }
  const { x, y, width, height, radius = 0, fill, opacity = 1, stroke } = shape;
  return {
    type: 'rect',
    ...quiet,
    shape: { x, y, width, height, r: radius },
    style: { fill, opacity, ...(stroke === undefined ? {} : { stroke, lineWidth: 1 }) },
  };
}
