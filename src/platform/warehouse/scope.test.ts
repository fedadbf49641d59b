import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Defect, everything, nothing, type Scope } from '../kernel/index.ts';
import { compileCostQuery } from './compile-cost-query.ts';
import { type CostQueryInput, costQuerySchema, type Filter } from './cost-query.ts';
import type { Dataset } from './dataset.ts';
import { type Engine, identifier, literal, openEngine } from './engine.ts';
import { findPartition, findSnapshot, type Lake, openLake } from './lake.ts';
import { selectFiles, sqlType } from './relation.ts';
import { pin, rollBack, unpin } from './rollback.ts';
import { runCostQuery } from './run-cost-query.ts';
import { demandWholeLake, sourcesIn } from './scope.ts';
import { bill, writeBill } from './testing/example-bill.ts';

let engine: Engine;
let root: string;
let lake: Lake;
const period = '2026-10';

/** Three sources of one month: 1, 10 and 100, each with a column of its own. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'centrail-scope-'));
  engine = await openEngine({ threads: 1 });
  lake = openLake(root, { now: () => new Date('2026-11-01T00:00:00Z') });
  for (const [source, cost] of Object.entries({ aws: '1', azure: '10', saas: '100' }))
    await load(source, cost);
});
afterAll(async () => {
  engine.close();
  await rm(root, { recursive: true, force: true });
});

/** Publishes a month of one row; `rowSource` is what the row itself says, `source` where it lies. */
async function load(source: string, cost: string, rowSource = source): Promise<void> {
  const id = `snap-${source}-${cost}`;
  const extra = `x_${source}`;
  await lake.write(async (writer) => {
    const { path, absolute } = await writer.newFile(join(bill.name, source), `${id}.parquet`);
    const values: Readonly<Record<string, string>> = {
      Source: literal(rowSource),
      Month: "timestamp '2026-10-01'",
      Currency: "'USD'",
      Paid: cost,
    };
    const columns = bill.columns.map(
      ({ name, type }) => `cast(${values[name] ?? 'null'} as ${sqlType(type)}) as ${identifier(name)}`,
    );
    await engine.run(
      `copy (select ${[...columns, `'v' as ${extra}`].join(', ')}) to ${literal(absolute)} (format parquet)`,
    );
    const snapshot = await writer.seal({
      id,
      dataset: bill.name,
      source,
      period,
      files: [{ path, rows: 1 }],
      extraColumns: [extra],
      currencyColumn: 'Currency',
      totals: [{ currency: 'USD', rows: 1, sums: { Paid: cost } }],
      delivery: { key: 'file:a', fingerprint: id },
      final: false,
      raw: [],
      origin: null,
    });
    await writer.publish(`load ${source}`, [snapshot]);
  });
}

const only = (...sources: string[]): Scope => ({ ...nothing, sources });
const paid: CostQueryInput = { measures: [{ sum: 'Paid' }] };
const query = costQuerySchema.parse(paid);

async function paidIn(relation: string): Promise<unknown> {
  const [row] = await engine.rows(`select sum(Paid) as paid from ${relation}`);
  return row?.['paid'];
}

describe('a scope is demanded', () => {
  const missing = [undefined, null, {}, { kind: 'company' }, { kind: 'some' }] as unknown as Scope[];
  const key = { dataset: bill.name, source: 'aws', period };
  const asked: Readonly<Record<string, (scope: Scope) => unknown>> = {
    select: (scope) => lake.select(scope, bill),
    selectMonth: (scope) => lake.selectMonth(scope, bill, key),
    describe: (scope) => lake.describe(scope, key),
    visible: (scope) => lake.visible(scope),
    rollBack: (scope) => rollBack(lake, scope, key),
    pin: (scope) => pin(lake, scope, { ...key, reason: 'x' }),
    unpin: (scope) => unpin(lake, scope, key),
    demandWholeLake: async (scope) => demandWholeLake(scope, 'It'),
    selectFiles: async (scope) =>
      selectFiles({ scope, root: lake.root, dataset: bill, snapshots: [], generation: 1 }),
    compile: async (scope) =>
      compileCostQuery({ dataset: bill, selection: await lake.select(everything, bill), scope, query }),
  };

  test.each(Object.entries(asked))('by %s: without a known one it is a defect', async (_, ask) => {
    for (const scope of missing) await expect(ask(scope)).rejects.toThrow(Defect);
  });
});

describe('rows', () => {
  test('are those of the sources in scope', async () => {
    const answers = [everything, only('aws'), only('aws', 'saas'), only('azure', 'nobody'), only('nobody')];
    const sums = [];
    for (const scope of answers) sums.push(await paidIn((await lake.select(scope, bill)).relation));
    expect(sums).toEqual(['111', '1', '101', '10', null]);
    expect(await paidIn((await lake.select(only('aws'), bill, { sources: ['saas'] })).relation)).toBeNull();
  });

  test('of other sources are neither opened, counted nor named', async () => {
    const { relation, columns, files, rows } = await lake.select(only('aws'), bill);
    expect(relation).not.toMatch(/azure|saas/);
    expect([...columns.keys()].filter((name) => name.startsWith('x_'))).toEqual(['x_aws']);
    expect({ files, rows }).toEqual({ files: 1, rows: 1 });
    const selection = await lake.select(only('aws'), bill);
    const mistyped = costQuerySchema.parse({ ...paid, dimensions: [{ column: 'x_azur' }] });
    expect(() => compileCostQuery({ dataset: bill, selection, scope: only('aws'), query: mistyped })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('x_azure') }),
    );
  });

  test('that lie under a source in scope but name another one are not shown', async () => {
    const [aws, azure] = (await lake.current()).partitions.map(({ current }) => current);
    if (!aws || !azure) throw new Error('two months are there');
    const snapshots = [
      { source: 'aws', entry: aws },
      { source: 'aws', entry: azure },
    ];
    const select = (scope: Scope, dataset = bill) =>
      selectFiles({ scope, root: lake.root, dataset, snapshots, generation: 1 });
    expect(await paidIn(select(everything).relation)).toBe('11');
    expect(await paidIn(select(only('aws')).relation)).toBe('1');
    // What computes columns reads through the same condition.
    const computed: Dataset = { ...bill, derived: [{ name: 'Twice', type: 'decimal', sql: 'Paid + Paid' }] };
    expect(await paidIn(select(only('aws'), computed).relation)).toBe('1');
    expect(await paidIn(select(only('azure')).relation)).toBeNull();
  });

  test('of files that are handed over with a foreign source are not read', async () => {
    const snapshots = (await lake.current()).partitions.flatMap(({ source, current }) =>
      current ? [{ source, entry: current }] : [],
    );
    const scope = only('azure');
    const selection = selectFiles({ scope, root: lake.root, dataset: bill, snapshots, generation: 1 });
    expect([selection.files, await paidIn(selection.relation)]).toEqual([1, '10']);
    expect(selection.relation).not.toMatch(/aws|saas/);
  });

  test('that name no source are in no limited scope', async () => {
    const selection = await writeBill(engine, root, [{ source: null, paid: '5' }, { paid: '1' }]);
    const ask = async (scope: Scope) =>
      (await runCostQuery(engine, { dataset: bill, selection, scope, query })).totals['Paid'];
    expect([await ask(everything), await ask(only('aws'))]).toEqual(['6', '1']);
  });

  test('of a selection of everything are left out by the statement too, whatever its filter says', async () => {
    const selection = await lake.select(everything, bill);
    const ask = async (scope: Scope, where?: Filter) => {
      const asked = costQuerySchema.parse({ ...paid, where });
      return (await runCostQuery(engine, { dataset: bill, selection, scope, query: asked })).totals['Paid'];
    };
    expect([await ask(everything), await ask(only('aws')), await ask(only('aws', 'saas'))]).toEqual([
      '111',
      '1',
      '101',
    ]);
    const foreign: Filter = { field: { column: 'Source' }, op: 'in', values: ['azure', 'saas'] };
    const named: Filter = { field: { column: 'Source' }, op: 'is not null' };
    expect(await ask(only('aws'), foreign)).toBe('0');
    expect(await ask(only('aws'), { or: [foreign, named] })).toBe('1');
    expect(await ask(only('aws'), { not: { and: [foreign, { not: named }] } })).toBe('1');
  });
});

test('the names of sources are bound values of the statement, whatever is in them', async () => {
  const odd = `x'); drop table t; --`;
  const selection = await lake.select(only(odd, 'aws'), bill);
  const scope = only(odd, 'aws');
  const { sql, values } = compileCostQuery({ dataset: bill, selection, scope, query });
  expect(sql.replace(selection.relation, '')).not.toContain('drop');
  expect(sql).toMatch(/"Source" in \(\$1, \$2\)/);
  expect(values.slice(0, 2)).toEqual(['aws', odd]);
  expect((await runCostQuery(engine, { dataset: bill, selection, scope, query })).totals).toEqual({
    Paid: '1',
  });
});

test('a cursor is good for its own scope alone', async () => {
  const selection = await lake.select(everything, bill);
  const paged = costQuerySchema.parse({ ...paid, dimensions: [{ column: 'Source' }], limit: 1 });
  const ask = (scope: Scope, cursor?: string) =>
    runCostQuery(engine, { dataset: bill, selection, scope, query: { ...paged, cursor } });
  const { next } = await ask(only('aws', 'azure'));
  expect((await ask(only('azure', 'aws', 'aws'), next)).rows).toEqual([{ Source: 'aws', Paid: '1' }]);
  for (const scope of [everything, only('aws', 'saas')])
    await expect(ask(scope, next)).rejects.toMatchObject({ code: 'query.staleCursor' });
});

describe('months', () => {
  const foreign = { dataset: bill.name, source: 'saas', period };
  const scope = only('aws');

  test('out of scope are not there', async () => {
    const { partitions } = await lake.visible(scope);
    expect(partitions.map(({ source }) => source)).toEqual(['aws']);
    expect((await lake.visible(only('nobody'))).partitions).toEqual([]);
  });

  test('out of scope are refused in the words of those that nobody delivered, and nothing changes', async () => {
    const { generation } = await lake.current();
    const asks: readonly ((key: typeof foreign) => Promise<unknown>)[] = [
      (key) => lake.describe(scope, key),
      (key) => lake.describe(scope, { ...key, snapshot: 'snap-saas-100' }),
      (key) => lake.selectMonth(scope, bill, key),
      async (key) => findPartition(await lake.visible(scope), key),
      async (key) => findSnapshot(await lake.visible(scope), { ...key, snapshot: 'snap-saas-100' }),
      (key) => rollBack(lake, scope, { ...key, to: 'none' }),
      (key) => pin(lake, scope, { ...key, reason: 'x' }),
      (key) => unpin(lake, scope, key),
    ];
    for (const ask of asks) {
      const [refused, unknown] = await Promise.all(
        ['saas', 'nobody'].map((source) => ask({ ...foreign, source }).catch((error: unknown) => error)),
      );
      expect(refused).toMatchObject({ code: 'lake.unknownMonth', exitCode: 3, status: 404 });
      expect(String(refused).replaceAll('saas', 'nobody')).toBe(String(unknown));
    }
    expect((await lake.current()).generation).toBe(generation);
  });
});

describe('a scope without sources', () => {
  const engineer = { ...nothing, applications: ['shop'] };

  test('is refused on raw rows, with what to do', async () => {
    await expect(lake.select(engineer, bill)).rejects.toMatchObject({
      code: 'lake.applicationScope',
      status: 403,
      exitCode: 4,
      message: expect.stringMatching(/seen by entity.*allocation and showback/),
    });
    for (const scope of [nothing, { ...nothing, entities: ['fr'] }, { ...nothing, companies: ['acme'] }])
      await expect(lake.select(scope, bill)).rejects.toMatchObject({ code: 'lake.noSources', status: 403 });
    const selection = await lake.select(everything, bill);
    expect(() => compileCostQuery({ dataset: bill, selection, scope: engineer, query })).toThrow(
      expect.objectContaining({ code: 'lake.applicationScope' }),
    );
    expect(() => sourcesIn({ ...engineer, sources: ['aws'] })).not.toThrow();
  });

  test('tells nothing of a month by how it is refused', async () => {
    for (const source of ['aws', 'nobody'])
      await expect(lake.selectMonth(engineer, bill, { source, period })).rejects.toMatchObject({
        code: 'lake.applicationScope',
      });
  });

  test('sees no months', async () => {
    expect((await lake.visible(engineer)).partitions).toEqual([]);
    expect((await lake.visible(nothing)).partitions).toEqual([]);
  });
});

test('work on the whole lake is refused to whoever sees a part of it', () => {
  expect(() => demandWholeLake(everything, 'Verification')).not.toThrow();
  for (const scope of [nothing, only('aws', 'azure', 'saas')])
    expect(() => demandWholeLake(scope, 'Verification')).toThrow(
      expect.objectContaining({ code: 'lake.partOfLake', status: 403, exitCode: 4 }),
    );
});
