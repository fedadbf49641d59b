import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine, StatementError } from './engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

describe('whole columns', () => {
  test.each([0, 1, 2047, 2048, 2049, 10_000])('%i rows go in and come back as they were', async (count) => {
    const amounts = Float64Array.from({ length: count }, (_, i) => i * 2 ** 30 + 1);
    const nodes = Int32Array.from({ length: count }, (_, i) => i - 5);
    const causes = Uint8Array.from({ length: count }, (_, i) => i % 251);
    const names = Array.from({ length: count }, (_, i) => `node ${i} 'ü'`);
    const answer = await engine.session(async (session) => {
      await session.run('create temp table t (units double, n integer, c utinyint, name varchar)');
      await session.append('t', [amounts, nodes, causes, names], count);
      return await session.columns('select units, n, cast(c as integer), name from t');
    });
    expect(answer).toEqual([amounts, nodes, Int32Array.from(causes), names]);
  });

  test('columns longer than the count give their first values, several appends follow each other', async () => {
    const [values] = await engine.session(async (session) => {
      await session.run('create temp table t (units double)');
      await session.append('t', [Float64Array.of(1, 2, 3)], 2);
      await session.append('t', [Float64Array.of(4)], 1);
      return await session.columns('select units from t');
    });
    expect(values).toEqual(Float64Array.of(1, 2, 4));
  });

  test('a missing amount is NaN, a missing text null, and a missing whole number a defect', async () => {
    const sql = 'select * from (values (1.5::double, null), (null, $1)) t';
    const answer = await engine.session((session) => session.columns(sql, ['x']));
    expect(answer).toEqual([Float64Array.of(1.5, Number.NaN), [null, 'x']]);
    const whole = engine.session((session) => session.columns('select null::integer'));
    await expect(whole).rejects.toThrow(/whole numbers and a null/);
  });

  test('columns are cast to those of the table; what does not fit is an error that leaves the table as it was', async () => {
    await engine.session(async (session) => {
      await session.run('create temp table t (units bigint)');
      await session.append('t', [Float64Array.of(2 ** 50)], 1);
      const two = [Float64Array.of(1), Float64Array.of(2)];
      await expect(session.append('t', two, 1)).rejects.toThrow(StatementError);
      await expect(session.append('t', [['a']], 1)).rejects.toThrow(StatementError);
      expect(await session.columns('select units from t')).toEqual([[String(2 ** 50)]]);
    });
  });
});
