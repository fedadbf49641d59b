import { createHash } from 'node:crypto';
import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { checkGzip } from './gzip.ts';
import { refusalOf } from './testing/refusal.ts';

let folder: string;
const rows = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) => `${i},i-${(i * 7919) % 99991},0.${i}\n`).join(''),
);
const packed = gzipSync(rows);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-gzip-'));
});

async function file(name: string, content: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

test('a whole file passes, with the size of its content and the hash of the file', async () => {
  const whole = await file('whole.csv.gz', packed);
  const sha256 = createHash('sha256').update(packed).digest('hex');
  expect(await checkGzip(whole)).toEqual({ bytes: rows.length, packedBytes: packed.length, sha256 });
});

test('a file of several members, as parallel writers make it, is whole too', async () => {
  const two = await file('two.csv.gz', Buffer.concat([packed, gzipSync(Buffer.from('last,row\n'))]));
  expect(await checkGzip(two)).toMatchObject({ bytes: rows.length + 9 });
});

test('every cut of the file is refused with exit code 5 and the byte where it ends', async () => {
  const small = gzipSync(Buffer.from('a,b\n1,2\n'));
  for (let length = 0; length < small.length; length++) {
    const refused = await refusalOf(checkGzip(await file('cut.csv.gz', small.subarray(0, length))));
    expect(refused, `cut at ${length}`).toMatchObject({ code: 'objects.truncatedGzip', exitCode: 5 });
    expect(refused.params).toMatchObject({ offset: length });
  }
  const long = await file('long.csv.gz', packed);
  await truncate(long, packed.length - 4000);
  expect((await refusalOf(checkGzip(long))).message).toContain(`long.csv.gz is cut off`);
});

test('a cut within a later member is refused', async () => {
  const second = gzipSync(Buffer.from('last,row\n'));
  for (const length of [1, 2, 5, second.length - 1]) {
    const cut = await file('two-cut.csv.gz', Buffer.concat([packed, second.subarray(0, length)]));
    expect(await refusalOf(checkGzip(cut)), `cut at ${length}`).toMatchObject({ exitCode: 5 });
  }
});

test('a changed byte, a wrong checksum, foreign bytes at the end, and plain text are refused', async () => {
  const flipped = Buffer.from(packed);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] as number) ^ 0x55;
  const wrongSum = Buffer.from(packed);
  wrongSum[wrongSum.length - 6] = (wrongSum[wrongSum.length - 6] as number) ^ 1;
  const cases = {
    flipped,
    wrongSum,
    trailing: Buffer.concat([packed, Buffer.from('garbage')]),
    zeros: Buffer.concat([packed, Buffer.alloc(64)]),
    text: Buffer.from('a,b\n1,2\n'),
  };
  for (const [name, content] of Object.entries(cases)) {
    const refused = await refusalOf(checkGzip(await file(`${name}.csv.gz`, content)));
    expect(refused, name).toMatchObject({ code: 'objects.corruptGzip', exitCode: 5 });
    expect(refused.params['offset'], name).toBeTypeOf('number');
  }
});

test('a bomb is stopped long before it has been unpacked', async () => {
  const bomb = await file('bomb.csv.gz', gzipSync(Buffer.alloc(150_000_000), { level: 9 }));
  const refused = await refusalOf(checkGzip(bomb));
  expect(refused).toMatchObject({ code: 'objects.bomb', exitCode: 5 });
  expect(refused.params['bytes']).toBeLessThan(110_000_000);
  const limited = await refusalOf(checkGzip(await file('w.csv.gz', packed), { maxBytes: 1000 }));
  expect(limited.message).toContain('more than the limit of 1000 bytes');
});

test('a file that is not there is not found', async () => {
  expect(await refusalOf(checkGzip(join(folder, 'none.gz')))).toMatchObject({ exitCode: 3 });
  expect((await readFile(join(folder, 'whole.csv.gz'))).length).toBe(packed.length);
});
