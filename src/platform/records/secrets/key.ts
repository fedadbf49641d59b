import { createHash, randomBytes } from 'node:crypto';
import { secretsErrors } from './errors.ts';

/** A key of AES-256: the first of a list seals, all of them open. */
export interface Key {
  /** First 8 hex digits of the SHA-256 of the key: tells keys apart and tells nothing of them. */
  readonly id: string;
  readonly bytes: Buffer;
  /** When another key took its place (ISO 8601); null while it is current, and in a list from the environment. */
  readonly retired: string | null;
}

/** A key with its id. */
function keyOf(bytes: Buffer, retired: string | null = null): Key {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes, retired };
}

/** A key that nobody has seen before. */
export function newKey(): Key {
  return keyOf(randomBytes(32));
}

/**
 * Keys from text: 32 bytes in base64 each, and in a file the word `retired` and the time after those that seal no more.
 * Empty lines and lines that begin with # are skipped. `origin` names the text in a refusal; a key is never quoted.
 */
export function parseKeys(text: string, separator: RegExp, origin: string): readonly Key[] {
  const lines = text
    .split(separator)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) throw secretsErrors.noKey({ origin });
  return lines.map((line, index) => {
    const [, base64 = '', retired = null] = /^([A-Za-z0-9+/_-]{43}=?)(?: retired (\S+))?$/.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length !== 32) throw secretsErrors.badKey({ origin, place: index + 1 });
    return keyOf(bytes, retired);
  });
}

/** The text of a key file. */
export function writtenKeys(keys: readonly Key[]): string {
  return keys
    .map(
      ({ bytes, retired }) => `${bytes.toString('base64')}${retired === null ? '' : ` retired ${retired}`}\n`,
    )
    .join('');
}
