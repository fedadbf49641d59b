import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsv, writeCsv } from '../../platform/documents/index.ts';
import { type CsvRecord, readCsvFile, readCsvText } from './consumption-csv.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function all(texts: Iterable<string>) {
  const { header, batches } = await readCsvText(texts);
  const records: CsvRecord[] = [];
  for await (const batch of batches) records.push(...batch);
  return { header, records };
}

async function file(content: string | Buffer) {
  const path = join(folder, 'a.csv');
  await writeFile(path, content);
  const { header, batches } = await readCsvFile(path, 'a.csv');
  const records: CsvRecord[] = [];
  for await (const batch of batches) records.push(...batch);
  return { header, records };
}

describe('a CSV file of consumption', () => {
  it('is cut into records that know their row, empty lines counted and left out', async () => {
    const { header, records } = await all([
      'month;application\r\n2026-10;a\r\n\r\n2026-10;"b;\n""c"""\r\n2026-11;d',
    ]);
    expect(header).toEqual(['month', 'application']);
    expect(records.map(({ row, cells }) => [row, ...cells])).toEqual([
      [2, '2026-10', 'a'],
      [4, '2026-10', 'b;\n"c"'],
      [5, '2026-11', 'd'],
    ]);
    expect(records.map(({ line }) => line)).toEqual(['2026-10;a', '2026-10;"b;\n""c"""', '2026-11;d']);
  });

  it('reads the same however it is divided, as the reader of whole texts does', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é', '1'),
      maxLength: 6,
    });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat(40), { maxLength: 5 }), async (cells, cuts) => {
        const text = writeCsv([['a', 'b'], ...cells]);
        const places = [0, ...cuts.map((place) => place % text.length).sort((a, b) => a - b), text.length];
        const parts = places.slice(1).map((end, index) => text.slice(places[index], end));
        const { header, records } = await all(parts);
        const [, ...rest] = readCsv(text).records.map((record) => record.cells);
        expect(header).toEqual(['a', 'b']);
        expect(records.map((record) => record.cells)).toEqual(
          rest.filter((one) => one.join(',').trim() !== '' || one.length > 1),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a quote that is never closed', 'a,b\n1,"2\n3,4\n'],
    ['a quote inside a cell', 'a,b\n1,2"3\n3,4\n'],
    ['text behind a quoted cell', 'a,b\n1,"2"3\n3,4\n'],
  ])('stops at %s and names the row', async (_, text) => {
    const { records } = await all([text]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ row: 2, broken: expect.stringContaining('double quote') });
  });

  it('does not wait for ever for the end of a quote', async () => {
    const { records } = await all(['a,b\n"', ...Array.from({ length: 12 }, () => 'x'.repeat(100_000))]);
    expect(records).toMatchObject([{ row: 2, broken: expect.stringContaining('million') }]);
    expect(records[0]?.line.length).toBeLessThanOrEqual(2000);
  });

  it('may be packed, and have a byte order mark', async () => {
    const { header, records } = await file(gzipSync('\ufeffmonth,quantity\n2026-10,1\n'));
    expect(header).toEqual(['month', 'quantity']);
    expect(records).toEqual([{ row: 2, cells: ['2026-10', '1'], line: '2026-10,1' }]);
  });

  it.each([
    ['bytes that are not UTF-8', Buffer.from('a,b\n\xe9,1\n', 'latin1'), 'not UTF-8'],
    ['UTF-16', Buffer.from('\ufeffa,b\n', 'utf16le'), 'UTF-16'],
    ['a spreadsheet', Buffer.from('PK\x03\x04'), 'spreadsheet'],
    ['Parquet', Buffer.from('PAR1xxxx'), 'Parquet'],
  ])('is not %s', async (_, content, problem) => {
    await expect(file(content)).rejects.toThrow(problem);
  });
});
