import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everything, nothing, type Scope } from '../kernel/index.ts';
import type { CostQueryInput } from './cost-query.ts';
import { costQuerySchema } from './cost-query.ts';
import type { Dataset } from './dataset.ts';
import { type Engine, literal, openEngine } from './engine.ts';
import { collectGarbage } from './gc.ts';
import { type Lake, openLake } from './lake.ts';
import { promote } from './rollback.ts';
import { runCostQuery } from './run-cost-query.ts';

/** Rows that name the entity and the application they belong to, as results of allocation do. */
const results: Dataset = {
  name: 'result',
  columns: [
    { name: 'Graph', type: 'string' },
    { name: 'Entity', type: 'string' },
    { name: 'Application', type: 'string' },
    { name: 'Month', type: 'timestamp' },
    { name: 'Currency', type: 'string' },
    { name: 'Labels', type: 'json' },
    { name: 'Cost', type: 'decimal' },
  ],
  derived: [],
  roles: {
    source: 'Graph',
    entity: 'Entity',
    application: 'Application',
    billingPeriodStart: 'Month',
    chargePeriodStart: 'Month',
    chargePeriodEnd: 'Month',
    currency: 'Currency',
    tags: 'Labels',
    costs: ['Cost'],
    quantities: [],
  },
};
const period = '2026-10';
const source = 'graph~main';

let engine: Engine;
let root: string;
let lake: Lake;
let now: Date;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'centrail-owned-'));
  engine = await openEngine({ threads: 1 });
  now = new Date('2026-11-01T00:00:00Z');
  lake = openLake(root, { now: () => now });
});
afterEach(async () => {
  engine.close();
  await rm(root, { recursive: true, force: true });
});

type ResultRow = readonly [entity: string | null, application: string | null, cost: string];

async function write(id: string, rows: readonly ResultRow[], how: 'keep' | 'publish' = 'publish') {
  const text = (value: string | null) => (value === null ? 'null' : literal(value));
  await lake.write(async (writer) => {
    const { path, absolute } = await writer.newFile(join(results.name, source), `${id}.parquet`);
    const values = rows.map(([entity, app, cost]) => `(${text(entity)}, ${text(app)}, ${cost})`).join(', ');
    await engine.run(
      `copy (select 'main' as "Graph", e::varchar as "Entity", a::varchar as "Application", timestamp '2026-10-01' as "Month",
        'EUR' as "Currency", '{}' as "Labels", c::decimal(38,12) as "Cost" from (values ${values}) t(e, a, c))
       to ${literal(absolute)} (format parquet)`,
    );
    const snapshot = await writer.seal({
      ...{ id, dataset: results.name, source, period, final: false, raw: [], origin: null },
      files: [{ path, rows: rows.length }],
      currencyColumn: null,
      totals: [],
      delivery: { key: 'run', fingerprint: id },
    });
    await writer[how](`${how} ${id}`, [snapshot]);
  });
}

const cost: CostQueryInput = { measures: [{ sum: 'Cost' }] };
async function costIn(scope: Scope): Promise<unknown> {
  const selection = await lake.select(scope, results, { from: period, to: period });
  const query = costQuerySchema.parse(cost);
  const { totals } = await runCostQuery(engine, { dataset: results, selection, scope, query });
  return totals['Cost'];
}

describe('rows that name their owners', () => {
  const rows: readonly ResultRow[] = [
    ['fr', 'shop', '1'],
    ['fr', null, '10'],
    ['de', 'track', '100'],
    [null, null, '1000'],
  ];

  test.each<[string, Scope, string]>([
    ['everything', everything, '1111'],
    ['an entity', { ...nothing, entities: ['fr'] }, '11'],
    ['an application', { ...nothing, applications: ['track'] }, '100'],
    ['both, each row once', { ...nothing, entities: ['fr'], applications: ['shop', 'track'] }, '111'],
    ['an entity without rows', { ...nothing, entities: ['it'] }, '0'],
    ['an entity, whatever sources it has', { ...nothing, entities: ['de'], sources: [source] }, '100'],
  ])('are seen by %s', async (_, scope, total) => {
    await write('a', rows);
    expect(await costIn(scope)).toBe(total);
  });

  test('are refused to whoever has a company or a source only, in the relation and in the statement', async () => {
    await write('a', rows);
    for (const scope of [nothing, { ...nothing, sources: [source], companies: ['x'] }]) {
      await expect(costIn(scope)).rejects.toMatchObject({ code: 'lake.noSources' });
      const selection = await lake.select(everything, results);
      const asked = { dataset: results, selection, scope, query: costQuerySchema.parse(cost) };
      await expect(runCostQuery(engine, asked)).rejects.toMatchObject({ code: 'lake.noSources' });
    }
  });

  test('are left out by the statement too, and names are bound values', async () => {
    await write('a', rows);
    const selection = await lake.select(everything, results);
    const scope = { ...nothing, applications: ["shop' or true --"], entities: ['de'] };
    const query = costQuerySchema.parse(cost);
    const { totals } = await runCostQuery(engine, { dataset: results, selection, scope, query });
    expect(totals['Cost']).toBe('100');
    const limited = await lake.select(scope, results);
    expect(await engine.rows(`select sum("Cost") as c from ${limited.relation}`)).toEqual([{ c: '100' }]);
  });

  test('make no month of a bill: lists of limited callers name no graph', async () => {
    await write('a', rows);
    expect((await lake.visible({ ...nothing, entities: ['fr'] })).partitions).toEqual([]);
  });
});

describe('a snapshot that is kept', () => {
  test('is in the history and not seen until it is promoted; the one before it stays', async () => {
    await write('a', [['fr', null, '1']]);
    await write('b', [['fr', null, '2']], 'keep');
    expect(await costIn(everything)).toBe('1');
    const kept = await lake.selectMonth(everything, results, { source, period, snapshot: 'b' });
    expect(await engine.rows(`select sum("Cost") as c from ${kept.relation}`)).toEqual([{ c: '2' }]);
    await promote(lake, { source, period, snapshot: 'b' }, { reason: 'run', on: [] });
    expect(await costIn(everything)).toBe('2');
    await promote(lake, { source, period, snapshot: 'a' }, { reason: 'run', on: [] });
    expect(await costIn(everything)).toBe('1');
  });

  test('may be the first of its month', async () => {
    await write('a', [['fr', null, '1']], 'keep');
    expect(await costIn(everything)).toBe('0');
    await promote(lake, { source, period, snapshot: 'a' }, { reason: 'run', on: [] });
    expect(await costIn(everything)).toBe('1');
  });

  test('that is promoted pins what it relies on, and frees what the one before relied on', async () => {
    for (const id of ['a', 'b']) await write(id, [['fr', null, '1']], 'keep');
    const reliance = (snapshot: string) => [{ dataset: results.name, source, period, snapshot }];
    const pins = async () => (await lake.current()).partitions.flatMap((partition) => partition.pins);
    await promote(lake, { source, period, snapshot: 'a' }, { reason: 'run of 10', on: reliance('b') });
    await promote(lake, { source, period, snapshot: 'a' }, { reason: 'run of 11', on: reliance('b') });
    await promote(lake, { source, period, snapshot: 'b' }, { reason: 'run of 10', on: reliance('a') });
    expect(await pins()).toEqual([
      { snapshot: 'b', reason: 'run of 11' },
      { snapshot: 'a', reason: 'run of 10' },
    ]);
    now = new Date('2027-11-01T00:00:00Z');
    await collectGarbage(lake, root, now, { keepDays: 0, keepVersions: 0, graceHours: 0 });
    expect((await lake.current()).partitions[0]?.history.map(({ id }) => id)).toEqual(['a']);
  });

  test('is refused where it, or what it relies on, is not in the lake', async () => {
    await write('a', [['fr', null, '1']], 'keep');
    const before = await lake.current();
    const month = { source, period, snapshot: 'a' };
    const on = [{ dataset: 'cost', source: 'aws', period, snapshot: 'lost-1' }];
    await expect(promote(lake, { ...month, snapshot: 'zz' }, { reason: 'r', on: [] })).rejects.toMatchObject({
      code: 'lake.unknownSnapshot',
    });
    await expect(promote(lake, month, { reason: 'r', on })).rejects.toMatchObject({
      code: 'lake.unknownMonth',
    });
    expect(await lake.current()).toEqual(before);
  });
});
