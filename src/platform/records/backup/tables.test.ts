import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../kernel/index.ts';
import type { Tx } from '../records.ts';
import { openTestRecords, type TestRecords } from '../testing/test-records.ts';
import { digestTable, exportTable, importTable, shapeFor } from './tables.ts';
import {
  listSequences,
  listTables,
  putBack,
  setAside,
  setSequence,
  settleText,
  type TableShape,
} from './tables-sql.ts';

let test: TestRecords;
let folder: string;
beforeAll(async () => {
  test = await openTestRecords();
  folder = await mkdtemp(join(tmpdir(), 'finops-tables-'));
  await test.records.asOwner((tx) => sql.raw(schema).execute(tx));
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

/** What tables may have: kinds of columns, a table above itself, a circle of two, a trigger, no key. */
const schema = `
create table kind (
  id bigint generated always as identity primary key,
  number numeric, money numeric(38, 12), whole integer, ratio double precision, yes boolean,
  day date, at timestamptz, local timestamp, span interval, days daterange,
  text text, bytes bytea, list text[], lists integer[][], document jsonb, plain json, id2 uuid,
  twice integer generated always as (whole * 2) stored
);
create table node (id text primary key, parent text constraint node_parent references node);
create table egg (id integer primary key, hen integer);
create table hen (id integer primary key, egg integer constraint hen_egg references egg);
alter table egg add constraint egg_hen foreign key (hen) references hen;
create table loose (a text, b integer);
create table told (id text);
create function tell() returns trigger language plpgsql as $$ begin insert into told values (new.id); return new; end $$;
create trigger tells after insert on node for each row execute function tell();
`;

const filled = `
insert into kind (number, money, whole, ratio, yes, day, at, local, span, days, text, bytes, list, lists, document, plain, id2) values
  (1.10, 12345678901234567890123456.000000000001, -1, 0.1, true, '2026-02-28', '2026-02-28 23:59:59.999999+05:30',
   '0001-01-01', '1 year 2 days 03:04:05.678', '[2026-01-01,2026-02-01)', E'a\\tb\\n\\r\\u2028"\\\\''', '\\x00ff', array['', null, 'a,b', '"{}'],
   '{{1,2},{3,4}}', '{"b": 1.0, "a": [1e5, "\\u2028"]}', '{"z": 1,  "a":  2}', '00000000-0000-0000-0000-000000000001'),
  ('NaN', 0, null, '-Infinity', false, 'infinity', '-infinity', null, null, 'empty', '', '', '{}', '{}', 'null', 'null', null),
  (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into node values ('z', null), ('a', 'z'), ('m', 'a'), ('b', 'm');
insert into egg values (1, null), (2, null);
insert into hen values (1, 2);
update egg set hen = 1 where id = 1;
insert into loose values ('b', 2), ('a', null), ('a', 1), ('a', 1);
`;

const ours = ['egg', 'hen', 'kind', 'loose', 'node', 'told'];
class Undone extends Error {}

/** Works in a transaction of which nothing stays. */
async function inVain(work: (tx: Tx) => Promise<void>): Promise<void> {
  const doing = test.records.asOwner(async (tx) => {
    await settleText(tx);
    await work(tx);
    throw new Undone();
  });
  await expect(doing).rejects.toThrow(Undone);
}

async function shapesOf(tx: Tx): Promise<readonly TableShape[]> {
  return (await listTables(tx)).filter(({ name }) => ours.includes(name));
}

describe('the tables of a backup', () => {
  it('come back the same: every kind of column, tables above themselves, circles, rows without a key', async () => {
    await inVain(async (tx) => {
      await sql.raw(filled).execute(tx);
      const shapes = await shapesOf(tx);
      expect(shapes.map(({ name }) => name)).toEqual(ours);
      const before = new Map<string, string>();
      for (const shape of shapes)
        before.set(shape.name, (await exportTable(tx, shape, join(folder, `${shape.name}.ndjson`))).sha256);
      const sequences = await listSequences(tx);
      await sql`truncate kind, node, egg, hen, loose, told restart identity`.execute(tx);

      const aside = await setAside(tx);
      for (const shape of shapes) await importTable(tx, shape, join(folder, `${shape.name}.ndjson`));
      for (const sequence of sequences) await setSequence(tx, sequence);
      await putBack(tx, aside);

      for (const shape of shapes)
        expect([shape.name, (await digestTable(tx, shape)).sha256]).toEqual([
          shape.name,
          before.get(shape.name),
        ]);
      expect(await listSequences(tx)).toEqual(sequences);
      const next = await sql<{ id: bigint }>`insert into kind (whole) values (7) returning id`.execute(tx);
      expect(next.rows).toEqual([{ id: 4n }]);
      // Told once when the rows were made, not again when they came back; and once more now.
      await sql`insert into node values ('c', 'b')`.execute(tx);
      const { rows } = await sql<{ n: number }>`select count(*)::integer as n from told`.execute(tx);
      expect(rows).toEqual([{ n: 5 }]);
    });
  });

  it('are refused when a row points nowhere, as soon as the foreign keys are put back', async () => {
    const broken = test.records.asOwner(async (tx) => {
      const aside = await setAside(tx);
      await sql`insert into hen values (9, 9)`.execute(tx);
      await putBack(tx, aside);
    });
    await expect(broken).rejects.toMatchObject({ code: 'records.reference' });
  });

  it('keep every foreign key and trigger as it was', async () => {
    const defined = (tx: Tx) =>
      sql`select conname, pg_get_constraintdef(oid) as definition, condeferrable, convalidated from pg_constraint
        where contype = 'f' order by 1, 2`.execute(tx);
    await inVain(async (tx) => {
      const { rows } = await defined(tx);
      expect(rows.length).toBeGreaterThan(3);
      await putBack(tx, await setAside(tx));
      expect((await defined(tx)).rows).toEqual(rows);
    });
  });

  it('take columns in the order of the backup, and say what does not fit', async () => {
    await inVain(async (tx) => {
      const shapes = await shapesOf(tx);
      const loose = must(
        shapes.find(({ name }) => name === 'loose'),
        'loose',
      );
      const turned = { name: 'loose', columns: ['b', 'a'], rows: 0 };
      expect(shapeFor(turned, shapes)).toEqual({ ...loose, columns: ['b', 'a'], types: ['integer', 'text'] });
      expect(shapeFor({ ...turned, columns: ['a', 'b', 'c'] }, shapes)).toBe(
        'its table loose has no column c',
      );
      expect(shapeFor({ ...turned, columns: ['a'] }, shapes)).toBe(
        'its table loose has a column b that the backup lacks',
      );
      expect(shapeFor({ ...turned, name: 'gone' }, shapes)).toBe('it has no table gone');
    });
  });

  it('are read in portions', async () => {
    await inVain(async (tx) => {
      await sql`insert into loose select repeat('x', 300), n from generate_series(1, 12000) n`.execute(tx);
      const [loose] = (await shapesOf(tx)).filter(({ name }) => name === 'loose');
      const shape = must(loose, 'loose');
      const file = join(folder, 'many.ndjson');
      const { rows, sha256 } = await exportTable(tx, shape, file);
      expect(rows).toBe(12_000);
      await sql`truncate loose`.execute(tx);
      await importTable(tx, shape, file);
      expect(await digestTable(tx, shape)).toMatchObject({ rows: 12_000, sha256 });
    });
  });
});
