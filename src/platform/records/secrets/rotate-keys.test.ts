import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixedClock, systemCaller } from '../../kernel/index.ts';
import type { Records } from '../records.ts';
import { openTestRecords, type TestRecords } from '../testing/test-records.ts';
import { newKey } from './key.ts';
import { listKeys, pruneKeys, rotateKeys, sealedByKey } from './rotate-keys.ts';
import { type SealedColumn, sealedColumns, sealedContext } from './sealed-columns.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import { fieldsOfOtherKeys, replaceFields } from './secrets-sql.ts';

const column: SealedColumn = { table: 'payer', ids: ['company', 'number'], column: 'account_sealed' };
const count = 1203;
const by = { caller: systemCaller, clock: fixedClock('2026-11-21T10:00:00Z') };

let test: TestRecords;
let records: Records;
beforeAll(async () => {
  test = await openTestRecords();
  records = test.records;
  await records.asOwner((tx) =>
    sql`create table payer (company text, number integer, account_sealed text, primary key (company, number))`.execute(
      tx,
    ),
  );
});
afterAll(() => test.close());

const fields = () => ({ records, columns: [column] });
const file = () => join(test.root, 'finops.key');

function open(environment?: string): Promise<Secrets> {
  return openSecrets({
    file: file(),
    environment,
    sealedWith: async () => [...(await sealedByKey(fields())).keys()],
  });
}

/** More rows than a batch, with ids that sort differently as text and as numbers, and one without a value. */
async function fill(secrets: Secrets): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => {
    const ids = [index % 2 ? 'Étoile' : 'acme', String(index)];
    return {
      company: ids[0],
      number: index,
      sealed: secrets.seal(`account ${index}`, sealedContext(column, ids)),
    };
  });
  await records.asOwner(async (tx) => {
    await sql`truncate payer`.execute(tx);
    await sql`insert into payer select company, number, sealed
      from json_to_recordset(${JSON.stringify(rows)}::json) as x (company text, number integer, sealed text)`.execute(
      tx,
    );
    await sql`insert into payer values ('none', -1, null)`.execute(tx);
  });
}

async function opened(secrets: Secrets): Promise<readonly string[]> {
  const { rows } = await records.asOwner((tx) =>
    sql<{ company: string; number: number; sealed: string }>`
      select company, number, account_sealed as sealed from payer where account_sealed is not null order by number`.execute(
      tx,
    ),
  );
  return rows.map(({ company, number, sealed }) =>
    secrets.open(sealed, sealedContext(column, [company, String(number)])),
  );
}

const accounts = Array.from({ length: count }, (_, index) => `account ${index}`);

describe('rotation of keys', () => {
  let secrets: Secrets;
  beforeEach(async () => {
    await records.asOwner((tx) => sql`truncate payer`.execute(tx));
    await rm(file(), { force: true });
    secrets = await open();
    await fill(secrets);
  });

  it('seals every field with a new key and keeps every text', async () => {
    const before = secrets.store.keys()[0].id;
    const rotated = await rotateKeys(secrets, fields(), by);
    expect(rotated).toEqual({ current: secrets.store.keys()[0].id, added: true, resealed: count });
    expect(rotated.current).not.toBe(before);
    expect(await opened(secrets)).toEqual(accounts);
    expect(await listKeys(secrets, fields())).toEqual([
      { id: rotated.current, state: 'current', retiredAt: null, fields: count },
      { id: before, state: 'retired', retiredAt: '2026-11-21T10:00:00.000Z', fields: 0 },
    ]);
  });

  it('goes on where a killed rotation stopped, with the key that it had made', async () => {
    const { id } = await secrets.store.addKey(by.clock.now());
    const again = await rotateKeys(await open(), fields(), by);
    expect(again).toEqual({ current: id, added: false, resealed: count });
    expect(await opened(secrets)).toEqual(accounts);
  });

  it('makes one new key when two rotations run at once', async () => {
    const both = await Promise.all([
      rotateKeys(secrets, fields(), by),
      rotateKeys(await open(), fields(), by),
    ]);
    expect(new Set(both.map(({ current }) => current)).size).toBe(1);
    expect(both.map(({ added }) => added).sort()).toEqual([false, true]);
    expect(await opened(secrets)).toEqual(accounts);
  });

  it('does not overwrite a field that somebody changes meanwhile', async () => {
    const current = 'ffffffff';
    const read = await records.asOwner((tx) =>
      fieldsOfOtherKeys(tx, column, { current, after: undefined, limit: 3 }),
    );
    const [changed] = read;
    const context = sealedContext(column, changed?.ids ?? []);
    const newer = secrets.seal('new account', context);
    const replaced = await records.asOwner(async (tx) => {
      await sql`update payer set account_sealed = ${newer} where account_sealed = ${changed?.sealed}`.execute(
        tx,
      );
      return await replaceFields(
        tx,
        column,
        read.map((field) => ({
          ...field,
          resealed: secrets.seal('old account', sealedContext(column, field.ids)),
        })),
      );
    });
    expect(replaced).toBe(2);
    expect((await opened(secrets)).filter((account) => account === 'new account')).toHaveLength(1);
    expect((await opened(secrets)).filter((account) => account === 'old account')).toHaveLength(2);
  });

  it('leaves what does not open, says which, and keeps the old key', async () => {
    await records.asOwner((tx) =>
      sql`update payer set account_sealed = (select account_sealed from payer where number = 1) where number = 5`.execute(
        tx,
      ),
    );
    const before = secrets.store.keys()[0].id;
    await expect(rotateKeys(secrets, fields(), by)).rejects.toThrow(
      /1 sealed field\(s\) do not open, the first \["payer","account_sealed","Étoile","5"\]/,
    );
    expect((await sealedByKey(fields())).get(before)).toBe(1);
    expect(await pruneKeys(secrets, fields(), { ...by, evenNow: true })).toEqual([]);
  });

  it('removes a retired key an hour later, when nothing is sealed with it, and never one in use', async () => {
    const before = secrets.store.keys()[0].id;
    await secrets.store.addKey(by.clock.now());
    expect(await pruneKeys(secrets, fields(), { ...by, evenNow: true })).toEqual([]);
    await rotateKeys(secrets, fields(), by);
    expect(await pruneKeys(secrets, fields(), { ...by, evenNow: false })).toEqual([]);
    const later = { caller: systemCaller, clock: fixedClock('2026-11-21T11:00:00Z'), evenNow: false };
    expect(await pruneKeys(secrets, fields(), later)).toEqual([before]);
    expect((await readFile(file(), 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(await opened(await open())).toEqual(accounts);
  });

  it('with keys of the environment seals with the first, and says what to set when there is one only', async () => {
    const [one, two] = [newKey(), newKey()].map(({ bytes }) => bytes.toString('base64'));
    const only = await open(one);
    await fill(only);
    await expect(rotateKeys(only, fields(), by)).rejects.toThrow(/Put a new key before the old one/);
    const both = await open(`${two},${one}`);
    expect(await rotateKeys(both, fields(), by)).toMatchObject({ added: false, resealed: count });
    expect(await opened(await open(two))).toEqual(accounts);
  });

  it('is in the audit log, without key material', async () => {
    const { current } = await rotateKeys(secrets, fields(), by);
    const rows = await records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').selectAll().where('object_id', '=', current).orderBy('id').execute(),
    );
    expect(rows.map(({ action }) => action)).toEqual(['key.rotate', 'key.reseal']);
    for (const { bytes } of secrets.store.keys()) {
      expect(
        JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      ).not.toContain(bytes.toString('base64'));
    }
  });
});

describe('the list of sealed columns', () => {
  it('names every column that ends in _sealed, with the primary key of its table', async () => {
    const { rows } = await records.asOwner((tx) =>
      sql<SealedColumn>`select c.table_name as table, c.column_name as column, array(
          select a.attname::text from pg_index i, unnest(i.indkey) with ordinality k (n, place), pg_attribute a
          where i.indrelid = c.table_name::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.n
          order by k.place
        ) as ids
      from information_schema.columns c
      where c.table_schema = 'public' and c.column_name like '%\\_sealed' and c.data_type = 'text'`.execute(
        tx,
      ),
    );
    const found = rows.map(({ table, ids, column }) => ({ table, ids, column }));
    const sorted = (columns: readonly SealedColumn[]) =>
      columns.map((item) => JSON.stringify([item.table, item.ids, item.column])).sort();
    expect(sorted(found.filter(({ table }) => table !== 'payer'))).toEqual(sorted(sealedColumns));
    expect(found).toContainEqual(column);
  });
});
