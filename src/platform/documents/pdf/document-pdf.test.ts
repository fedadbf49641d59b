import { expect, it } from 'vitest';
import { linesOf, type PdfPiece, readPdf } from '../testing/read-pdf.ts';
import { documentPdf, tablePdf } from './document-pdf.ts';
import type { PdfBlock, PdfDocument, PdfTable } from './model.ts';

const generatedAt = new Date('2026-11-21T09:30:00Z');
const bare: PdfDocument = { title: 'Showback statement', generatedAt, blocks: [] };

const columns = [
  { title: 'Application' },
  { title: 'Environment' },
  { title: 'Direct EUR', align: 'right' },
  { title: 'Cost EUR', align: 'right' },
] as const;

function applications(count: number): string[][] {
  return Array.from({ length: count }, (_, index) => [
    `Application ${index + 1} of the storefront`,
    index % 3 ? 'production' : 'staging',
    `${index * 17}.11`,
    `${(index * 7919) % 100_000}.00`,
  ]);
}

async function pagesOf(table: Omit<PdfTable, 'kind'>, rest: Partial<PdfDocument> = {}) {
  return readPdf(await documentPdf({ ...bare, ...rest, blocks: [{ kind: 'table', ...table }] })).pages;
}

const textOf = (page: readonly PdfPiece[] | undefined) => (page ?? []).map(({ text }) => text);

it('says what it was given, with the signs of Europe', async () => {
  const blocks: PdfBlock[] = [
    {
      kind: 'figures',
      figures: [{ label: 'Coût total', value: '€ 1 234.50', note: '+3.1 % → octobre', tone: 'bad' }],
    },
    { kind: 'heading', text: 'Łódź & Ærø' },
    { kind: 'paragraph', text: 'Quantité × prix − crédits ≤ ½ budget — déjà œuvré…' },
    { kind: 'note', text: 'Small print\nin two lines' },
  ];
  const context = [
    { name: 'Month', value: '2026-10' },
    { name: 'View', value: 'Budget → v3' },
  ];
  const pdf = await documentPdf({ ...bare, subtitle: 'Team Façade', context, blocks, footer: 'Retail SA' });
  const { pages } = readPdf(pdf);
  expect(linesOf(pages[0] ?? [])).toEqual([
    ['Showback statement'],
    ['Team Façade'],
    ['Month', 'View'],
    ['2026-10', 'Budget → v3'],
    ['Coût total'],
    ['€ 1 234.50'],
    ['+3.1 % → octobre'],
    ['Łódź & Ærø'],
    ['Quantité × prix − crédits ≤ ½ budget — déjà œuvré…'],
    ['Small print'],
    ['in two lines'],
    ['Retail SA · Generated 2026-11-21 09:30 UTC', 'Page 1 of 1'],
  ]);
});

it('repeats the header on each page, numbers the pages, and cuts no row', async () => {
  const rows = applications(150);
  const pages = await pagesOf({ columns, rows, total: ['Total', '', '', '1.00'] });
  expect(pages).toHaveLength(5);
  const found = pages.flatMap((page, index) => {
    const lines = linesOf(page);
    expect(
      lines.filter((line) => line.join() === 'Application,Environment,Direct EUR,Cost EUR'),
    ).toHaveLength(1);
    expect(lines.at(-1)).toEqual(['Generated 2026-11-21 09:30 UTC', `Page ${index + 1} of 5`]);
    return lines.filter((line) => line.length === 4 && line[0] !== 'Application');
  });
  expect(found).toEqual(rows);
  for (const page of pages) for (const { y } of page) expect(y).toBeGreaterThan(20);
});

it('keeps the total with the last row, and what begins a group with its first row', async () => {
  for (let count = 25; count < 40; count++) {
    const rows = applications(count);
    const group = { role: 'group', cells: ['Domain B', '', '', ''] } as const;
    const pages = await pagesOf({
      columns,
      rows: [...rows, group, ['last', 'x', '1', '2']],
      total: ['Total', '', '', '1.00'],
    });
    const page = pages.map(textOf).find((texts) => texts.includes('Total'));
    expect(page).toEqual(expect.arrayContaining(['last', 'Domain B']));
  }
});

it('aligns figures right, in digits of one width', async () => {
  const rows = [
    ['a', 'b', '1 111 111.11', '-0.50'],
    ['c', 'd', '908 070.60', '12.00'],
  ];
  const pieces = (await pagesOf({ columns, rows }))[0] ?? [];
  const end = (text: string) => pieces.find((piece) => piece.text === text)?.end;
  expect(end('908 070.60')).toBeCloseTo(end('1 111 111.11') ?? 0, 1);
  expect(end('12.00')).toBeCloseTo(end('-0.50') ?? 0, 1);
  const width = (text: string) => {
    const piece = pieces.find((one) => one.text === text);
    return (piece?.end ?? 0) - (piece?.x ?? 0);
  };
  const digits = [['x', 'y', '1111111', '4444444']];
  const two = (await pagesOf({ columns, rows: digits }))[0] ?? [];
  const [ones, fours] = ['1111111', '4444444'].map((text) => two.find((piece) => piece.text === text));
  expect((ones?.end ?? 0) - (ones?.x ?? 1)).toBeCloseTo((fours?.end ?? 0) - (fours?.x ?? 0), 2);
  expect(width('1 111 111.11')).toBeGreaterThan(width('908 070.60'));
});

it('wraps long cells within their column and breaks no figure', async () => {
  const name =
    'arn:aws:rds:eu-west-1:123456789012:cluster:customer-master-data-production-replica-2-of-the-old-region';
  const rows = [[name, 'production', '123456789.12', '987654321.98']];
  const page = (await pagesOf({ columns, rows }))[0] ?? [];
  const first = page.filter(({ x }) => x < 60).map(({ text }) => text);
  expect(first.join('')).toContain(name);
  expect(first.length).toBeGreaterThan(4);
  expect(textOf(page)).toEqual(expect.arrayContaining(['123456789.12', '987654321.98']));
  for (const { end } of page) expect(end).toBeLessThan(595.28 - 40);
});

it('makes letters smaller before it breaks figures of many columns', async () => {
  const many = Array.from({ length: 13 }, (_, index) => ({
    title: `M${index + 1}`,
    align: 'right' as const,
  }));
  const rows = [['Storefront', ...many.map(() => '123456.78')]];
  const page =
    (
      await pagesOf({ columns: [{ title: 'Application' }, ...many], rows }, { orientation: 'landscape' })
    )[0] ?? [];
  expect(page.filter(({ text }) => text === '123456.78')).toHaveLength(13);
  for (const { end } of page) expect(end).toBeLessThan(841.89 - 40);
});

it('makes letters smaller before it stacks the words of names, down to 7 points', async () => {
  const months = Array.from({ length: 12 }, (_, index) => ({
    title: `M${index + 1}`,
    align: 'right' as const,
  }));
  const rows = applications(3).map(([name = '']) => [name, ...months.map(() => '123456.78')]);
  const pages = await pagesOf(
    { columns: [{ title: 'Name' }, ...months], rows },
    { orientation: 'landscape' },
  );
  const names = (pages[0] ?? []).filter(({ text }) => /^Application \d of the storefront$/.test(text));
  expect(names).toHaveLength(3);
  for (const { size } of names) expect(size).toBeGreaterThanOrEqual(7);
});

it('cuts a row that is higher than a page into slices, and loses nothing of it', async () => {
  const words = Array.from({ length: 2500 }, (_, index) => `word${index}`);
  const pages = await pagesOf({
    columns,
    rows: [
      ['before', '', '', '1'],
      [words.join(' '), 'b', '2', '3'],
      ['after', '', '', '4'],
    ],
  });
  const texts = pages.flatMap(textOf).join(' ').split(' ');
  for (const page of pages) for (const { y } of page) expect(y).toBeGreaterThan(20);
  expect(texts.filter((text) => text.startsWith('word'))).toEqual(words);
  expect(texts).toEqual(expect.arrayContaining(['before', 'after']));
});

it('shows a table without rows', async () => {
  const page = (
    await pagesOf({ title: 'Nothing', columns, rows: [], note: 'No application had a cost.' })
  )[0];
  expect(textOf(page)).toEqual(
    expect.arrayContaining(['Nothing', 'Application', 'No application had a cost.']),
  );
});

it('gives the same bytes for the same description, and another id when a cell differs', async () => {
  const table = { columns, rows: applications(40), total: ['Total', '', '', '1.00'] };
  const make = (change: Partial<PdfDocument>, cells = table.rows) =>
    tablePdf({ title: 'T', generatedAt, ...change, table: { ...table, rows: cells } });
  const first = await make({});
  expect(first.equals(await make({}))).toBe(true);
  const idOf = (pdf: Buffer) => /\/ID \[<(\w+)>/.exec(readPdf(pdf).trailer)?.[1];
  expect(idOf(first)).toMatch(/^\w{32}$/);
  expect(idOf(await make({}, [...table.rows.slice(1), ['x', '', '', '2']]))).not.toBe(idOf(first));
  expect(idOf(await make({ generatedAt: new Date(0) }))).not.toBe(idOf(first));
});

it('carries title, author, dates, language and structure', async () => {
  const pdf = await documentPdf({
    ...bare,
    title: 'R&D <costs>',
    language: 'fr-FR',
    words: {
      page: (page, pages) => `Page ${page} sur ${pages}`,
      generated: (instant) => `Établi le ${instant}`,
    },
    blocks: [{ kind: 'table', title: 'Applications', columns, rows: applications(60) }],
  });
  const { objects, pages } = readPdf(pdf);
  const all = [...objects.values()].join('\n');
  expect(all).toContain('/Lang (fr-FR)');
  expect(all).toContain('/Marked true');
  expect(all).toContain('(R&D <costs>)');
  expect(all).toContain('(Centrail)');
  expect(all.match(/\(D:20261121093000Z\)/g)).toHaveLength(2);
  expect(all).toContain('R&#38;D &#60;costs&#62;');
  expect(all).not.toMatch(/R&D <costs><\/rdf/);
  for (const [tag, count] of [
    ['H1', 1],
    ['Caption', 1],
    ['TR', 61],
    ['TD', 240],
    ['TH', 4],
  ] as const)
    expect(all.match(new RegExp(`/S /${tag}\\b`, 'g')), tag).toHaveLength(count);
  expect(all.match(/\/Scope \/Column/g)).toHaveLength(4);
  expect(textOf(pages[1])).toContain('Page 2 sur 2');
  expect(textOf(pages[0]).join()).toContain('Établi le 2026-11-21 09:30 UTC');
});

it('shows names without what hides letters or turns their direction', async () => {
  const page = (
    await pagesOf({ columns: [{ title: 'Name' }], rows: [['pay\u202Efdp\u0007 \u200Bteam\tone']] })
  )[0];
  expect(textOf(page)).toContain('payfdp team one');
});

it('refuses a table that nobody reads on paper', async () => {
  const rows = Array.from({ length: 10_001 }, () => ['x']);
  await expect(
    tablePdf({ title: 'T', generatedAt, table: { columns: [{ title: 'a' }], rows } }),
  ).rejects.toMatchObject({
    code: 'documents.tooLong',
    params: { found: 10_001 },
  });
});

it('gives others a turn while it draws', async () => {
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  count();
  await pagesOf({ columns, rows: applications(800) });
  counting = false;
  // 20 to measure, 20 to draw.
  expect(turns).toBeGreaterThan(38);
});
