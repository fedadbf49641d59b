import { describe, expect, it } from 'vitest';
import { zipOf } from '../../objects/testing/zip.ts';
import { type HandMade, part, rowsOf, workbookOf } from '../testing/workbook.ts';
import { type XlsxLimits, xlsxLimits } from './model.ts';
import { readWorkbook } from './read.ts';
import { readXlsx } from './xlsx-file.ts';

const read = (made: HandMade, limits: Partial<XlsxLimits> = {}) =>
  readWorkbook(workbookOf(made), 'prices.xlsx', { ...xlsxLimits, ...limits });

const firstCells = async (made: HandMade) => (await read(made))[0]?.records.map(({ cells }) => cells);

const oneCell = (cell: string, rest: Partial<HandMade> = {}) =>
  firstCells({ ...rest, sheets: { Prices: rowsOf([cell]) } });

describe('a workbook that somebody sent', () => {
  it('reads every sheet with the numbers of its rows, empty rows left out', async () => {
    const sheets = {
      Prices:
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2"><v>1.5</v></c></row><row r="5"><c r="B5" t="b"><v>1</v></c></row><row r="1048576"/>',
      'R&amp;D': rowsOf(['<c r="A1" t="inlineStr"><is><t>x</t></is></c>']),
    };
    expect(await read({ sheets, strings: [' padded '] })).toEqual([
      {
        name: 'Prices',
        records: [
          { row: 2, cells: [' padded ', '', '1.5'] },
          { row: 5, cells: ['', 'TRUE', ''] },
        ],
      },
      { name: 'R&D', records: [{ row: 1, cells: ['x'] }] },
    ]);
  });

  it('reads numbers as their shortest decimal', async () => {
    expect(await oneCell('<c r="A1"><v>1.1000000000000001</v></c><c r="B1"><v>1E-7</v></c>')).toEqual([
      ['1.1', '0.0000001'],
    ]);
  });

  it('reads the value that was saved with a formula', async () => {
    const cells =
      '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1&amp;"x"</f><v>2x</v></c><c r="C1" t="str"><f>""</f><v></v></c><c r="D1"><v>4</v></c>';
    expect(await oneCell(cells)).toEqual([['2', '2x', '', '4']]);
  });

  it('reads days as days, in both counts', async () => {
    const formats = ['yyyy\\-mm\\-dd', 'd/m/yy h:mm'];
    const cells =
      '<c r="A1" s="1"><v>46326</v></c><c r="B1" s="2"><v>46326.604166666664</v></c><c r="C1" t="d"><v>2026-10-31</v></c>';
    expect(await oneCell(cells, { formats })).toEqual([['2026-10-31', '2026-10-31T14:30:00', '2026-10-31']]);
    expect(await oneCell('<c r="A1" s="1"><v>44864</v></c>', { formats, epoch1904: true })).toEqual([
      ['2026-10-31'],
    ]);
  });

  it('takes no amount for a day, however it is shown', async () => {
    const formats = [
      '#,##0.00 &quot;USD&quot;',
      '[Red]-0.00',
      '#,##0.00\\ [$zł-415]',
      '[$€-40C]\\ #,##0.00',
      '0.00%',
      '0.00E+00',
      '&quot;day &quot;0',
      '#,##0.00_);[Red](#,##0.00)',
    ];
    const cells = formats
      .map((_, index) => `<c r="${'ABCDEFGH'[index]}1" s="${index + 1}"><v>46326.5</v></c>`)
      .join('');
    expect(await oneCell(cells, { formats })).toEqual([formats.map(() => '46326.5')]);
  });
});

describe('what is refused by sheet, row and column', () => {
  it.each([
    ['<c r="B7" t="e"><f>C1</f><v>#REF!</v></c>', 'it shows #REF!'],
    ['<c r="B7"><f>C1*2</f></c>', 'its formula was never calculated'],
    ['<x:c r="B7"><x:f>C1*2</x:f></x:c>', 'its formula was never calculated'],
    ['<c r="B7"><v>twelve</v></c>', 'its number is none'],
    ['<c r="B7" s="1"><v>99999999</v></c>', 'its date is outside'],
  ])('%s', async (cell, problem) => {
    const sheets = { Other: rowsOf(['']), Prices: `<row r="7">${cell}</row>` };
    const refused = read({ sheets, formats: ['yyyy-mm-dd'] });
    await expect(refused).rejects.toMatchObject({
      code: 'documents.unfitCell',
      params: { sheet: 'Prices', row: 7, column: 'B' },
    });
    await expect(refused).rejects.toThrow(problem);
  });
});

describe('what would take too much', () => {
  const value = (address: string) => `<row r="${/\d+/.exec(address)}"><c r="${address}"><v>1</v></c></row>`;

  it.each([
    ['one value in the last cell', { sheets: { a: value('XFD1048576') } }, {}],
    ['a row too many', { sheets: { a: value('A101') } }, { rows: 100 }],
    ['a cell too many', { sheets: { a: value('F10') } }, { cells: 59 }],
    ['a sheet too many', { sheets: { a: '', b: '', c: '' } }, { sheets: 2 }],
    ['a cell behind a comment with a quote', { sheets: { a: `<!-- <c x=" -->${value('XFD1048576')}` } }, {}],
    [
      'a cell whose place stands behind a bracket',
      { sheets: { a: '<row r="1"><c x=">" r="XFD1048576"><v>1</v></c></row>' } },
      {},
    ],
    ['a cell behind CDATA', { sheets: { a: `<![CDATA[<c r="A1">]]>${value('XFD1048576')}` } }, {}],
  ])('%s', async (_, made, limits) => {
    await expect(read(made as HandMade, limits)).rejects.toMatchObject({ code: 'documents.fileTooLarge' });
  });

  it('leaves cells without a value out of the count', async () => {
    const made = {
      sheets: {
        a: '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFC1048576" s="0"></c><c r="XFD1048576" s="0"/></row>',
      },
    };
    expect(await read(made)).toEqual([{ name: 'a', records: [{ row: 1, cells: ['1'] }] }]);
    expect(await read({ sheets: { a: value('F10') } }, { cells: 60, rows: 10, sheets: 1 })).toHaveLength(1);
  });

  it('a file of too many bytes is not opened', async () => {
    await expect(readXlsx(Buffer.alloc(101), 'x.xlsx', { ...xlsxLimits, bytes: 100 })).rejects.toThrow(
      'x.xlsx has 101 bytes, and at most 100 are read',
    );
  });

  it('a zip bomb is refused by what it declares, before it is unpacked', async () => {
    const bomb = part('xl/worksheets/sheet2.xml', ' '.repeat(1_000_000));
    const made = { sheets: { a: '' }, parts: [{ ...bomb, declaredBytes: 5_000_000_0 }] };
    await expect(read(made, { unpackedBytes: 2_000_000 })).rejects.toMatchObject({ code: 'objects.bomb' });
  });

  it('a zip that declares less than it holds is refused while it is unpacked', async () => {
    const liar = part('xl/worksheets/sheet1.xml', ' '.repeat(1_000_000));
    const made = { sheets: { a: '' }, parts: [{ ...liar, declaredBytes: 1000 }] };
    await expect(read(made)).rejects.toThrow('too many bytes in the stream');
  });

  it('a file that takes too long is given up', async () => {
    const bytes = workbookOf({ sheets: { a: value('A1') } });
    await expect(readXlsx(bytes, 'slow.xlsx', { ...xlsxLimits, timeoutMs: 1 })).rejects.toThrow(
      'it took more than 0.001 s',
    );
  });
});

describe('what is no sound workbook', () => {
  const good = { sheets: { a: rowsOf(['<c r="A1"><v>1</v></c>']) } };

  it.each([
    ['text', Buffer.from('month,price\n'), 'is not a sound XLSX file'],
    [
      'an old .xls',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
      'an old .xls, or has a password',
    ],
    ['a zip of something else', zipOf([part('word/document.xml', '<w/>')]), 'it holds no xl/workbook.xml'],
    ['half a workbook', workbookOf(good).subarray(0, 900), 'is not a sound XLSX file'],
    ['a sheet that is missing', zipOf([]), 'it holds no xl/workbook.xml'],
    [
      'a document type',
      workbookOf({ ...good, parts: [part('xl/workbook.xml', '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>')] }),
      'a document type',
    ],
    [
      'an encrypted part',
      workbookOf({ ...good, parts: [{ ...part('xl/styles.xml', '<s/>'), encrypted: true }] }),
      'it is encrypted',
    ],
    [
      'a wrong checksum',
      workbookOf({ ...good, parts: [{ ...part('xl/styles.xml', '<s/>'), crc: 1 }] }),
      'does not match its CRC-32',
    ],
    [
      'a part twice',
      workbookOf({ ...good, parts: [part('xl/A.xml', '<s/>'), part('xl/a.xml', '<s/>')] }),
      'twice',
    ],
    [
      'a cell without a place',
      workbookOf({ sheets: { a: rowsOf(['<c><v>1</v></c>']) } }),
      'does not say where it is',
    ],
    [
      'XML that ends early',
      workbookOf({ sheets: { a: '<row r="1"><c r="A1"><v>1</v></c' } }),
      'is not a sound XLSX file',
    ],
    [
      'another encoding',
      workbookOf({
        ...good,
        parts: [{ name: 'xl/worksheets/sheet1.xml', content: Buffer.from([0xff, 0xfe, 60, 0]) }],
      }),
      'is not UTF-8',
    ],
  ])('%s', async (_, bytes, problem) => {
    const refused = readWorkbook(bytes, 'prices.xlsx', xlsxLimits);
    await expect(refused).rejects.toMatchObject({ code: 'documents.unsoundFile' });
    await expect(refused).rejects.toThrow(problem);
  });

  it('says the same when it is read in its thread', async () => {
    await expect(readXlsx(Buffer.from('month,price\n'), 'prices.xlsx')).rejects.toMatchObject({
      code: 'documents.unsoundFile',
      status: 422,
      exitCode: 5,
      params: { file: 'prices.xlsx' },
    });
  });
});
