import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openLocalStore } from './local.ts';
import type { ObjectStore } from './store.ts';
import { refusalOf } from './testing/refusal.ts';

let folder: string;
let root: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'centrail-local-')));
  root = join(folder, 'bills');
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  await writeFile(join(root, 'a', 'b', 'deep.csv'), 'deep');
  await writeFile(join(root, 'a', 'x.csv'), 'xx');
  await writeFile(join(root, 'a.csv'), 'a');
  store = openLocalStore({ roots: [root] });
});

async function names(prefix: string, delimiter?: '/'): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of store.list(prefix, delimiter ? { delimiter } : {})) {
    found.push(entry.uri.slice(root.length + 1));
  }
  return found;
}

test('lists a folder as S3 lists a prefix: byte order, one level with a delimiter, text prefixes, nothing for nothing', async () => {
  expect(await names(`${root}/`)).toEqual(['a.csv', 'a/b/deep.csv', 'a/x.csv']);
  expect(await names(`${root}/`, '/')).toEqual(['a.csv', 'a/']);
  expect(await names(`${root}/a`, '/')).toEqual(['a.csv', 'a/']);
  expect(await names(`${root}/a/x`, '/')).toEqual(['a/x.csv']);
  expect(await names(`${root}/none/`, '/')).toEqual([]);
  expect(await names(`${root}/a.csv/`, '/')).toEqual([]);
});

test('refuses a link that leads out of the folder, in a listing too, and a circle of links', async () => {
  await symlink(root, join(root, 'a', 'circle'));
  expect(await refusalOf(names(`${root}/`))).toMatchObject({ code: 'objects.badPath' });
  await symlink('/etc', join(root, 'out'));
  expect(await refusalOf(names(`${root}/`, '/'))).toMatchObject({
    code: 'objects.outsideRoots',
    exitCode: 4,
  });
  expect(await refusalOf(store.readText(join(root, 'out', 'passwd'), 1000))).toMatchObject({ exitCode: 4 });
  expect(await refusalOf(store.head(join(folder, 'x')))).toMatchObject({ exitCode: 4 });
});

test('copies a file with its hash, and leaves no part behind', async () => {
  const content = Buffer.alloc(3_000_000, 'centrail');
  await writeFile(join(root, 'big.csv'), content);
  const target = join(folder, 'copy', 'big.csv');
  const seen: number[] = [];
  const fetched = await store.fetch(join(root, 'big.csv'), target, {
    onProgress: (bytes) => seen.push(bytes),
  });
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(fetched).toMatchObject({ bytes: 3_000_000, sha256 });
  expect((await readFile(target)).equals(content)).toBe(true);
  expect(await readdir(join(folder, 'copy'))).toEqual(['big.csv']);
  expect(seen.at(-1)).toBe(3_000_000);
});

test('refuses a file that is another one than was listed, or that grows while it is copied', async () => {
  const file = join(root, 'a.csv');
  const listed = await store.head(file);
  await appendFile(file, 'more');
  const target = join(folder, 'copy.csv');
  const expected = { etag: listed.etag, bytes: listed.bytes };
  expect(await refusalOf(store.fetch(file, target, { expected }))).toMatchObject({
    code: 'objects.objectChanged',
    exitCode: 7,
  });
  let grown = false;
  const onProgress = () => {
    if (!grown) writeFileSync(file, 'something else');
    grown = true;
  };
  const refused = await refusalOf(store.fetch(file, target, { onProgress }));
  expect(refused.message).toContain('Object changed during download');
  expect(await readdir(folder)).toEqual(['bills']);
});

test('reads small text only, as UTF-8 without its byte order mark', async () => {
  await writeFile(join(root, 'm.json'), '\ufeff{"é":1}');
  expect(await store.readText(join(root, 'm.json'), 100)).toBe('{"é":1}');
  expect(await refusalOf(store.readText(join(root, 'm.json'), 5))).toMatchObject({
    code: 'objects.tooLarge',
  });
  await writeFile(join(root, 'latin1.json'), Buffer.from([0x7b, 0xe9, 0x7d]));
  const refused = await refusalOf(store.readText(join(root, 'latin1.json'), 100));
  expect(refused).toMatchObject({ code: 'objects.badEncoding', exitCode: 5 });
  expect(await refusalOf(store.readText(root, 100))).toMatchObject({ code: 'objects.notAFile' });
});
