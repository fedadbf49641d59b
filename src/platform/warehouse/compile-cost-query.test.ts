import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Defect, everything, type Scope } from '../kernel/index.ts';
import { compileCostQuery } from './compile-cost-query.ts';
import { type CostQueryInput, costQuerySchema, type Filter } from './cost-query.ts';
import type { Selection } from './dataset.ts';
import { type Engine, openEngine } from './engine.ts';
import { runCostQuery } from './run-cost-query.ts';
import { bill, writeBill } from './testing/example-bill.ts';

let engine: Engine;
let folder: string;
let selection: Selection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-compile-'));
  engine = await openEngine({ threads: 1 });
  selection = await writeBill(engine, folder, [{ service: 'A', paid: '1', labels: { app: 'shop' } }]);
});
afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

const paid: CostQueryInput = { measures: [{ sum: 'Paid' }] };

function compile(query: CostQueryInput, scope: Scope = everything) {
  return compileCostQuery({ dataset: bill, selection, scope, query: costQuerySchema.parse(query) });
}

test('nothing compiles without a scope, or with one that the compiler does not know', () => {
  const query = costQuerySchema.parse(paid);
  expect(() => compileCostQuery({ dataset: bill, selection, query } as never)).toThrow(Defect);
  expect(() => compile(paid, { kind: 'company' } as never)).toThrow(Defect);
  expect(() => compile(paid, null as never)).toThrow(Defect);
  expect(compile(paid).sql).toContain('select');
});

const attack = `x"'); drop table t; -- $1`;

test('a column name that is not known never reaches the statement', () => {
  const queries: CostQueryInput[] = [
    { measures: [{ sum: attack }] },
    { measures: [{ coverage: { tag: 'a', of: attack } }] },
    { ...paid, dimensions: [{ column: attack }] },
    { ...paid, dimensions: [{ column: attack, key: 'a' }] },
    { ...paid, where: { field: { column: attack }, op: 'is null' } },
  ];
  for (const query of queries)
    expect(() => compile(query)).toThrow(expect.objectContaining({ code: 'query.unknownColumn' }));
  expect(() => compile({ ...paid, orderBy: [{ name: attack }] })).toThrow(/no column .* to order by/);
});

test('values, keys and names of results stay out of the statement and come back unchanged', async () => {
  const where: Filter = {
    or: [
      { field: { tag: attack }, op: '=', value: attack },
      { field: { column: 'Service' }, op: 'contains', value: attack },
      { field: { column: 'Service' }, op: 'prefix', value: attack },
      { field: { column: 'Service' }, op: 'not in', values: [attack] },
      { field: { column: 'Details', key: attack }, op: '<', value: attack },
    ],
  };
  const query: CostQueryInput = {
    measures: [{ sum: 'Paid', name: attack }, { coverage: { tag: attack, of: 'Paid' } }],
    dimensions: [
      { tag: attack, name: `${attack} 1` },
      { column: 'Service', name: `${attack} 2` },
    ],
    where,
    orderBy: [{ name: attack, desc: true }],
    top: 3,
  };
  const { sql, values } = compile(query);
  expect(sql).not.toContain('drop');
  expect(values.filter((value) => String(value).includes(attack.slice(0, 5)))).toHaveLength(9);
  const parsed = costQuerySchema.parse(query);
  const answer = await runCostQuery(engine, { dataset: bill, selection, scope: everything, query: parsed });
  expect(answer.rows).toEqual([
    {
      [`${attack} 1`]: null,
      [`${attack} 2`]: 'A',
      [attack]: '1',
      [`coverage(Labels[${attack}], Paid)`]: '0',
    },
  ]);
});

test('rows that no day is asked of are read in one plain scan', () => {
  const { sql } = compile({ ...paid, dimensions: [{ grain: 'month' }, { column: 'Service' }] });
  expect(sql).not.toContain('steps');
  expect(sql.split('read_parquet')).toHaveLength(2);
  expect(compile({ ...paid, dimensions: [{ grain: 'day' }] }).sql.split('read_parquet')).toHaveLength(2);
});

test.each<[string, CostQueryInput, string, RegExp]>([
  ['a mistyped column', { measures: [{ sum: 'Payd' }] }, 'unknownColumn', /'Payd'.*Did you mean 'Paid'\?/],
  [
    'a half column',
    { ...paid, dimensions: [{ column: 'Curr' }] },
    'unknownColumn',
    /Did you mean 'Currency'\?/,
  ],
  ['a strange column', { ...paid, dimensions: [{ column: 'zzzzzzzz' }] }, 'unknownColumn', /in 'bill'\.$/],
  ['a sum of text', { measures: [{ sum: 'Service' }] }, 'notSummable', /Paid, Used, Quantity/],
  [
    'a coverage of a quantity',
    { measures: [{ coverage: { tag: 'a', of: 'Quantity' } }] },
    'notSummable',
    /Paid, Used/,
  ],
  ['a key of text', { ...paid, dimensions: [{ column: 'Service', key: 'a' }] }, 'notJson', /has no key 'a'/],
  ['one name twice', { ...paid, dimensions: [{ column: 'Service', name: 'Paid' }] }, 'nameTwice', /'Paid'/],
  ['an unknown order', { ...paid, orderBy: [{ name: 'Used' }] }, 'unknownOrder', /It has: Paid/],
])('%s is refused with what to do', (_, query, code, message) => {
  expect(() => compile(query)).toThrow(
    expect.objectContaining({ code: `query.${code}`, message: expect.stringMatching(message) }),
  );
});

test.each<[Filter, string, RegExp]>([
  [{ field: { column: 'Paid' }, op: 'prefix', value: '1' }, 'unfitOperator', /'prefix' does not fit 'Paid'/],
  [{ field: { column: 'Starts' }, op: 'contains', value: '2026' }, 'unfitOperator', /is a timestamp/],
  [{ field: { column: 'IsFinal' }, op: '<', value: true }, 'unfitOperator', /=, !=, in, not in/],
  [
    { field: { column: 'Paid' }, op: '=', value: 'ten' },
    'unfitValue',
    /'ten' is no value for 'Paid'.*12\.34/,
  ],
  [{ field: { column: 'Paid' }, op: '>', value: '1_000' }, 'unfitValue', /1_000/],
  [{ field: { column: 'Items' }, op: 'in', values: [1, true] }, 'unfitValue', /'true' is no value/],
  [{ field: { column: 'IsFinal' }, op: '=', value: 'yes' }, 'unfitValue', /true or false/],
  [{ field: { column: 'Starts' }, op: '=', value: '2026-02-30' }, 'unfitValue', /2026-10-01T05:00:00Z/],
  [{ field: { column: 'Starts' }, op: '=', value: '5/1/26' }, 'unfitValue', /is a timestamp/],
  [{ field: { column: 'Starts' }, op: '=', value: 20261001 }, 'unfitValue', /is a timestamp/],
])('the filter %j is refused', (where, code, message) => {
  expect(() => compile({ ...paid, where })).toThrow(
    expect.objectContaining({ code: `query.${code}`, message: expect.stringMatching(message) }),
  );
});

test('a filter nested without end is refused, not run out of stack', () => {
  let where: Filter = { field: { column: 'Service' }, op: 'is null' };
  for (let i = 0; i < 60; i++) where = { not: where };
  expect(() => compile({ ...paid, where })).toThrow(expect.objectContaining({ code: 'query.tooDeep' }));
});
