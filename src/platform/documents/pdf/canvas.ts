import type { Face } from './fonts.ts';
import { colors, lineHeight, sizes, spaces } from './theme.ts';
import type { Measure } from './wrap.ts';

type Pdf = PDFKit.PDFDocument;

/** How a text is set. `size` in points, `color` as `#rrggbb`. */
export interface TextStyle {
  readonly face: Face;
  readonly size: number;
  readonly color: string;
}

/** A part of the document's structure, for those who have it read to them. */
export type Part = PDFKit.PDFStructureElement;

/** Where the blocks of a document are drawn, from top to bottom. Distances in points from the upper left corner. */
export interface Canvas {
  readonly left: number;
  readonly width: number;
  /** The height of a page between its margins. */
  readonly height: number;
  /** Where the next block begins. */
  y: number;
  /** Starts a page unless so much is left on this one; true when it did. */
  readonly ensure: (height: number) => boolean;
  readonly measure: (style: TextStyle) => Measure;
  /** One line of text whose box begins at x, y. Of `right`, x is the right end. */
  readonly line: (
    text: string,
    at: { readonly x: number; readonly y: number },
    style: TextStyle,
    align?: 'left' | 'right',
  ) => void;
  /** A filled box, or a rule when it is thin. It means nothing: readers aloud leave it out. */
  readonly box: (
    box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
    color: string,
    radius?: number,
  ) => void;
  /** A part of the structure: `Table`, `TR`. Without a parent, of the document. */
  readonly part: (tag: string, parent?: Part, scope?: 'Column' | 'Row') => Part;
  /** Says that what is drawn belongs to the part. */
  readonly content: (part: Part, tag: string, draw: () => void) => void;
  /** Says that what is drawn repeats what was said: the header of a table on its second page. */
  readonly repetition: (draw: () => void) => void;
}

/** A canvas over a new document, with its first page. */
export function openCanvas(pdf: Pdf, orientation: 'portrait' | 'landscape'): Canvas {
  const addPage = () => {
    pdf.addPage({ size: 'A4', layout: orientation, margin: 0 });
    canvas.y = spaces.top;
  };
  const root = pdf.struct('Document');
  pdf.addStructure(root);
  pdf.addPage({ size: 'A4', layout: orientation, margin: 0 });
  const { width, height } = pdf.page;
  const bottom = height - spaces.bottom;
  const canvas: Canvas = {
    left: spaces.side,
    width: width - 2 * spaces.side,
    height: bottom - spaces.top,
    y: spaces.top,
    ensure: (needed) => {
      const full = canvas.y + needed > bottom + 0.01 && canvas.y > spaces.top;
      if (full) addPage();
      return full;
    },
    measure: (style) => (text) => setStyle(pdf, style).widthOfString(text),
    line: (text, { x, y }, style, align = 'left') => {
      if (text === '') return;
      setStyle(pdf, style);
      const left = align === 'left' ? x : x - pdf.widthOfString(text);
      const gap = (lineHeight(style.size) - pdf.currentLineHeight()) / 2;
      pdf.fillColor(style.color).text(text, left, y + gap, { lineBreak: false });
    },
    box: (box, color, radius = 0) => {
      pdf.markContent('Artifact', { type: 'Layout' });
      pdf.roundedRect(box.x, box.y, box.width, box.height, radius).fill(color);
      pdf.endMarkedContent();
    },
    part: (tag, parent = root, scope) => {
      // The types of pdfkit do not know the scope of a header.
      const options: { title?: string; scope?: string } = scope ? { scope } : {};
      const part = pdf.struct(tag, options);
      parent.add(part);
      return part;
    },
    content: (part, tag, draw) => {
      const content = pdf.markStructureContent(tag);
      draw();
      pdf.endMarkedContent();
      part.add(content);
    },
    repetition: (draw) => {
      pdf.markContent('Artifact', { type: 'Pagination' });
      draw();
      pdf.endMarkedContent();
    },
  };
  return canvas;
}

function setStyle(pdf: Pdf, { face, size }: TextStyle): Pdf {
  return pdf.font(face).fontSize(size);
}

/** What stands at the edges of every page. */
export interface Edges {
  /** At the top, from the second page on. */
  readonly title: string;
  /** At the bottom, left. */
  readonly footer: string;
  /** At the bottom, right. */
  readonly page: (page: number, pages: number) => string;
}

/** Draws the edges of all pages; afterwards nothing may be added. */
export function drawEdges(pdf: Pdf, canvas: Canvas, edges: Edges): void {
  const style: TextStyle = { face: 'regular', size: sizes.footer, color: colors.muted };
  const { count } = pdf.bufferedPageRange();
  const { left, width } = canvas;
  const right = left + width;
  const bottom = spaces.top + canvas.height + 18;
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(page);
    if (page > 0) canvas.repetition(() => canvas.line(edges.title, { x: left, y: spaces.top - 24 }, style));
    canvas.box({ x: left, y: bottom - 6, width, height: 0.5 }, colors.line);
    canvas.repetition(() => {
      canvas.line(edges.footer, { x: left, y: bottom }, style);
      canvas.line(edges.page(page + 1, count), { x: right, y: bottom }, style, 'right');
    });
  }
}
