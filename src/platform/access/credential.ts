import { createHash, timingSafeEqual } from 'node:crypto';
import type { Randomness } from '../kernel/index.ts';

/** A public part to look it up by, and a secret of 256 random bits that proves it. Only the digest is stored. */
export interface Credential {
  readonly id: string;
  readonly secret: string;
}

const secretBytes = 32;
const secretForm = '[A-Za-z0-9_-]{43}';

/** 256 random bits as 43 characters that are safe in addresses, headers and cookies. */
export function newSecret(randomness: Randomness): string {
  return Buffer.from(randomness(secretBytes)).toString('base64url');
}

/** SHA-256 in hex. Enough for a secret that nobody can guess; a password needs `hashPassword`. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** True when the text has this digest; takes the same time wherever they differ. */
export function hasDigest(text: string, digest: string): boolean {
  const [given, expected] = [Buffer.from(digestOf(text)), Buffer.from(digest)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** True when both are the same; the time that it takes tells nothing about either, their length included. */
export function isSame(given: string, expected: string): boolean {
  return hasDigest(given, digestOf(expected));
}

const apiTokenForm = new RegExp(`^fin_([0-9a-z]{17})_(${secretForm})$`);

/** `fin_ID_SECRET`: what the bearer of an API token sends. */
export function writeApiToken({ id, secret }: Credential): string {
  return `${apiTokenPrefix(id)}_${secret}`;
}

/** The part of an API token that may be shown, and tells which one it is. */
export function apiTokenPrefix(id: string): string {
  return `fin_${id}`;
}

/** The parts of an API token; undefined when the text is none. */
export function readApiToken(text: string): Credential | undefined {
  return read(apiTokenForm, text);
}

const linkForm = new RegExp(`^([0-9a-z]{17})\\.(${secretForm})$`);

/** `ID.SECRET`: what stands behind the `#` of a one-time link. */
export function writeLinkToken({ id, secret }: Credential): string {
  return `${id}.${secret}`;
}

/** The parts of a link's token; undefined when the text is none. */
export function readLinkToken(text: string): Credential | undefined {
  return read(linkForm, text);
}

const cookieForm = new RegExp(`^(${secretForm})\\.(${secretForm})$`);

/** `FAMILY.SECRET`: the session's cookie. Both are random; the family stays, the secret is replaced. */
export function writeCookie({ id, secret }: Credential): string {
  return `${id}.${secret}`;
}

/** The parts of a session's cookie; undefined when the text is none. */
export function readCookie(text: string): Credential | undefined {
  return read(cookieForm, text);
}

function read(form: RegExp, text: string): Credential | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
