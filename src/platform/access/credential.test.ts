import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newId, systemClock } from '../kernel/index.ts';
import {
  digestOf,
  hasDigest,
  isSame,
  newSecret,
  readApiToken,
  readCookie,
  readLinkToken,
  writeApiToken,
  writeCookie,
  writeLinkToken,
} from './credential.ts';

const credential = () => ({ id: newId(systemClock, randomBytes), secret: newSecret(randomBytes) });

describe('what proves who one is', () => {
  it('reads as it was written', () => {
    for (let round = 0; round < 200; round++) {
      const made = credential();
      expect(readApiToken(writeApiToken(made))).toEqual(made);
      expect(readLinkToken(writeLinkToken(made))).toEqual(made);
      const cookie = { id: newSecret(randomBytes), secret: newSecret(randomBytes) };
      expect(readCookie(writeCookie(cookie))).toEqual(cookie);
    }
  });

  it.each(['', 'fin_', 'fin_01k9z3w2m7h4q8xta', 'fin_01k9z3w2m7h4q8xta_short', "fin_' or 1=1_x", 'Bearer x'])(
    'is not %j',
    (text) => {
      expect([readApiToken(text), readLinkToken(text), readCookie(text)]).toEqual(Array(3).fill(undefined));
    },
  );

  it('is nothing with one character more, less or changed', () => {
    const token = writeApiToken(credential());
    const changed = [`${token}x`, token.slice(0, -1), ` ${token}`, token.toUpperCase(), `${token}\n`];
    expect(changed.map(readApiToken)).toEqual(Array(5).fill(undefined));
    const { secret } = credential();
    expect(hasDigest(secret, digestOf(secret))).toBe(true);
    expect(hasDigest(`${secret.slice(0, -1)}!`, digestOf(secret))).toBe(false);
    expect(hasDigest(secret, '')).toBe(false);
    expect([isSame('a', 'a'), isSame('a', 'b'), isSame('', 'a')]).toEqual([true, false, false]);
  });

  it('holds 256 random bits', () => {
    const secrets = new Set(Array.from({ length: 1000 }, () => newSecret(randomBytes)));
    expect(secrets.size).toBe(1000);
    expect(Buffer.from([...secrets][0] ?? '', 'base64url')).toHaveLength(32);
  });
});
