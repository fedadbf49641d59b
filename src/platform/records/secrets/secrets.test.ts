import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedClock } from '../../kernel/index.ts';
import { newKey } from './key.ts';
import { keyIdOf, openSecrets } from './secrets.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-secrets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const unused = async () => [];
const open = (name: string, environment?: string) =>
  openSecrets({ file: join(folder, name), environment, sealedWith: unused });
const text = () => newKey().bytes.toString('base64');

describe('sealed fields', () => {
  it('open to the text that was sealed, and never look the same twice', async () => {
    const secrets = await open('round-trip.key');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (address, context) => {
        const sealed = secrets.seal(address, context);
        expect(secrets.open(sealed, context)).toBe(address);
        expect(secrets.seal(address, context)).not.toBe(sealed);
      }),
      { numRuns: 200 },
    );
    expect(secrets.seal('1 Main Street', 'company 7')).not.toContain('Main');
  });

  it('do not open in another row, nor with one character changed anywhere', async () => {
    const secrets = await open('moved.key');
    const sealed = secrets.seal('DE89 3704 0044 0532 0130 00', 'payment 1');
    expect(() => secrets.open(sealed, 'payment 2')).toThrow(/does not open: it was changed, or moved/);
    for (let index = 0; index < sealed.length; index++) {
      const other = sealed[index] === 'A' ? 'B' : 'A';
      const changed = `${sealed.slice(0, index)}${other}${sealed.slice(index + 1)}`;
      // The last character of base64 carries bits that stand for nothing.
      if (
        Buffer.from(changed.split('.').at(-1) ?? '', 'base64url').equals(
          Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url'),
        ) &&
        index === sealed.length - 1
      )
        continue;
      expect(() => secrets.open(changed, 'payment 1'), `character ${index}`).toThrow();
    }
    for (const other of ['', 'v1', sealed.slice(0, 30), 'plain text'])
      expect(() => secrets.open(other, 'payment 1')).toThrow(/does not open/);
  });

  it('name the key that is missing', async () => {
    const [one, two] = [text(), text()];
    const sealed = (await open('x', one)).seal('a', 'c');
    const other = await open('x', two);
    expect(() => other.open(sealed, 'c')).toThrow(`sealed with key ${keyIdOf(sealed)}`);
    expect((await open('x', `${two},${one}`)).open(sealed, 'c')).toBe('a');
  });
});

describe('the key file', () => {
  it('is made on first need, for its owner only, and used again', async () => {
    const first = await open('made/finops.key');
    const file = join(folder, 'made/finops.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^[\w+/]{43}=\n$/);
    expect((await open('made/finops.key')).open(first.seal('a', 'c'), 'c')).toBe('a');
  });

  it('is made once when several programs start together', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open('together.key')));
    expect(new Set(opened.map(({ store }) => store.keys()[0].id)).size).toBe(1);
  });

  it('is refused when others can read it, when it is empty, and when it holds no key', async () => {
    const file = join(folder, 'bad.key');
    await writeFile(file, `${text()}\n`, { mode: 0o600 });
    await chmod(file, 0o640);
    await expect(open('bad.key')).rejects.toThrow(/can be read by others than its owner \(mode 640\)/);
    await chmod(file, 0o600);
    await writeFile(file, '# nothing\n\n');
    await expect(open('bad.key')).rejects.toThrow(/holds no key/);
    const short = Buffer.alloc(31, 1).toString('base64');
    await writeFile(file, `${text()}\n${short}\n`);
    const refused = await open('bad.key').catch((error: Error) => error.message);
    expect(refused).toContain('key 2 is not 32 bytes in base64');
    expect(refused).not.toContain(short);
  });

  it('is not made when fields are sealed already: a new key would not open them', async () => {
    const file = join(folder, 'lost.key');
    const opened = openSecrets({ file, sealedWith: async () => ['0badcafe'] });
    await expect(opened).rejects.toThrow(/sealed with key 0badcafe, and there is no key/);
    await expect(stat(file)).rejects.toThrow(/ENOENT/);
  });

  it('may be changed while a program runs: the next field is sealed with the new key', async () => {
    const running = await open('running.key');
    const sealed = running.seal('a', 'c');
    const other = await open('running.key');
    const { id } = await other.store.addKey(fixedClock('2026-11-21T10:00:00Z').now());
    expect(keyIdOf(running.seal('b', 'c'))).toBe(id);
    expect(running.open(sealed, 'c')).toBe('a');
    expect(await readFile(join(folder, 'running.key'), 'utf8')).toMatch(
      / retired 2026-11-21T10:00:00.000Z\n$/,
    );
    expect((await stat(join(folder, 'running.key'))).mode & 0o777).toBe(0o600);
  });
});
