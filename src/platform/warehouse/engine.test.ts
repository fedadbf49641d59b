import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, identifier, literal, openEngine, StatementError } from './engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

test('gives decimals as exact text, times in UTC with Z, integers as numbers', async () => {
  const [row] = await engine.rows(`
    select 1.500000000000::decimal(38,12) as cost, sum(0.1::decimal(38,12)) as total,
      timestamp '2026-10-01 00:00:00' as start, count(*) as rows, null as nothing, date '2026-10-01' as day`);
  expect(row).toEqual({
    cost: '1.5',
    total: '0.1',
    start: '2026-10-01T00:00:00Z',
    rows: 1,
    nothing: null,
    day: '2026-10-01',
  });
});

test('binds values and never mixes them with the text', async () => {
  expect(await engine.rows('select $1 as name, $2::int as n', ["x'; drop table t; --", 7])).toEqual([
    { name: "x'; drop table t; --", n: 7 },
  ]);
  expect(await engine.rows(`select ${literal("it's")} as ${identifier('a "b"')}`)).toEqual([
    { 'a "b"': "it's" },
  ]);
});

test('a failed statement carries its SQL for the log', async () => {
  await expect(engine.rows('select * from nowhere')).rejects.toSatisfy(
    (e) => e instanceof StatementError && e.sql === 'select * from nowhere',
  );
});

test('runs more statements than it lets in at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => engine.rows('select $1::int as i', [i])),
  );
  expect(answers.map(([row]) => row?.['i'])).toEqual([...Array(12).keys()]);
});
