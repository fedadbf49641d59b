import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { allowedPath, safeFileName } from './paths.ts';
import { refusalOf } from './testing/refusal.ts';

let root: string;
let outside: string;

beforeAll(async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'centrail-paths-')));
  root = join(folder, 'bills');
  outside = join(folder, 'secrets');
  await mkdir(join(root, 'aws'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, 'aws', 'bill.csv'), 'a');
  await writeFile(join(outside, 'key'), 'secret');
  await symlink(join(outside, 'key'), join(root, 'aws', 'link-out'));
  await symlink(outside, join(root, 'folder-out'));
  await symlink(join(root, 'aws', 'bill.csv'), join(root, 'link-in'));
  await symlink(root, join(folder, 'alias'));
});

test('gives the real path of a file inside the roots, through links that stay inside', async () => {
  const bill = join(root, 'aws', 'bill.csv');
  expect(await allowedPath(bill, [root])).toBe(bill);
  expect(await allowedPath(join(root, 'link-in'), [root])).toBe(bill);
  expect(await allowedPath(join(root, '..', 'alias', 'aws', 'bill.csv'), [root])).toBe(bill);
  expect(await allowedPath(bill, ['/'])).toBe(bill);
});

test('refuses a way out of the roots with exit code 4, whether by name, by link or by a neighbour with the same start', async () => {
  const ways = [
    join(outside, 'key'),
    join(root, 'aws', 'link-out'),
    join(root, 'folder-out', 'key'),
    `${root}2`,
    '/etc/passwd',
  ];
  for (const way of ways) {
    expect(await refusalOf(allowedPath(way, [root])), way).toMatchObject({
      code: 'objects.outsideRoots',
      exitCode: 4,
    });
  }
  expect(await refusalOf(allowedPath(join(root, 'aws', 'bill.csv'), []))).toMatchObject({ exitCode: 4 });
});

test('refuses two dots and NUL bytes before looking at the disk', async () => {
  for (const way of [`${root}/../bills/aws/bill.csv`, '..', `${root}/aws\0/bill.csv`, '']) {
    expect(await refusalOf(allowedPath(way, [root])), JSON.stringify(way)).toMatchObject({
      code: 'objects.badPath',
      exitCode: 4,
    });
  }
});

test('tells a missing file from a forbidden one only inside the roots', async () => {
  expect(await refusalOf(allowedPath(join(root, 'none.csv'), [root]))).toMatchObject({
    code: 'objects.notFound',
    exitCode: 3,
  });
  expect(await refusalOf(allowedPath(join(outside, 'none'), [root]))).toMatchObject({
    code: 'objects.outsideRoots',
  });
});

test('makes one harmless file name of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const name = safeFileName(text);
      expect(name).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/);
    }),
  );
  expect(safeFileName('../../etc/passwd')).toBe('__.._etc_passwd');
});
