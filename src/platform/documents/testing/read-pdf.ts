import { inflateSync } from 'node:zlib';

/** A piece of text on a page; x and y in points from the lower left corner, of where it begins. */
export interface PdfPiece {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** Where it ends, by the widths that the font declares. */
  readonly end: number;
}

/** What a reader sees of a file that pdfkit wrote. */
export interface ReadPdf {
  readonly pages: readonly (readonly PdfPiece[])[];
  /** Every object by its number, as text. */
  readonly objects: ReadonlyMap<number, string>;
  readonly trailer: string;
}

/** Reads the texts of a PDF by the fonts' own tables, as a program that copies text does. */
export function readPdf(bytes: Buffer): ReadPdf {
  const file = bytes.toString('latin1');
  const objects = new Map<number, string>();
  for (const [, id = '', body = ''] of file.matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)\nendobj/g))
    objects.set(Number(id), body);
  const read = (id: number) => objects.get(id) ?? '';
  const pages = [...(/\/Kids \[([^\]]*)\]/.exec(pagesOf(objects))?.[1] ?? '').matchAll(/(\d+) 0 R/g)].map(
    ([, id]) => piecesOf(read(Number(id)), read),
  );
  return { pages, objects, trailer: file.slice(file.lastIndexOf('trailer')) };
}

/** The lines of a page from top to bottom, each with its pieces from left to right. */
export function linesOf(page: readonly PdfPiece[]): string[][] {
  const rows = new Map<number, PdfPiece[]>();
  for (const piece of page) {
    const y = Math.round(piece.y);
    rows.set(y, [...(rows.get(y) ?? []), piece]);
  }
  return [...rows]
    .sort(([a], [b]) => b - a)
    .map(([, pieces]) => [...pieces].sort((a, b) => a.x - b.x).map(({ text }) => text));
}

function pagesOf(objects: ReadonlyMap<number, string>): string {
  return [...objects.values()].find((body) => /\/Type \/Pages\b/.test(body)) ?? '';
}

function reference(body: string, key: string): number {
  return Number(new RegExp(`/${key} (\\d+) 0 R`).exec(body)?.[1] ?? 0);
}

function streamOf(body: string): string {
  const at = body.indexOf('stream\n');
  if (at < 0) return '';
  const bytes = Buffer.from(body.slice(at + 7, body.lastIndexOf('\nendstream')), 'latin1');
  return (/\/Filter \/FlateDecode/.test(body) ? inflateSync(bytes) : bytes).toString('latin1');
}

interface Font {
  readonly text: (glyph: number) => string;
  /** In thousandths of the size. */
  readonly width: (glyph: number) => number;
}

function piecesOf(page: string, read: (id: number) => string): PdfPiece[] {
  const resources = read(reference(page, 'Resources'));
  const fonts = new Map<string, Font>();
  for (const [, name = '', id] of (/\/Font <<([\s\S]*?)>>/.exec(resources)?.[1] ?? '').matchAll(
    /\/(\w+) (\d+) 0 R/g,
  ))
    fonts.set(name, fontOf(read(Number(id)), read));
  const pieces: PdfPiece[] = [];
  for (const [, block = ''] of streamOf(read(reference(page, 'Contents'))).matchAll(/BT\n([\s\S]*?)\nET/g)) {
    const [, x = 0, y = 0] = /1 0 0 1 ([-\d.]+) ([-\d.]+) Tm/.exec(block) ?? [];
    const [, name = '', size = 0] = /\/(\w+) ([\d.]+) Tf/.exec(block) ?? [];
    const font = fonts.get(name);
    if (!font) continue;
    let text = '';
    let advance = 0;
    for (const [, hex, kern] of block.matchAll(/<([0-9a-f]+)>|(?<=[>\s])(-?[\d.]+)(?=[\s\]]*(?:<|\]))/g)) {
      for (const [code] of (hex ?? '').matchAll(/.{4}/g)) {
        text += font.text(Number.parseInt(code, 16));
        advance += font.width(Number.parseInt(code, 16));
      }
      if (kern !== undefined) advance -= Number(kern);
    }
    pieces.push({
      text,
      x: Number(x),
      y: Number(y),
      size: Number(size),
      end: Number(x) + (advance * Number(size)) / 1000,
    });
  }
  return pieces;
}

function fontOf(body: string, read: (id: number) => string): Font {
  const map = streamOf(read(reference(body, 'ToUnicode')));
  const texts: string[] = [];
  for (const [, from = '', list = ''] of map.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[([^\]]*)\]/g)) {
    const first = Number.parseInt(from, 16);
    for (const [index, [, units = '']] of [...list.matchAll(/<([0-9a-f ]*)>/g)].entries())
      texts[first + index] = units
        .replaceAll(' ', '')
        .replace(/.{4}/g, (unit) => String.fromCharCode(Number.parseInt(unit, 16)));
  }
  const descendant = read(Number(/\/DescendantFonts \[(\d+) 0 R/.exec(body)?.[1]));
  const widths = (/\/W \[0 \[([^\]]*)\]/.exec(descendant)?.[1] ?? '').trim().split(/\s+/).map(Number);
  return { text: (glyph) => texts[glyph] ?? '?', width: (glyph) => widths[glyph] ?? 0 };
}
