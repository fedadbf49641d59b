import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { errors } from '../errors.ts';

/** What a canvas knows of fonts; `GlobalFonts` of @napi-rs/canvas. */
interface Fonts {
  readonly families: readonly unknown[];
  readonly register: (font: Buffer, name?: string) => unknown;
}

/** Inter (SIL Open Font License 1.1), as packed by Expo: the two weights that charts have. */
const bundled = ['400Regular/Inter_400Regular.ttf', '600SemiBold/Inter_600SemiBold.ttf'];

const done = new WeakSet<Fonts>();

/**
 * Gives a canvas the font of charts, once. A machine without fonts (a bare container) would draw pictures without any letter, so
 * the font comes with us; where it is not installed, one of the system must be there. Refusal: `allocation.chartFont`.
 */
export function useFonts(fonts: Fonts, find: (file: string) => string | undefined = findBundled): void {
  if (done.has(fonts)) return;
  const files = bundled.map(find).filter((file) => file !== undefined);
  for (const file of files) fonts.register(readFileSync(file), 'Inter');
  if (files.length === 0 && fonts.families.length === 0) throw errors.chartFont({});
  done.add(fonts);
}

/** Where the package of the font is; undefined when it is not installed. */
function findBundled(file: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@expo-google-fonts/inter/${file}`);
  } catch {
    return undefined;
  }
}
