import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers of a signed webhook. */
const signatureHeaders = {
  id: 'centrail-id',
  timestamp: 'centrail-timestamp',
  signature: 'centrail-signature',
} as const;

const version = 'v1';

/**
 * The headers that prove who sends a body, and when: the signature is the HMAC-SHA256 of `timestamp.body` under the
 * secret both sides know, `v1=` and its hex digits; the timestamp is in seconds since 1970.
 */
export function signedHeaders(
  { id, secret, body }: { readonly id: string; readonly secret: string; readonly body: string },
  now: Date,
): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]: `${version}=${hmac(secret, timestamp, body).toString('hex')}`,
  };
}

/** What a receiver was sent, and what it knows. */
export interface Received {
  /** Names in lower case, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as they came, before they are parsed. */
  readonly body: string | Uint8Array;
  /** Several while one is being replaced. */
  readonly secrets: readonly string[];
  readonly now: Date;
  /** How old, or how far ahead of our clock, a message may be; 300 unless said. */
  readonly toleranceSeconds?: number | undefined;
  /** Whether a message of this id has been taken before: within the tolerance, only that tells a replay. */
  readonly seen?: ((id: string) => boolean) | undefined;
}

/** `id` is that in the signed body. */
export type Verdict =
  | { readonly valid: true; readonly id: string }
  | { readonly valid: false; readonly reason: 'incomplete' | 'forged' | 'stale' | 'repeated' };

/**
 * Whether a webhook comes from whom it says, now, and for the first time. `incomplete`: a header is missing or makes no
 * sense; `forged`: no secret made this signature, or the id of the header is not that of the body; `stale`: it is too old
 * or from the future; `repeated`: it was taken before. Signatures are compared in constant time.
 */
export function verifySignature(received: Received): Verdict {
  const { body, secrets, now, toleranceSeconds = 300, seen } = received;
  const timestamp = headerOf(received, signatureHeaders.timestamp);
  const signatures = headerOf(received, signatureHeaders.signature)
    .split(',')
    .map((text) => text.trim());
  const given = signatures.flatMap((text) => /^v1=([0-9a-f]{64})$/.exec(text)?.[1] ?? []);
  if (!/^\d{1,12}$/.test(timestamp) || given.length === 0) return { valid: false, reason: 'incomplete' };
  const expected = secrets.map((secret) => hmac(secret, timestamp, body));
  const matches = given.flatMap((hex) =>
    expected.map((digest) => timingSafeEqual(Buffer.from(hex, 'hex'), digest)),
  );
  if (!matches.includes(true)) return { valid: false, reason: 'forged' };
  const age = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (age > toleranceSeconds) return { valid: false, reason: 'stale' };
  const id = idIn(body);
  if (id === undefined || id !== headerOf(received, signatureHeaders.id))
    return { valid: false, reason: 'forged' };
  return seen?.(id) ? { valid: false, reason: 'repeated' } : { valid: true, id };
}

function hmac(secret: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
}

function headerOf({ headers }: Received, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function idIn(body: string | Uint8Array): string | undefined {
  try {
    const { id } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
