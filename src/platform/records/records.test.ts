import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, nothing, ownerCaller, systemCaller } from '../kernel/index.ts';
import { audit } from './audit.ts';
import { openTestRecords, type TestRecords } from './testing/test-records.ts';

let test: TestRecords;
beforeAll(async () => {
  test = await openTestRecords();
});
afterAll(() => test.close());

const alice: Caller = {
  actor: { kind: 'person', id: 'p1', name: 'alice@example.com', address: '10.0.0.1', requestId: 'r1' },
  scope: { ...nothing, entities: ['retail', "o'hara"] },
};

function entry(id: string, entity: string | null) {
  return {
    action: 'thing.create',
    object: { type: 'thing', id },
    entity,
    before: null,
    after: { id, n: 1.5 },
  };
}

const loggedIds = (caller: Caller) =>
  test.records.read(caller, async (tx) =>
    (await tx.selectFrom('audit_log').select('object_id').orderBy('id').execute()).map(
      (row) => row.object_id,
    ),
  );

describe('records', () => {
  it('shows a caller only what lies in the scope', async () => {
    await test.records.write(systemCaller, (tx) =>
      audit(
        tx,
        systemCaller,
        entry('a', 'retail'),
        entry('b', 'labs'),
        entry('c', null),
        entry('d', "o'hara"),
      ),
    );
    expect(await loggedIds(systemCaller)).toEqual(['a', 'b', 'c', 'd']);
    expect(await loggedIds(alice)).toEqual(['a', 'd']);
    expect(await loggedIds({ ...alice, scope: nothing })).toEqual([]);
  });

  it('keeps nothing of a transaction that fails', async () => {
    const before = await loggedIds(systemCaller);
    const broken = test.records.write(systemCaller, async (tx) => {
      await audit(tx, systemCaller, entry('e', null));
      throw new Error('changed my mind');
    });
    await expect(broken).rejects.toThrow('changed my mind');
    expect(await loggedIds(systemCaller)).toEqual(before);
  });

  it('gives the connection back without role and scope', async () => {
    await Promise.all(Array.from({ length: 12 }, () => loggedIds(alice)));
    const { rows } = await test.records.ownerSql(
      "select current_user <> 'finops_app' as owner, current_setting('finops.entities', true) as entities",
    );
    expect(rows).toEqual([{ owner: true, entities: '' }]);
  });

  it('runs requests as a role that owns nothing and bypasses nothing', async () => {
    const found = await test.records.read(ownerCaller(null), (tx) =>
      sql`select current_user as user, rolsuper, rolbypassrls, rolcreaterole,
        (select count(*)::int from pg_class where relowner = pg_roles.oid) as owned
        from pg_roles where rolname = current_user`.execute(tx),
    );
    expect(found.rows).toEqual([
      { user: 'finops_app', rolsuper: false, rolbypassrls: false, rolcreaterole: false, owned: 0 },
    ]);
  });

  it('refuses a read that writes, and a log line that is changed or removed, even by the owner', async () => {
    await expect(
      test.records.read(systemCaller, (tx) => audit(tx, systemCaller, entry('f', null))),
    ).rejects.toThrow(/read-only/);
    const before = await loggedIds(systemCaller);
    for (const statement of [
      "update audit_log set object_id = 'x'",
      'delete from audit_log',
      'truncate audit_log',
    ]) {
      // An owner without superuser's rights finds no row to change; a superuser meets the trigger.
      await test.records.ownerSql(statement).catch((error: Error) => {
        expect(error.message).toMatch(/append-only/);
      });
      await expect(test.records.write(systemCaller, (tx) => sql.raw(statement).execute(tx))).rejects.toThrow(
        /permission denied/,
      );
    }
    expect(await loggedIds(systemCaller)).toEqual(before);
  });

  it('lets a hook add to a write, past the scope of its caller: both happen, or neither', async () => {
    const stop = test.records.onWrite(({ actor }) =>
      actor.id === 'p1' ? (tx) => audit(tx, systemCaller, entry('by the hook', 'labs')) : undefined,
    );
    const write = (caller: Caller) =>
      test.records.write(caller, (tx) => audit(tx, caller, entry('by the work', 'retail')));
    const before = await loggedIds(systemCaller);
    await write(alice);
    await write(systemCaller);
    const added = ['by the work', 'by the hook', 'by the work'];
    expect(await loggedIds(systemCaller)).toEqual([...before, ...added]);
    const fail = test.records.onWrite(() => async () => {
      throw new Error('the hook refuses');
    });
    await expect(write(alice)).rejects.toThrow('the hook refuses');
    stop();
    fail();
    await write(alice);
    expect(await loggedIds(systemCaller)).toEqual([...before, ...added, 'by the work']);
  });

  it('says so at once when a transaction waits for another one inside itself', async () => {
    const nested = test.records.write(systemCaller, () => loggedIds(systemCaller));
    await expect(nested).rejects.toThrow('A transaction is open');
  });

  it('reads numbers, dates and times the same on every server', async () => {
    const { rows } = await test.records.asOwner((tx) =>
      sql`select 9007199254740993::bigint as big, 12.500000000001::numeric as money, '2026-02-28'::date as day,
        '2026-02-28 23:59:59.123456+02'::timestamptz as at, '{"a":[1,null]}'::jsonb as document,
        array['a,b','"'] as list, null::text as none`.execute(tx),
    );
    expect(rows).toEqual([
      {
        big: 9007199254740993n,
        money: '12.500000000001',
        day: '2026-02-28',
        at: '2026-02-28T21:59:59.123Z',
        document: { a: [1, null] },
        list: ['a,b', '"'],
        none: null,
      },
    ]);
  });
});
