import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothing, systemCaller } from '../kernel/index.ts';
import type { Tx } from './records.ts';
import { openTestRecords, type TestRecords } from './testing/test-records.ts';

let test: TestRecords;
beforeAll(async () => {
  test = await openTestRecords();
});
afterAll(() => test.close());

/** What would let a caller see another tenant's rows, one sentence each. */
async function leaks(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ leak: string }>`
    with ours as (
      select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm')
        -- What belongs to an extension is not ours.
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    ),
    tenant as (
      select distinct ours.*
      from ours
      join pg_attribute a on a.attrelid = ours.oid and a.attname in ('entity_id', 'company_id') and not a.attisdropped
      where relkind in ('r', 'p')
    )
    select 'table ' || relname || ' has a tenant and no forced row-level security' as leak
    from tenant where not (relrowsecurity and relforcerowsecurity)
    union all
    select 'policy ' || policyname || ' on ' || tablename || ' lets everybody through'
    from pg_policies
    where schemaname = 'public' and tablename in (select relname from tenant)
      and qual = 'true'
    union all
    select 'view ' || relname || ' runs as its owner'
    from ours where relkind = 'v' and not coalesce('security_invoker=true' = any(reloptions), false)
    union all
    select 'materialized view ' || relname || ' can have no row-level security'
    from ours where relkind = 'm'
    union all
    select 'table ' || relname || ' may be truncated by finops_app'
    from ours where relkind in ('r', 'p') and has_table_privilege('finops_app', oid, 'truncate')
    order by 1`.execute(tx);
  return rows.map(({ leak }) => leak);
}

describe('isolation of tenants', () => {
  it('forces row-level security on every table with a tenant, and views run as their reader', async () => {
    expect(await test.records.asOwner(leaks)).toEqual([]);
  });

  it('would find a table, a view and a policy that leak', async () => {
    const found = test.records.asOwner(async (tx) => {
      await sql`create table loose (entity_id text)`.execute(tx);
      await sql`create table company_loose (company_id text)`.execute(tx);
      await sql`alter table company_loose enable row level security`.execute(tx);
      await sql`create table lax (entity_id text)`.execute(tx);
      await sql`alter table lax enable row level security`.execute(tx);
      await sql`alter table lax force row level security`.execute(tx);
      await sql`create policy lax_read on lax for select using (true)`.execute(tx);
      await sql`create view window_of as select * from lax`.execute(tx);
      await sql`create materialized view heap as select * from lax`.execute(tx);
      throw new Error((await leaks(tx)).join('\n'));
    });
    await expect(found).rejects.toThrow(
      [
        'materialized view heap can have no row-level security',
        'policy lax_read on lax lets everybody through',
        'table company_loose has a tenant and no forced row-level security',
        'table loose has a tenant and no forced row-level security',
        'view window_of runs as its owner',
      ].join('\n'),
    );
  });

  it('keeps the role of requests from becoming somebody else or ending its limits', async () => {
    const attempts = [
      'alter table audit_log disable row level security',
      'alter table audit_log no force row level security',
      'drop policy audit_log_read on audit_log',
      'create policy mine on audit_log using (true)',
      'alter role finops_app bypassrls',
      'create role other superuser',
      'create table mine (a int)',
      'create function finops_sees_all() returns boolean language sql return true',
    ];
    for (const statement of attempts) {
      const attempt = test.records.write({ ...systemCaller, scope: nothing }, (tx) =>
        sql.raw(statement).execute(tx),
      );
      await expect(attempt, statement).rejects.toThrow(/must be|permission denied|must have/);
    }
  });

  it('shows nothing to a transaction whose scope was never set', async () => {
    const rows = await test.records.asOwner(async (tx) => {
      await sql`insert into audit_log (actor_kind, actor_id, actor_name, action, object_type, object_id, entity_id)
        values ('system', 's', 's', 'a', 't', 'o', 'retail')`.execute(tx);
      await sql`set local role finops_app`.execute(tx);
      const seen = async () =>
        (await sql<{ seen: number }>`select count(*)::int as seen from audit_log`.execute(tx)).rows[0]?.seen;
      const withAll = await seen();
      await sql`select set_config('finops.all', '', true)`.execute(tx);
      return [withAll, await seen()];
    });
    expect(rows).toEqual([1, 0]);
  });
});
