import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A checksum that the store states for the whole content, and its value as that store writes it. */
export interface Check {
  readonly kind: 'sha256' | 'crc64nvme' | 'crc32' | 'md5';
  /** Base64 (big-endian for the CRCs), for `md5` lower-case hex. */
  readonly expected: string;
}

/** Running checksums over content that arrives in chunks. */
export interface Digest {
  readonly update: (chunk: Uint8Array) => void;
  /** Ends the digest: the SHA-256 in hex, and what the check came to. Call once. */
  readonly end: () => { readonly sha256: string; readonly found: string | undefined };
}

/** SHA-256 always, because originals are kept under it; beside it the check the store stated, if any. */
export function startDigest(check?: Check): Digest {
  const sha = createHash('sha256');
  const second = check && check.kind !== 'sha256' ? startCheck(check.kind) : undefined;
  return {
    update: (chunk) => {
      sha.update(chunk);
      second?.update(chunk);
    },
    end: () => {
      const bytes = sha.digest();
      const found = check?.kind === 'sha256' ? bytes.toString('base64') : second?.end();
      return { sha256: bytes.toString('hex'), found };
    },
  };
}

interface SecondCheck {
  readonly update: (chunk: Uint8Array) => void;
  readonly end: () => string;
}

function startCheck(kind: 'crc64nvme' | 'crc32' | 'md5'): SecondCheck {
  if (kind === 'crc64nvme') return startCrc64();
  if (kind === 'md5') {
    const md5 = createHash('md5');
    return { update: (chunk) => void md5.update(chunk), end: () => md5.digest('hex') };
  }
  let crc = 0;
  return {
    update: (chunk) => {
      crc = crc32(chunk, crc);
    },
    end: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes.toString('base64');
    },
  };
}

/** Reflected polynomial of CRC-64/NVME, the checksum S3 computes for every object by itself since December 2024. */
const polynomial = 0x9a6c9329ac4bc9b5n;
const tables = crc64Tables();

/** In two 32-bit halves: BigInt arithmetic per byte would be a hundred times slower. */
function startCrc64(): SecondCheck {
  let low = 0xffffffff | 0;
  let high = 0xffffffff | 0;
  return {
    update: (chunk) => {
      let l = low;
      let h = high;
      for (let i = 0; i < chunk.length; i++) {
        const index = (l ^ (chunk[i] as number)) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ (tables.low[index] as number);
        h = (h >>> 8) ^ (tables.high[index] as number);
      }
      low = l;
      high = h;
    },
    end: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(~high, 0);
      bytes.writeInt32BE(~low, 4);
      return bytes.toString('base64');
    },
  };
}

function crc64Tables(): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    low[byte] = Number(BigInt.asIntN(32, crc));
    high[byte] = Number(BigInt.asIntN(32, crc >> 32n));
  }
  return { low, high };
}
