import { describe, expect, it } from 'vitest';
import {
  counted,
  type Result,
  render,
  renderCsv,
  renderJson,
  sizeText,
  type TableData,
  totalRows,
} from './output.ts';

const bill: TableData = {
  columns: [
    { name: 'ServiceName', header: 'Service', kind: 'text' },
    { name: 'BilledCost', header: 'Billed cost', kind: 'money', currencyColumn: 'BillingCurrency' },
    { name: 'BillingCurrency', header: 'Currency', kind: 'text' },
    { name: 'rows', kind: 'number' },
  ],
  rows: [
    { ServiceName: 'Amazon EC2', BilledCost: '1234567.885', BillingCurrency: 'USD', rows: 1200345 },
    { ServiceName: 'Quota|tier', BilledCost: '-0.000000000001', BillingCurrency: 'USD', rows: 1 },
    { ServiceName: null, BilledCost: '1234.5', BillingCurrency: 'JPY', rows: 0 },
    { ServiceName: 'Speicher', BilledCost: '1.2345', BillingCurrency: 'BHD', rows: null },
  ],
  totals: { rows: 1200346 },
};
const result: Result = { json: { rows: bill.rows }, tables: [bill] };

describe('a table for people', () => {
  it('aligns numbers right and rounds money half-up to the minor unit of its currency', () => {
    expect(render(result, 'table')).toBe(
      [
        'Service      Billed cost  Currency       rows',
        '──────────  ────────────  ────────  ─────────',
        'Amazon EC2  1,234,567.89  USD       1,200,345',
        'Quota|tier          0.00  USD               1',
        '–                  1,235  JPY               0',
        'Speicher           1.235  BHD               –',
        '──────────  ────────────  ────────  ─────────',
        'total                               1,200,346',
        '',
      ].join('\n'),
    );
  });

  it('prints every decimal when asked to', () => {
    const text = render(result, 'table', { exact: true, color: false });
    expect(text).toContain('1,234,567.885');
    expect(text).toContain('-0.000000000001');
  });

  it('lets no text of a bill reach the terminal as a control sequence', () => {
    const rows = [{ ServiceName: '\u001b[31mred\u0007\nnext\u202e' }];
    const text = render({ json: {}, tables: [{ ...bill, rows }] }, 'table');
    for (const control of ['\u001b', '\u0007', '\u202e']) expect(text).not.toContain(control);
    expect(text).toContain(' [31mred next');
  });

  it('aligns letters that take two columns', () => {
    const columns = [{ name: 'a', kind: 'text' } as const, { name: 'n', kind: 'number' } as const];
    const text = render(
      {
        json: {},
        tables: [
          {
            columns,
            rows: [
              { a: '東京', n: 1 },
              { a: 'abcd', n: 2 },
            ],
          },
        ],
      },
      'table',
    );
    expect(text.split('\n').slice(2, 4)).toEqual(['東京  1', 'abcd  2']);
  });

  it('says so when there are no rows, and takes as many as a query may give', () => {
    expect(render({ json: {}, tables: [{ ...bill, rows: [] }] }, 'table')).toContain('(no rows)');
    const rows = Array.from({ length: 200_000 }, (_, row) => ({ rows: row }));
    expect(
      render({ json: {}, tables: [{ columns: [{ name: 'rows', kind: 'number' }], rows }] }, 'table'),
    ).toContain('199,999');
  });
});

describe('JSON', () => {
  it('is one line that begins with the schema version and keeps every decimal', () => {
    expect(render(result, 'json')).toMatch(
      /^\{"schemaVersion":1,"rows":\[\{.*"BilledCost":"-0\.000000000001".*\]\}\n$/,
    );
    expect(renderJson({ big: 2n ** 70n })).toBe('{"schemaVersion":1,"big":"1180591620717411303424"}\n');
  });
});

describe('CSV', () => {
  it('keeps every decimal, leaves out what is missing, and prints no totals', () => {
    expect(render(result, 'csv')).toBe(
      [
        'ServiceName,BilledCost,BillingCurrency,rows',
        'Amazon EC2,1234567.885,USD,1200345',
        'Quota|tier,-0.000000000001,USD,1',
        ',1234.5,JPY,0',
        'Speicher,1.2345,BHD,',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['a=b', 'a=b'],
  ])('writes the text %j so that no spreadsheet runs it', (text, written) => {
    expect(renderCsv({ columns: [{ name: 'c', kind: 'text' }], rows: [{ c: text }] })).toBe(
      `c\n${written}\n`,
    );
  });

  it('guards headers and number columns that hold no number', () => {
    expect(
      renderCsv({ columns: [{ name: '=x', kind: 'money' }], rows: [{ '=x': '-1.5' }, { '=x': '-1+cmd' }] }),
    ).toBe("'=x\n-1.5\n'-1+cmd\n");
  });
});

describe('counts and sizes', () => {
  it('agree with their number', () => {
    expect([counted(1, 'row'), counted(822699, 'row'), counted(0, 'file')]).toEqual([
      '1 row',
      '822,699 rows',
      '0 files',
    ]);
    expect([sizeText(0), sizeText(480_105), sizeText(11_258_125)]).toEqual(['0 kB', '481 kB', '11.3 MB']);
  });
});

describe('totals', () => {
  it('are a row for each currency, because different currencies have no sum', () => {
    const columns = [
      { name: 'BillingCurrency', kind: 'text' },
      { name: 'ServiceName', kind: 'text' },
      { name: 'BilledCost', kind: 'money', currencyColumn: 'BillingCurrency' },
    ] as const;
    const sums = [
      { BillingCurrency: 'JPY', BilledCost: '1000.4' },
      { BillingCurrency: 'USD', BilledCost: '7' },
    ];
    const totals = totalRows({ BilledCost: null }, sums, columns);
    const text = render({ json: {}, tables: [{ columns, rows: [], totals }] }, 'table');
    expect(text.split('\n').slice(-3)).toEqual([
      'JPY              total             1,000',
      'USD              total              7.00',
      '',
    ]);
    // The currency alone: the rows say it already.
    expect(totalRows({ BilledCost: null }, sums, [columns[0], columns[2]])).toEqual([]);
  });
});

describe('Markdown', () => {
  it('escapes what would break the table or the page, and marks the totals', () => {
    const rows = [
      { ServiceName: 'a|b <b>*x*</b>\n[l](u)', BilledCost: '1.005', BillingCurrency: 'USD', rows: 1 },
    ];
    expect(render({ json: {}, tables: [{ ...bill, title: 'Cost', rows }] }, 'md')).toBe(
      [
        '**Cost**',
        '',
        '| Service | Billed cost | Currency | rows |',
        '| --- | ---: | --- | ---: |',
        '| a\\|b \\<b\\>\\*x\\*\\</b\\> \\[l\\](u) | 1.005 | USD | 1 |',
        '| **total** |  |  | **1200346** |',
        '',
      ].join('\n'),
    );
  });
});
