import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disarm, readCsv, rearm, writeCsv } from './csv.ts';

const cells = (text: string) => readCsv(text).records.map((record) => record.cells);

describe('reading CSV', () => {
  it('reads quotes, commas and line ends inside quotes, and either line end outside', () => {
    expect(cells('id,label\r\na,"Shop, ""the"" one"\nb,"two\r\nlines"')).toEqual([
      ['id', 'label'],
      ['a', 'Shop, "the" one'],
      ['b', 'two\r\nlines'],
    ]);
  });

  it('knows an empty cell from no cell, and leaves empty lines out but counts them', () => {
    expect(readCsv('\ufeffid,label\n\na,\n\n').records).toEqual([
      { row: 1, cells: ['id', 'label'] },
      { row: 3, cells: ['a', ''] },
    ]);
    expect(cells('a,')).toEqual([['a', '']]);
    expect(cells('')).toEqual([]);
    expect(cells('""')).toEqual([['']]);
  });

  it.each([
    ['a,b\nc"d,e', 2],
    ['a,"b"c\n', 1],
    ['a,b\n"c', 2],
    ['a,b\rc,d', 1],
  ])('names the row in which %j breaks', (text, row) => {
    expect(readCsv(text).broken).toMatchObject({ row });
  });

  it('cuts a cell of ten million characters, closed or not', () => {
    const long = 'x'.repeat(10_000_000);
    expect(cells(long)[0]?.[0]).toHaveLength(10_000_000);
    expect(cells(`"${long}"`)[0]?.[0]).toHaveLength(10_000_000);
    expect(readCsv(`"${long}`).broken).toMatchObject({ row: 1 });
  });

  it('reads back whatever was written', () => {
    const written = fc.array(
      fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', "'", '=') }), {
        minLength: 2,
        maxLength: 4,
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(written, (records) => {
        expect(cells(writeCsv(records))).toEqual(records);
      }),
    );
  });
});

describe('cells that a spreadsheet would run', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('%j gets an apostrophe', (text) => {
    expect(disarm(text)).toBe(`'${text}`);
  });

  it('leaves other texts alone, apostrophes included', () => {
    for (const text of ["'tis", "l'eau", '1-1', '', ' =1']) expect(disarm(text)).toBe(text);
  });

  it('gives every text back as it was', () => {
    const texts = fc.string({ unit: fc.constantFrom("'", '=', '-', 'a', '\t', '+') });
    fc.assert(fc.property(texts, (text) => rearm(disarm(text)) === text));
  });
});
