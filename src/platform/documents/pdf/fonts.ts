import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { must } from '../../kernel/index.ts';
import { errors } from '../errors.ts';

/** How a text is set; with `Figures`, digits have one width, so that amounts stand under each other. */
export type Face = 'regular' | 'strong' | 'regularFigures' | 'strongFigures';

/** Inter (SIL Open Font License 1.1), as packed by Expo. */
const files = {
  regular: '400Regular/Inter_400Regular.ttf',
  strong: '600SemiBold/Inter_600SemiBold.ttf',
} as const;

/** Contextual alternates would make an arrow of the `->` in a name, and take most of the time of setting a text. */
const plain = { calt: false };

/** What pdfkit holds of a font, and takes for one. */
interface Font {
  readonly postscriptName: string;
  readonly layout: (text: string, features?: unknown) => unknown;
}

/** A document of pdfkit, as far as fonts are concerned. */
interface Setting {
  registerFont: (name: string, source: Buffer) => unknown;
  font: (name: string) => unknown;
}

/**
 * Gives a document the faces under their names. The features of the font go into the font itself: given with each text,
 * as pdfkit wants them, they would switch its cache off, and tables would take four times as long. Refusal:
 * `documents.fontMissing`.
 */
export function useFonts(document: Setting): void {
  for (const [weight, file] of Object.entries(files)) {
    document.registerFont(weight, bytesOf(file));
    const font = open(document, weight);
    const layout = font.layout.bind(font);
    Object.assign(font, { layout: (text: string) => layout(text, plain) });
    // A name of its own, or pdfkit takes it for the same font.
    const figures: Font = Object.assign(Object.create(font), {
      layout: (text: string) => layout(text, { ...plain, tnum: true }),
    });
    Object.defineProperty(figures, 'postscriptName', { value: `${font.postscriptName}-Figures` });
    document.registerFont(`${weight}Figures`, figures as unknown as Buffer);
  }
}

/** The font behind a name; pdfkit opens fonts when they are first used. */
function open(document: Setting, name: string): Font {
  document.font(name);
  const { _font: current } = document as unknown as { readonly _font?: { readonly font?: Font } };
  return must(current?.font, 'the font in a document of pdfkit');
}

const read = new Map<string, Buffer>();

function bytesOf(file: string): Buffer {
  const bytes = read.get(file) ?? readFileSync(pathOf(file));
  read.set(file, bytes);
  return bytes;
}

function pathOf(file: string): string {
  try {
    return createRequire(import.meta.url).resolve(`@expo-google-fonts/inter/${file}`);
  } catch {
    throw errors.fontMissing({ file });
  }
}
