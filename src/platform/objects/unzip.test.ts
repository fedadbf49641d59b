import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { refusalOf } from './testing/refusal.ts';
import { type ZipEntry, zipOf } from './testing/zip.ts';
import { unzipSingleCsv } from './unzip.ts';

let folder: string;
const limits = { maxBytes: 1_000_000_000 };
const bill = { name: 'export/bill 1.csv', content: Buffer.from('a,b\n1,2\n') };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-zip-'));
});

async function unzip(entries: readonly ZipEntry[], change?: (zip: Buffer) => Buffer) {
  const zip = zipOf(entries);
  await writeFile(join(folder, 'bill.zip'), change ? change(zip) : zip);
  return unzipSingleCsv(join(folder, 'bill.zip'), join(folder, 'out'), limits);
}

async function left(): Promise<string[]> {
  return readdir(join(folder, 'out')).catch(() => []);
}

test('unpacks the one CSV under a harmless name and passes over what archivers add', async () => {
  const extras = [
    { name: 'export/', content: Buffer.alloc(0) },
    { name: '__MACOSX/export/._bill 1.csv', content: Buffer.from('x') },
    { name: 'README.txt', content: Buffer.from('read me') },
  ];
  const unpacked = await unzip([...extras, bill]);
  expect(unpacked).toMatchObject({ path: join(folder, 'out', 'bill_1.csv'), entry: bill.name, bytes: 8 });
  expect(await readFile(unpacked.path)).toEqual(bill.content);
  expect(await left()).toEqual(['bill_1.csv']);
});

test('refuses names that lead out of the folder, links, encryption, archives inside, and two bills at once', async () => {
  const cases: readonly (readonly [string, readonly ZipEntry[]])[] = [
    ['not sound', [{ ...bill, name: '../../escape.csv' }]],
    ['not sound', [{ ...bill, name: '/etc/cron.d/x.csv' }]],
    ['not sound', [{ ...bill, name: 'C:/x.csv' }]],
    ['not sound', [{ ...bill, name: '..\\x.csv' }]],
    ['NUL', [{ ...bill, name: 'a\0b.csv' }]],
    ['symbolic link', [{ ...bill, unixMode: 0o120777 }]],
    ['encrypted', [{ ...bill, encrypted: true }]],
    ['archive', [bill, { name: 'inner.zip', content: zipOf([bill]) }]],
    ['archive', [{ name: 'bill.csv.gz', content: Buffer.from('x') }]],
    ['second CSV', [bill, { ...bill, name: 'other.csv' }]],
    ['no CSV', [{ name: 'README.txt', content: Buffer.from('x') }]],
  ];
  for (const [words, entries] of cases) {
    const refused = await refusalOf(unzip(entries));
    expect(refused, words).toMatchObject({ code: 'objects.badZip', exitCode: 5 });
    expect(refused.message).toContain(words);
    expect(await left()).toEqual([]);
  }
});

test('refuses content that does not match its checksum or its stated size, and a cut archive', async () => {
  expect((await refusalOf(unzip([{ ...bill, crc: 1 }]))).message).toContain('CRC-32');
  expect(await refusalOf(unzip([{ ...bill, declaredBytes: 7 }]))).toMatchObject({ exitCode: 5 });
  expect(await refusalOf(unzip([{ ...bill, declaredBytes: 9 }]))).toMatchObject({ exitCode: 5 });
  const cut = await refusalOf(unzip([bill], (zip) => zip.subarray(0, zip.length - 30)));
  expect(cut).toMatchObject({ code: 'objects.badZip', exitCode: 5 });
  expect(await left()).toEqual([]);
});

test('refuses a bomb by its declared size, and one that lies about it', async () => {
  const zeros = { name: 'bomb.csv', content: Buffer.alloc(150_000_000) };
  expect(await refusalOf(unzip([zeros]))).toMatchObject({ code: 'objects.bomb', exitCode: 5 });
  expect(await refusalOf(unzip([{ ...zeros, declaredBytes: 1000 }]))).toMatchObject({ exitCode: 5 });
  expect(await left()).toEqual([]);
  await writeFile(join(folder, 'small.zip'), zipOf([bill]));
  const limited = unzipSingleCsv(join(folder, 'small.zip'), join(folder, 'out'), { maxBytes: 7 });
  expect(await refusalOf(limited)).toMatchObject({ code: 'objects.bomb' });
});
