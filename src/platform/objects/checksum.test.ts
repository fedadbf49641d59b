import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Check, startDigest } from './checksum.ts';

function found(kind: Check['kind'], chunks: readonly Uint8Array[]): string | undefined {
  const digest = startDigest({ kind, expected: '' });
  for (const chunk of chunks) digest.update(chunk);
  return digest.end().found;
}

test('reproduces the published check values of every checksum', () => {
  const text = [Buffer.from('123456789')];
  const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
  // Check values of the CRC catalogue for CRC-64/NVME and CRC-32/ISO-HDLC.
  expect(found('crc64nvme', text)).toBe(base64('ae8b14860a799888'));
  expect(found('crc32', text)).toBe(base64('cbf43926'));
  expect(found('md5', text)).toBe('25f9e794323b453885f5181f1b624d0b');
  expect(found('sha256', text)).toBe(
    base64('15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'),
  );
});

test('does not depend on how the content was cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array()),
      fc.constantFrom('crc64nvme', 'crc32', 'md5', 'sha256'),
      (chunks, kind) => {
        expect(found(kind as Check['kind'], chunks)).toBe(
          found(kind as Check['kind'], [Buffer.concat(chunks)]),
        );
      },
    ),
  );
});
