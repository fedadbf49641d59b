import { describe, expect, it } from 'vitest';
import { hashPassword, isOutdated, refuseWeakPassword, verifyPassword } from './passwords.ts';

describe('passwords', () => {
  it('are kept as argon2id with today’s cost, salted', async () => {
    const [one, two] = [
      await hashPassword('correct horse battery'),
      await hashPassword('correct horse battery'),
    ];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect(isOutdated(one)).toBe(false);
    expect(isOutdated(one.replace('t=2', 't=1'))).toBe(true);
  });

  it('fit their hash and no other, and none without a hash', async () => {
    const hash = await hashPassword('correct horse battery');
    expect(await verifyPassword(hash, 'correct horse battery')).toBe(true);
    expect(await verifyPassword(hash, 'Correct horse battery')).toBe(false);
    expect(await verifyPassword(hash, '')).toBe(false);
    expect(await verifyPassword(null, 'correct horse battery')).toBe(false);
    expect(await verifyPassword(hash, 'x'.repeat(2000))).toBe(false);
  });

  it('are the same however a keyboard composes its letters', async () => {
    const hash = await hashPassword('café au lait, s’il vous plaît'.normalize('NFD'));
    expect(await verifyPassword(hash, 'café au lait, s’il vous plaît'.normalize('NFC'))).toBe(true);
  });

  it('are hashed two at a time, all of them', async () => {
    const hashes = await Promise.all(
      Array.from({ length: 7 }, (_, index) => hashPassword(`number ${index}`)),
    );
    expect(await Promise.all(hashes.map((hash, index) => verifyPassword(hash, `number ${index}`)))).toEqual(
      Array<boolean>(7).fill(true),
    );
  });

  it.each([
    ['elevenchars', 'it has 11 characters'],
    ['🙂🙂🙂🙂🙂🙂', 'it has 6 characters'],
    [`${'é'.repeat(500)}x`, 'more than 1000 bytes'],
    ['aaaaaaaaaaaaaaaa', 'repeats one character'],
    ['Ann.Example@Example.com', 'it is the e-mail'],
    ['ann.example1', undefined],
  ])('refuse %s', (password, reason) => {
    const check = () => refuseWeakPassword(password, 'ann.example@example.com');
    if (reason === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(reason);
  });
});
