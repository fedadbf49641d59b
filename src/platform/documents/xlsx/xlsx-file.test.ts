import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { formatDecimal, parseDecimal } from '../../kernel/index.ts';
import { unpack } from './archive.ts';
import { type XlsxCell, xlsxLimits } from './model.ts';
import { readWorkbook } from './read.ts';
import { sheetNames } from './text.ts';
import { writeWorkbook } from './write.ts';
import { readXlsx, xlsxFile } from './xlsx-file.ts';

afterEach(() => {
  vi.useRealTimers();
});

const columns = [
  { title: 'Application' },
  { title: 'Cost', width: 14 },
  { title: 'Count' },
  { title: 'Day' },
];

const read = async (bytes: Buffer) => readWorkbook(bytes, 'costs.xlsx', xlsxLimits);
const cellsOf = async (bytes: Buffer) => (await read(bytes))[0]?.records.map(({ cells }) => cells);

async function sheetXml(bytes: Buffer): Promise<string> {
  return String((await unpack(bytes, 'x', xlsxLimits)).get('xl/worksheets/sheet1.xml'));
}

it('writes texts, decimals, whole numbers and days as what they are', async () => {
  const rows: XlsxCell[][] = [
    ['Storefront', { decimal: '12.50', places: 2 }, { integer: 7 }, { date: '2026-10-31' }],
    [null, { decimal: '-3' }, { integer: 12_345_678_901_234_567_890n }, { date: '1899-12-31' }],
  ];
  const bytes = await xlsxFile([{ name: 'October', columns, rows }]);
  expect(await readXlsx(bytes, 'costs.xlsx')).toEqual([
    {
      name: 'October',
      records: [
        { row: 1, cells: ['Application', 'Cost', 'Count', 'Day'] },
        { row: 2, cells: ['Storefront', '12.5', '7', '2026-10-31'] },
        { row: 3, cells: ['', '-3', '12345678901234567890', '1899-12-31'] },
      ],
    },
  ]);
  const xml = await sheetXml(bytes);
  expect(xml).toContain('<v>12.5</v>');
  expect(xml).toMatch(/<pane [^>]*ySplit="1"/);
  expect(xml).not.toContain('<v>12345678901234567890</v>');
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '=HYPERLINK("http://x")'])('%s stays a text', async (text) => {
  const bytes = await writeWorkbook([{ name: 'x', columns: [{ title: 'a' }], rows: [[text]] }]);
  const xml = await sheetXml(bytes);
  expect(xml).not.toMatch(/<f[ >]/);
  expect(xml).toMatch(/<c r="A2"[^>]* t="s"/);
  expect(xml).toMatch(/<c r="A2" s="\d+"/);
  expect(await cellsOf(bytes)).toEqual([['a'], [text]]);
});

it('keeps every digit of every decimal', async () => {
  const decimal = fc
    .tuple(fc.bigInt({ min: -(10n ** 26n), max: 10n ** 26n }), fc.integer({ min: 0, max: 12 }))
    .map(([units, scale]) => formatDecimal({ units, scale }));
  await fc.assert(
    fc.asyncProperty(fc.array(decimal, { minLength: 1, maxLength: 40 }), async (texts) => {
      const bytes = await writeWorkbook([
        { name: 'x', columns: [{ title: 'a' }], rows: texts.map((text) => [{ decimal: text }]) },
      ]);
      expect((await cellsOf(bytes))?.slice(1)).toEqual(
        texts.map((text) => [formatDecimal(parseDecimal(text))]),
      );
    }),
    { numRuns: 25 },
  );
});

it('keeps every text as it is: spaces, line ends, control characters, what looks like an escape', async () => {
  const unit = fc.constantFrom(
    ...[
      'a',
      ' ',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u0008',
      '\u007f',
      '\u0085',
      '<',
      '&',
      '"',
      '_x0041_',
      '_x',
      '😀',
      '\ufffe',
      '\ufdd0',
    ],
  );
  const text = fc.string({ unit, minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 30 }), async (texts) => {
      const bytes = await writeWorkbook([
        { name: 'x', columns: [{ title: 'a' }], rows: texts.map((one) => [one]) },
      ]);
      expect((await cellsOf(bytes))?.slice(1)).toEqual(texts.map((one) => [one]));
    }),
    { numRuns: 25 },
  );
  const halves = await writeWorkbook([{ name: 'x', columns: [{ title: 'a' }], rows: [['half \ud800']] }]);
  expect(await cellsOf(halves)).toEqual([['a'], ['half \ufffd']]);
});

it('gives the same bytes whenever it is written', async () => {
  const sheets = [{ name: 'October', columns, rows: [['a', { decimal: '1' }, null, null]] }];
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime('2026-11-21T09:30:00Z');
  const first = await writeWorkbook(sheets);
  vi.setSystemTime('2027-03-01T17:00:00Z');
  expect(first.equals(await writeWorkbook(sheets))).toBe(true);
  expect(first.equals(await writeWorkbook([{ ...sheets[0], name: 'November', columns, rows: [] }]))).toBe(
    false,
  );
});

it('names sheets as spreadsheets allow, each once', () => {
  expect(sheetNames(['Q1/Q2', 'q1-q2', "'quoted'", '', 'History', 'a\u0007b'])).toEqual([
    ...['Q1-Q2', 'q1-q2 (2)', 'quoted', 'Sheet', 'Sheet History', 'ab'],
  ]);
  const long = sheetNames(['x'.repeat(40), 'x'.repeat(40), `${'x'.repeat(30)}😀`]);
  expect(long).toEqual(['x'.repeat(31), `${'x'.repeat(27)} (2)`, 'x'.repeat(30)]);
});

it('refuses a text that no cell holds, by its place', async () => {
  const rows = [['ok'], ['x'.repeat(32_768)]];
  await expect(xlsxFile([{ name: 'Notes', columns: [{ title: 'a' }], rows }])).rejects.toThrow(
    "Sheet 'Notes', row 3, column A: the text has 32768 characters",
  );
});

it('refuses more cells than anybody opens', async () => {
  const rows = Array.from({ length: 250_001 }, () => []);
  await expect(
    xlsxFile([{ name: 'x', columns: [{ title: 'a' }, { title: 'b' }], rows }]),
  ).rejects.toMatchObject({
    code: 'documents.tooLong',
  });
});

it('takes a date or a number that is none for a bug of ours', async () => {
  const sheet = (cell: XlsxCell) => [{ name: 'x', columns: [{ title: 'a' }], rows: [[cell]] }];
  await expect(xlsxFile(sheet({ date: '2026-02-30' }))).rejects.toThrow("'2026-02-30' is not a day");
  await expect(xlsxFile(sheet({ decimal: '1,5' }))).rejects.toThrow("'1,5' is not a decimal number");
});

it('writes and reads many cells in a thread, so that others are served', async () => {
  const rows = Array.from({ length: 4000 }, (_, index) => [
    `Application ${index}`,
    { decimal: `${index}.25` },
    { integer: index },
    null,
  ]);
  let longest = 0;
  let last = performance.now();
  const watching = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const bytes = await xlsxFile([{ name: 'many', columns, rows }]);
  const [sheet] = await readXlsx(bytes, 'many.xlsx');
  clearInterval(watching);
  expect(sheet?.records).toHaveLength(4001);
  expect(sheet?.records.at(-1)).toEqual({ row: 4001, cells: ['Application 3999', '3999.25', '3999', ''] });
  expect(bytes.equals(await writeWorkbook([{ name: 'many', columns, rows }]))).toBe(true);
  expect(longest).toBeLessThan(200);
});
