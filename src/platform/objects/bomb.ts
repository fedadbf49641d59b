import { errors } from './errors.ts';

/** Bills shrink 5 to 60 times; what grows more than this, beyond a size a laptop takes easily, is made to harm. */
const maxRatio = 200;
const harmlessBytes = 100 * 1_000_000;

/** Refuses content that grows out of proportion, or beyond `maxBytes`. Sizes in bytes, `packed` as stored. */
export function refuseBomb(
  file: string,
  sizes: { packed: number; unpacked: number; maxBytes?: number },
): void {
  const { packed, unpacked, maxBytes } = sizes;
  if (maxBytes !== undefined && unpacked > maxBytes) {
    throw errors.bomb({ file, bytes: unpacked, reason: `more than the limit of ${maxBytes} bytes` });
  }
  if (unpacked > harmlessBytes && unpacked > packed * maxRatio) {
    throw errors.bomb({ file, bytes: unpacked, reason: `more than ${maxRatio} times its packed size` });
  }
}
