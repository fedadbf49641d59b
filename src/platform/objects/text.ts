import { errors } from './errors.ts';

/** Bytes as UTF-8 text without BOM; anything else is refused rather than filled with replacement characters. */
export function decodeText(bytes: Uint8Array, uri: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw errors.badEncoding({ uri });
  }
}
