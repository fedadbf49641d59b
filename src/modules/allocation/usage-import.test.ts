import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything, formatDecimal, parseDecimal, Refusal } from '../../platform/kernel/index.ts';
import { rollBack, verifyLake } from '../../platform/warehouse/index.ts';
import { usageDataset } from './datasets.ts';
import { openUsageBench, type UsageBench, usageGraph } from './testing/usage-bench.ts';
import type { UsageCellError } from './usage-errors.ts';

let bench: UsageBench;
beforeAll(async () => {
  bench = await openUsageBench();
});
afterAll(() => bench.close());

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Refusal) return error;
  throw error;
}

async function cellErrors(text: string | Buffer, how?: Parameters<UsageBench['importCsv']>[1]) {
  const { code, exitCode, params } = await refusalOf(bench.importCsv(text, how));
  expect([code, exitCode]).toEqual(['usage.unfitRows', 5]);
  return params as { rows: number; cells: number; of: number; errors: UsageCellError[] };
}

const generation = async () => (await bench.workspace.lake.current()).generation;
const header = 'node,day,metric,value,unit,labels';

describe('a file of usage', () => {
  it('becomes exact rows that name their file and row, whose node they are of, and their labels in one order', async () => {
    const result = await bench.importCsv(
      `\ufeff${header},label.env\n` +
        'checkout,2026-10-01,requests,1000.000000000001,request,"{""zone"":""b"",""az"":1,""no"":null}",prod\n' +
        ' search , 2026-10-01T00:00:00Z,requests,+1.5e3,request,,\n',
    );
    expect(result).toMatchObject({ graph: 'main', source: 'csv', dryRun: false, findings: [] });
    expect(result.months).toEqual([
      {
        month: '2026-10',
        status: 'imported',
        rows: 2,
        snapshot: expect.any(String),
        replaced: null,
        metrics: [
          {
            metric: 'requests',
            unit: 'request',
            rows: 2,
            nodes: 2,
            days: 1,
            total: '2500.000000000001',
            before: null,
          },
        ],
      },
    ]);
    expect(await bench.rows('*')).toEqual([
      {
        Graph: 'main',
        UsageSource: 'csv',
        BillingPeriodStart: '2026-10-01T00:00:00Z',
        Day: '2026-10-01T00:00:00Z',
        NodeId: 'checkout',
        Metric: 'requests',
        Value: '1000.000000000001',
        Unit: 'request',
        Labels: '{"az":"1","env":"prod","zone":"b"}',
        Origin: 'usage.csv',
        OriginRow: 2,
        EntityId: null,
        ApplicationId: 'shop',
        DayEnd: '2026-10-02T00:00:00Z',
        Currency: 'XXX',
      },
      expect.objectContaining({
        NodeId: 'search',
        Value: '1500',
        Labels: '{}',
        OriginRow: 3,
        ApplicationId: null,
      }),
    ]);
  });

  it.each([
    ['semicolons', 'node;day;metric;value\ndb;2026-09-01;requests;1\n'],
    ['tabs and CRLF', 'NODE\tDate\tMetric\tVALUE\r\ndb\t2026-09-01\trequests\t1\r\n'],
    ['gzip', gzipSync('value,metric,node,day\n1,requests,db,2026-09-01\n')],
    ['bars and quotes', '"node"|"day"|"metric"|"value"\n"db"|"2026-09-01"|"requests"|"1"'],
  ])('is read with %s', async (_, text) => {
    const [month] = (await bench.importCsv(text, { source: 'forms' })).months;
    expect([month?.month, month?.rows, month?.metrics[0]?.total]).toEqual(['2026-09', 1, '1']);
  });

  it('may have a column for each metric, where an empty cell is no value and 0 is one', async () => {
    const text = 'day;node;cpu;mem\n2026-08-01;db;1;\n2026-08-01;search;0;2.5\n2026-08-02;db;;\n';
    const [month] = (await bench.importCsv(text, { source: 'wide', wide: true })).months;
    expect(month?.metrics.map(({ metric, rows, total }) => [metric, rows, total])).toEqual([
      ['cpu', 2, '1'],
      ['mem', 1, '2.5'],
    ]);
  });

  it('replaces all months that it holds in one generation, and no other', async () => {
    const two = 'node,day,metric,value\ndb,2026-06-30,requests,1\ndb,2026-07-01,requests,2\n';
    await bench.importCsv(two, { source: 'months' });
    const before = await generation();
    const result = await bench.importCsv(two.replace(',1\n', ',3\n').replace(',2\n', ',4\n'), {
      source: 'months',
    });
    expect(await generation()).toBe(before + 1);
    expect(result.months.map(({ month, status }) => [month, status])).toEqual([
      ['2026-06', 'replaced'],
      ['2026-07', 'replaced'],
    ]);
    await bench.importCsv('node,day,metric,value\ndb,2026-07-01,requests,5\n', { source: 'months' });
    const rows = await bench.rows(`"UsageSource" as s, "Day" as day, "Value" as value`);
    expect(rows.filter(({ s }) => s === 'months').map(({ day, value }) => [day, value])).toEqual([
      ['2026-06-30T00:00:00Z', '3'],
      ['2026-07-01T00:00:00Z', '5'],
    ]);
  });

  it('is recognised when its content is there already, in whatever order and under whatever name', async () => {
    const rows = ['db,2026-05-01,requests,1', 'search,2026-05-01,requests,2.50', 'db,2026-04-30,requests,1'];
    await bench.importCsv(`node,day,metric,value\n${rows.join('\n')}\n`, { source: 'same' });
    const before = await generation();
    const again = [rows[2], rows[1]?.replace('2.50', '2.5'), '', rows[0]].join('\n');
    const result = await bench.importCsv(`node,day,metric,value\n${again}`, {
      source: 'same',
      name: 'b.csv',
    });
    expect(result.months.map(({ status, replaced }) => [status, replaced])).toEqual([
      ['unchanged', null],
      ['unchanged', null],
    ]);
    const april = await bench.importCsv(`node,day,metric,value\n${again.replace(',1\n', ',7\n')}`, {
      source: 'same',
    });
    expect(april.months.map(({ month, status }) => [month, status])).toEqual([
      ['2026-04', 'replaced'],
      ['2026-05', 'unchanged'],
    ]);
    expect(await generation()).toBe(before + 1);
  });

  it('keeps a history that a rollback goes back in, and that verification reads', async () => {
    const text = (value: string) => `node,day,metric,value\ndb,2026-03-01,requests,${value}\n`;
    await bench.importCsv(text('1'), { source: 'history' });
    await bench.importCsv(text('2'), { source: 'history' });
    const { lake } = bench.workspace;
    await rollBack(lake, everything, { source: 'usage~main~history', period: '2026-03', dataset: 'usage' });
    const range = { sources: ['usage~main~history'] };
    const { relation } = await lake.select(everything, usageDataset, range);
    const engine = await bench.workspace.engine();
    expect(await engine.rows(`select "Value" as v from ${relation}`)).toEqual([{ v: '1' }]);
    expect((await verifyLake(lake, engine)).findings).toEqual([]);
  });

  it('changes nothing in a dry run, which says what would become of each metric', async () => {
    const csv = (rows: string) => `node,day,metric,value\n${rows}`;
    await bench.importCsv(csv('db,2026-02-01,requests,1\ndb,2026-02-01,bytes,8\n'), { source: 'dry' });
    const before = await generation();
    const result = await bench.importCsv(csv('db,2026-02-01,requests,1.5\ndb,2026-02-02,requests,1\n'), {
      source: 'dry',
      dryRun: true,
    });
    expect(await generation()).toBe(before);
    expect(result.months[0]).toMatchObject({ status: 'dry-run', snapshot: null, rows: 2 });
    expect(result.months[0]?.metrics).toEqual([
      {
        ...{ metric: 'requests', unit: null, rows: 2, nodes: 1, days: 2, total: '2.5' },
        before: { rows: 1, total: '1', unit: null },
      },
      {
        ...{ metric: 'bytes', unit: null, rows: 0, nodes: 0, days: 0, total: '0' },
        before: { rows: 1, total: '8', unit: null },
      },
    ]);
  });

  it('leaves nothing behind in the folder for work in progress', async () => {
    await refusalOf(bench.importCsv('node,day,metric,value\ndb,x,requests,1\n'));
    const names = await readdir(join(bench.workspace.root, 'tmp'));
    expect(names.filter((name) => name.startsWith('usage'))).toEqual([]);
  });
});

describe('a value', () => {
  it('is what the file says, to the last of twelve decimals, in every way of writing it', async () => {
    const decimal = fc
      .tuple(
        fc.constantFrom('', '+'),
        fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
        fc.stringMatching(/^\d{0,12}$/),
        fc.constantFrom('', '', 'e0', 'E+00', 'e-0'),
      )
      .map(([sign, whole, fraction, end]) => `${sign}${whole}${fraction && `.${fraction}`}${end}`);
    const shifted = fc
      .tuple(fc.nat(999_999), fc.integer({ min: -12, max: 12 }))
      .map(([digits, exponent]) => `${digits}e${exponent}`);
    const all = fc.sample(fc.oneof(decimal, shifted), { numRuns: 400, seed: 7 });
    const rows = all.map((text, index) => `n${String(index).padStart(4, '0')},2026-01-01,requests,${text}`);
    await bench.importCsv(`node,day,metric,value\n${rows.join('\n')}`, { source: 'values' });
    const found = await bench.rows(`"UsageSource" as s, "Value" as value`);
    expect(found.filter(({ s }) => s === 'values').map(({ value }) => value)).toEqual(
      all.map((text) => formatDecimal(parseDecimal(text))),
    );
  });
});

describe('a file with anything wrong in it is refused whole', () => {
  it('with every bad cell named by row and field, counted, and nothing written', async () => {
    const before = await generation();
    const found = await cellErrors(
      `${header}\n` +
        'a,2026-10-01,requests,1,x,\n' +
        'a,2026-10-32,requests,-3,x,[1]\n' +
        '\n' +
        ',2026-02-29,,NaN,x,"{""a"":{}}"\n' +
        'b,,requests,"1,5",x,"{""a"":1.5}"\n' +
        'c,20261001,requests,,x,\n' +
        'c,2026-10-01,requests,0.0000000000001,x,\n' +
        'c,2026-10-02,requests,1e18,x,\n' +
        'a,2026-10-01,requests,9,x,{}\n' +
        'd,2026-10-01,requests,1,y,\n' +
        'e,2026-10-01\n' +
        'f,2026-10-01,requests,inf,x,,7,8\n' +
        'g,2026-10-01,requests,1 000,x,\n',
    );
    expect(found.errors.map(({ row, field, message }) => `${row} ${field}: ${message}`)).toEqual([
      "3 day: '2026-10-32' is no day; write YYYY-MM-DD",
      '3 labels: the labels are no JSON object such as {"env": "prod"}',
      '3 value: -3 is negative; usage is 0 or more',
      "5 day: '2026-02-29' is no day; write YYYY-MM-DD",
      '5 labels: a label is a list, an object or a number with decimals; write it as text',
      '5 metric: the metric is empty',
      '5 node: the node is empty',
      "5 value: 'NaN' is not finite; leave the row out where nothing was measured",
      '6 day: the day is empty',
      '6 labels: a label is a list, an object or a number with decimals; write it as text',
      "6 value: '1,5' is no number; write digits and a decimal point, such as 1234.5",
      "7 day: '20261001' is no day; write YYYY-MM-DD",
      '7 value: the value is empty; leave the row out where nothing was measured, or write 0',
      '8 value: 0.0000000000001 has more than 12 decimals; round it',
      '9 value: 1e18 has more than 18 digits before the point; take a larger unit',
      '10 node: the same node, day, metric and labels stand in row 2 already; add the two up, or tell them apart by a label',
      "11 unit: the unit 'y', where requests has the unit 'x' in the rows before; one metric has one unit",
      '12 : the row has 2 cells, fewer than the header',
      '13 : the row has 8 cells, more than the header',
      "14 value: '1 000' is no number; write digits and a decimal point, such as 1234.5",
    ]);
    expect([found.rows, found.cells, found.of]).toEqual([11, 20, 12]);
    expect(await generation()).toBe(before);
  });

  it('with all bad cells counted where only the first hundred are named', async () => {
    const rows = Array.from({ length: 250 }, (_, index) => `n${index},2026-10-01,requests,-1`);
    const found = await cellErrors(`node,day,metric,value\n${rows.join('\n')}\n`);
    expect([found.errors.length, found.cells, found.rows, found.of]).toEqual([100, 250, 250, 250]);
  });

  it('with rows numbered as an editor shows them, quoted line ends apart', async () => {
    const text =
      'node,day,metric,value,label.x\r\na,2026-10-01,requests,1,"a ""quoted""\nlabel"\r\n\r\n\r\nb,2026-10-01,requests,x,\r\n';
    const { errors } = await cellErrors(text);
    expect(errors.map(({ row, field }) => [row, field])).toEqual([[5, 'value']]);
  });

  it('with a day outside of the month that was asked for', async () => {
    const text = 'node,day,metric,value\na,2026-10-31,requests,1\na,2026-11-01,requests,1\n';
    const { errors } = await cellErrors(text, { month: '2026-10' });
    expect(errors).toEqual([
      { row: 3, field: 'day', message: `'2026-11-01' is not in the month that was asked for` },
    ]);
  });

  it('with a label said twice, in JSON and in a column', async () => {
    const { errors } = await cellErrors(
      'node,day,metric,value,labels,label.env\na,2026-10-01,requests,1,"{""env"":""a""}",b\n',
    );
    expect(errors).toEqual([{ row: 2, field: 'labels', message: 'a label is said twice' }]);
  });

  it('with bytes that are not UTF-8, in the row that holds them', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => `n${index},2026-10-01,requests,1\n`).join('');
    const bad = Buffer.concat([
      Buffer.from(`node,day,metric,value\n${rows}caf`),
      Buffer.from([0xe9]),
      Buffer.from(',2026-10-01,requests,1\n'),
    ]);
    const { errors } = await cellErrors(bad);
    expect(errors).toEqual([
      { row: 10_002, field: '', message: 'it holds bytes that are not UTF-8; save the file as UTF-8' },
    ]);
  });

  it.each([
    ['no header', '', 'usage.unfitHeader', 'there is no column node, day, metric, value'],
    [
      'a missing column',
      'node,day,value\n',
      'usage.unfitHeader',
      'there is no column metric beside node, day, value',
    ],
    ['an unknown column', 'node,day,metric,value,lables\n', 'usage.unfitHeader', 'did you mean labels?'],
    [
      'a column of a metric',
      'node,day,metric,value,cpu_seconds\n',
      'usage.unfitHeader',
      'is imported as wide',
    ],
    ['a column twice', 'node,day,date,metric,value\n', 'usage.unfitHeader', 'the column date stands twice'],
    ['no rows', 'node,day,metric,value\n\n', 'usage.noRows', 'holds no values'],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004'), 'usage.notText', 'a ZIP archive or a spreadsheet'],
    ['UTF-16', Buffer.from('\ufeffnode', 'utf16le'), 'usage.notText', 'it is UTF-16'],
    ['Latin-1', Buffer.from('node,day,metric,value,label.é\n', 'latin1'), 'usage.notText', 'not UTF-8'],
    [
      'half a gzip',
      gzipSync('node,day,metric,value\n'.repeat(999)).subarray(0, 40),
      'objects.truncatedGzip',
      'cut off',
    ],
  ])('with %s', async (_, text, code, message) => {
    const refusal = await refusalOf(bench.importCsv(text));
    expect([refusal.code, refusal.exitCode, refusal.message]).toEqual([
      code,
      5,
      expect.stringContaining(message),
    ]);
  });

  it('outside of the folders that may be read', async () => {
    await writeFile(join(bench.workspace.root, 'x.csv'), 'node');
    const refusal = await refusalOf(bench.importCsv('', { path: join(bench.workspace.root, 'x.csv') }));
    expect([refusal.code, refusal.exitCode]).toEqual(['objects.outsideRoots', 4]);
  });
});

describe('what the graph does not know', () => {
  const text =
    'node,day,metric,value,unit\ndb,2026-10-01,requests,1,call\napp:new,2026-10-01,requests,1,call\n' +
    'ghost,2026-10-01,requests,1,call\nghost,2026-10-02,requests,1,call\nxapp:y,2026-10-01,cpu,1,s\n';

  it('is a finding with its rows, and imported', async () => {
    const { findings, months } = await bench.importCsv(text, { source: 'unknown' });
    expect(months[0]?.rows).toBe(5);
    expect(findings.map(({ code, rows, params }) => [code, rows, params])).toEqual([
      ['usage.unknown_nodes', 3, { nodes: 2, examples: 'ghost, xapp:y' }],
      ['usage.unread_metric', undefined, { metric: 'cpu' }],
      ['usage.other_unit', undefined, { metric: 'requests', unit: 'call', wanted: 'request' }],
    ]);
  });

  it('refuses the file where it is not accepted', async () => {
    const before = await generation();
    const refusal = await refusalOf(
      bench.importCsv(text.replaceAll('call', 'm'), { source: 'unknown', strict: true }),
    );
    expect([refusal.code, refusal.exitCode]).toEqual(['usage.strict', 5]);
    expect(refusal.message).toContain("2 nodes that the graph 'main' does not have");
    expect(await generation()).toBe(before);
  });

  it('is nothing where the rules make every node, or name the node', async () => {
    const rules = [
      { id: 'a', node: 'ghost' },
      { id: 'b', node: 'xapp:{Tags["a.b"]}' },
      { id: 'c', node: 'a.p:{Tags.app}' },
    ];
    const other = await openUsageBench(usageGraph({ rules, nodes: [] }));
    const { findings } = await other.importCsv(text).finally(other.close);
    expect(findings.find(({ code }) => code === 'usage.unknown_nodes')).toMatchObject({
      rows: 2,
      params: { nodes: 2, examples: 'app:new, db' },
    });
  });
});
