import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvLeveller, type RaggedRow, readCsvRecord } from './csv.ts';

/** Records of a text by RFC 4180, character by character, each with its fields as they are written; empty lines are none. */
function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let field = '';
  let at = 0;
  const endRecord = () => {
    if (fields.length > 0 || field !== '') records.push([...fields, field]);
    fields = [];
    field = '';
  };
  while (at < text.length) {
    const c = text[at];
    if (c === '"' && field === '') {
      // A quoted field reaches to the next quote that is not doubled, or to the end of the text.
      const end = /^"(?:[^"]|"")*(?:"|$)/.exec(text.slice(at))?.[0] ?? '';
      field += end;
      at += end.length;
      continue;
    }
    if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n' || c === '\r') endRecord();
    else field += c;
    at++;
  }
  endRecord();
  return records;
}

/** What levelling must give: every record `width` fields wide, and which were not. The header is record 0. */
function levelled(text: string, width: number): { text: string; ragged: RaggedRow[] } {
  const records = recordsOf(text);
  const ragged = records.flatMap((fields, row) =>
    fields.length === width ? [] : [{ row, fields: fields.length }],
  );
  const lines = records.map((fields) =>
    Array.from({ length: width }, (_, index) => fields[index] ?? '').join(','),
  );
  return { text: lines.map((line) => `${line}\n`).join(''), ragged };
}

/** Levels a text that arrives in chunks cut at the given bytes. */
function level(text: string, width: number, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const leveller = new CsvLeveller(width);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const chunks = places
    .slice(1)
    .map((end, index) => Buffer.from(leveller.push(bytes.subarray(places[index], end))));
  const out = Buffer.concat([...chunks, Buffer.from(leveller.finish())]).toString();
  return { text: out, ragged: leveller.ragged, records: leveller.records };
}

const quotedField = fc
  .array(fc.constantFrom('a', 'é', ',', '\n', '\r\n', '""', ' '), { maxLength: 5 })
  .map((parts) => `"${parts.join('')}"`);
const plainField = fc
  .array(fc.constantFrom('a', 'b', '1', ' ', 'é', '€', '😀'), { maxLength: 4 })
  .map((parts) => parts.join(''));
const field = fc.oneof({ weight: 3, arbitrary: plainField }, { weight: 1, arbitrary: quotedField });
const record = fc.array(field, { minLength: 1, maxLength: 6 }).map((fields) => fields.join(','));
const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n');
const document = fc
  .tuple(fc.array(fc.tuple(record, lineEnd), { maxLength: 8 }), fc.boolean())
  .map(([lines, final]) => {
    const text = lines.map(([content, end]) => content + end).join('');
    return final ? text : text.replace(/[\r\n]+$/, '');
  });

describe('levelling', () => {
  test('makes every record as wide as the header, whatever the chunks', () => {
    fc.assert(
      fc.property(
        document,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (text, width, cuts) => {
          const { records, ...out } = level(text, width, cuts);
          expect(out).toEqual(levelled(text, width));
          expect(records).toBe(recordsOf(text).length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('does not depend on where the chunks are cut', () => {
    const text = 'a,b,c\r\n1,"2 ""and""\r\n3",4\r\n\r\n5,6\r\n7,8,9,10\r\n"é",,';
    const whole = level(text, 3);
    expect(whole).toEqual({
      text: 'a,b,c\n1,"2 ""and""\r\n3",4\n5,6,\n7,8,9\n"é",,\n',
      ragged: [
        { row: 2, fields: 2 },
        { row: 3, fields: 4 },
      ],
      records: 5,
    });
    for (let cut = 0; cut <= Buffer.byteLength(text); cut++) expect(level(text, 3, [cut])).toEqual(whole);
  });

  test('changes nothing but line ends of a well-formed file', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, end) => {
          const lines = rows.map((fields) => fields.join(','));
          const { text, ragged } = level(lines.map((line) => line + end).join(''), 3);
          expect(text).toBe(lines.map((line) => `${line}\n`).join(''));
          expect(ragged).toEqual([]);
        },
      ),
    );
  });

  test('takes a quote inside an unquoted field for an ordinary character', () => {
    expect(level('a,b\n5" disk,x,y\n1,2\n', 2)).toEqual({
      text: 'a,b\n5" disk,x\n1,2\n',
      ragged: [{ row: 1, fields: 3 }],
      records: 3,
    });
  });

  test('a quote that is never closed swallows the rest, as one ragged record', () => {
    expect(level('a,b\n1,2\n"3,4\n5,6\n', 2)).toMatchObject({ ragged: [{ row: 2, fields: 1 }], records: 3 });
  });
});

describe('the first record', () => {
  test('is read through quotes, doubled quotes and line ends inside them', () => {
    expect(readCsvRecord('a,"b ""c""","d\r\ne",\r\n1,2,3,4')).toEqual({
      fields: ['a', 'b "c"', 'd\r\ne', ''],
      complete: true,
    });
  });

  test('loses a byte order mark', () => {
    expect(readCsvRecord('\ufeffa,b\n').fields).toEqual(['a', 'b']);
  });

  test('is not complete where the text ends before it does', () => {
    expect(readCsvRecord('a,b')).toEqual({ fields: ['a', 'b'], complete: false });
    expect(readCsvRecord('a,"b\n').complete).toBe(false);
  });
});
