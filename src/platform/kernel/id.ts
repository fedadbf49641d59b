import type { Clock } from './clock.ts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A source of random bytes; `node:crypto`'s `randomBytes` in programs, a seeded one in tests. */
export type Randomness = (count: number) => Uint8Array;

/**
 * A new id that sorts by time: 9 characters of milliseconds and 8 of randomness in Crockford base 32,
 * lower case, safe in file names and URLs: `"01k9z3w2m7h4q8xta"`.
 */
export function newId(clock: Clock, randomness: Randomness): string {
  let time = '';
  let rest = clock.now().getTime();
  for (let i = 0; i < 9; i++) {
    time = alphabet[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return time + Array.from(randomness(8), (byte) => alphabet[byte % 32]).join('');
}
