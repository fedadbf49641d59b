import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCsv, rearm } from './csv.ts';
import { csvFile } from './csv-file.ts';
import { figureText } from './figure-text.ts';

it('keeps numbers numbers, and gives what a spreadsheet would run an apostrophe', () => {
  expect(
    csvFile(
      ['name', 'delta'],
      [
        ['=1+1', '-5.20'],
        ['-1+1', '12'],
        ['a "b"', null],
      ],
    ),
  ).toBe('name,delta\r\n\'=1+1,-5.20\r\n\'-1+1,12\r\n"a ""b""",\r\n');
});

it('gives every text back as it was', () => {
  const text = fc.string({
    unit: fc.constantFrom('-', '=', "'", '1', '.', 'a', '\n', '"', ','),
    minLength: 1,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (rows) => {
      const read = readCsv(csvFile(['a', 'b'], rows)).records.slice(1);
      expect(read.map(({ cells }) => cells.map(rearm))).toEqual(rows);
    }),
  );
});

it.each([
  ['1234567.8', 2, '1\u202f234\u202f567.80'],
  ['-1234567.805', 2, '\u22121\u202f234\u202f567.81'],
  ['-123456', 0, '\u2212123\u202f456'],
  ['999.5', 0, '1\u202f000'],
  ['0', 2, '0.00'],
  ['-0.001', 2, '0.00'],
])('%s with %i places reads %s', (value, places, text) => {
  expect(figureText(value, places)).toBe(text);
});
