import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../kernel/index.ts';
import { audit } from '../audit.ts';
import type { Records, Tx } from '../records.ts';
import { openTestRecords, type TestRecords } from '../testing/test-records.ts';
import { sealNow, startSealer } from './seal-audit.ts';
import { type Anchor, type AuditVerification, verifyAudit } from './verify-audit.ts';

let test: TestRecords;
let records: Records;
beforeAll(async () => {
  test = await openTestRecords();
  records = test.records;
  for (let index = 1; index <= 7; index++) await write(`a${index}`);
  await sealNow(records);
});
afterAll(() => test.close());

function write(id: string): Promise<void> {
  const caller = {
    ...systemCaller,
    actor: { ...systemCaller.actor, address: '10.0.0.1', name: 'Zoë – “ünïcode” 漢字', requestId: `r-${id}` },
  };
  return records.write(caller, (tx) =>
    audit(tx, caller, {
      action: 'thing.update',
      object: { type: 'thing', id },
      entity: 'retail',
      before: { name: 'é', amount: '1.10', list: [1, null, 1.5e30] },
      after: { name: `new\n"${id}"`, nested: { b: 1, a: 2 } },
    }),
  );
}

const verify = (anchors: readonly Anchor[] = []) => verifyAudit(records.asOwner, anchors);

class Undone extends Error {}

/** Does harm as somebody with the owner's password would, verifies, and takes the harm back. */
async function afterHarm(harm: string, anchors: readonly Anchor[] = []): Promise<AuditVerification> {
  let seen: AuditVerification | undefined;
  const harming = records.asOwner(async (tx: Tx) => {
    for (const table of ['audit_log', 'audit_seal']) {
      await sql.raw(`alter table ${table} no force row level security`).execute(tx);
      await sql.raw(`alter table ${table} disable trigger user`).execute(tx);
    }
    await sql.raw(harm).execute(tx);
    seen = await verifyAudit((work) => work(tx), anchors);
    throw new Undone();
  });
  await expect(harming).rejects.toThrow(Undone);
  return seen as AuditVerification;
}

const problems = ({ findings }: AuditVerification) =>
  findings.map(({ problem, position }) => `${problem} ${position}`);

describe('the chain of the audit log', () => {
  it('is intact after sealing, gapless in the order of the rows', async () => {
    const verified = await verify();
    expect(verified).toMatchObject({
      intact: true,
      rows: 7,
      findings: [],
      unsealed: { rows: 0, oldest: null },
    });
    expect(verified.head?.position).toBe('7');
  });

  it('is what anybody can recompute: SHA-256 over the hash before and the length and text of every field', async () => {
    const { rows } = await records.asOwner((tx) =>
      sql<Record<string, string | null>>`select s.position::text as position,
          to_char(s.sealed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sealed,
          l.id::text as id, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
          l.actor_kind, l.actor_id, l.actor_name, l.address, l.action, l.object_type, l.object_id, l.entity_id,
          l.before::text as before, l.after::text as after, l.request_id, s.hash
        from audit_seal s join audit_log l on l.id = s.audit_id order by s.position`.execute(tx),
    );
    let previous = '0'.repeat(64);
    for (const { hash, ...fields } of rows) {
      const text = Object.values(fields).map((value) =>
        value === null ? '-' : `${Buffer.from(value).length}:${value}`,
      );
      previous = createHash('sha256')
        .update(previous + text.join(''))
        .digest('hex');
      expect(hash).toBe(previous);
    }
    expect(rows).toHaveLength(7);
  });

  it.each([
    ["actor_kind = 'owner'"],
    ["actor_id = 'system '"],
    ["actor_name = 'Zoe – “ünïcode” 漢字'"],
    ["address = '10.0.0.2'"],
    ['address = null'],
    ["action = 'thing.updatf'"],
    ["object_type = 'think'"],
    ["object_id = 'a9'"],
    ["entity_id = 'retaim'"],
    ["before = jsonb_set(before, '{amount}', '\"1.20\"')"],
    ["before = jsonb_set(before, '{list,0}', '1.0')"],
    ['after = null'],
    ["request_id = 'r-a8'"],
    ["at = at + interval '1 microsecond'"],
    // What one field loses and the next one gains.
    ["object_type = 'thinga', object_id = '3'"],
  ])('finds one changed byte: %s', async (change) => {
    const verified = await afterHarm(`update audit_log set ${change} where object_id = 'a3'`);
    expect(verified.intact).toBe(false);
    expect(problems(verified)).toEqual(['changed-row 3']);
    expect(verified.findings[0]?.message).toBe(
      `Row ${verified.findings[0]?.auditId} or its link was changed after it was sealed.`,
    );
  });

  it('finds a change of the chain itself', async () => {
    const other = 'f'.repeat(64);
    expect(problems(await afterHarm(`update audit_seal set hash = '${other}' where position = 3`))).toEqual([
      'changed-row 3',
      'broken-link 4',
    ]);
    expect(
      problems(await afterHarm(`update audit_seal set previous_hash = '${other}' where position = 3`)),
    ).toEqual(['broken-link 3']);
    expect(
      problems(
        await afterHarm(
          "update audit_seal set sealed_at = sealed_at + interval '1 microsecond' where position = 7",
        ),
      ),
    ).toEqual(['changed-row 7']);
  });

  it('finds a missing row, with and without its link', async () => {
    expect(problems(await afterHarm("delete from audit_log where object_id = 'a4'"))).toEqual([
      'missing-row 4',
    ]);
    expect(problems(await afterHarm('delete from audit_seal where position = 4'))).toEqual(['gap 5']);
    expect(problems(await afterHarm('delete from audit_seal where position = 1'))).toEqual(['gap 2']);
  });

  it('finds links in another order', async () => {
    const swap = `update audit_seal set audit_id = -audit_id where position in (2, 3);
      update audit_seal as a set audit_id = -b.audit_id from audit_seal as b
      where a.position in (2, 3) and b.position = 5 - a.position and a.audit_id < 0`;
    expect(problems(await afterHarm(swap))).toEqual(['changed-row 2', 'changed-row 3']);
    expect(problems(await afterHarm('update audit_seal set position = 9 where position = 7'))).toEqual([
      'gap 9',
    ]);
  });

  it('finds a tail that was cut off, by a head known from outside', async () => {
    const { head } = await verify();
    const known = head as Anchor;
    const cut = `delete from audit_log where id = (select audit_id from audit_seal where position = 7);
      delete from audit_seal where position = 7`;
    expect((await afterHarm(cut)).intact).toBe(true);
    const found = await afterHarm(cut, [known]);
    expect(found.intact).toBe(false);
    expect(problems(found)).toEqual(['cut-tail 7']);
    expect((await verify([known])).intact).toBe(true);
  });

  it('finds a chain that was written anew with all its hashes, by a head known from outside', async () => {
    const verified = await verify([{ position: '5', hash: 'a'.repeat(64) }]);
    expect(problems(verified)).toEqual(['other-chain 5']);
    expect(verified.intact).toBe(false);
  });

  it('tells of rows that wait for a sealer; after a minute that is a finding, but no broken chain', async () => {
    const waiting = (age: string) =>
      afterHarm(`insert into audit_log (at, actor_kind, actor_id, actor_name, action, object_type, object_id)
        values (now() - interval '${age}', 'system', 's', 's', 'a', 't', 'o')`);
    expect(await waiting('10 seconds')).toMatchObject({ intact: true, findings: [], unsealed: { rows: 1 } });
    const overdue = await waiting('2 minutes');
    expect(overdue).toMatchObject({ intact: true, unsealed: { rows: 1 } });
    expect(overdue.findings).toMatchObject([{ problem: 'unsealed-rows', severity: 'warning' }]);
  });

  it('tells how many findings there are and names a hundred', async () => {
    await records.asOwner((tx) =>
      sql`insert into audit_log (actor_kind, actor_id, actor_name, action, object_type, object_id)
        select 'system', 's', 's', 'a', 'many', n::text from generate_series(1, 10500) n`.execute(tx),
    );
    // More than a batch of the sealer and of the verification.
    expect(await sealNow(records)).toBe(10_500);
    expect(await verify()).toMatchObject({ intact: true, rows: 10_507 });
    const found = await afterHarm("update audit_log set object_id = 'x' where object_type = 'many'");
    expect(found.findings).toHaveLength(100);
    expect(found.findingsCount).toBe(10_500);
  });
});

describe('the sealer', () => {
  it('chains what many writers commit at once, and nothing of what they roll back', async () => {
    const before = (await verify()).rows;
    const errors: unknown[] = [];
    const sealer = startSealer(records, { everyMs: 5, onError: (error) => errors.push(error) });
    const second = startSealer(records, { everyMs: 5, onError: (error) => errors.push(error) });
    const work = Array.from({ length: 160 }, async (_, index) => {
      if (index % 4 === 0)
        await records
          .write(systemCaller, async (tx) => {
            await audit(tx, systemCaller, entry(`undone ${index}`));
            throw new Undone();
          })
          .catch(() => {});
      else await write(`w${index}`);
    });
    await Promise.all(work);
    await Promise.all([sealer.stop(), second.stop()]);
    expect(errors).toEqual([]);
    expect(await verify()).toMatchObject({ intact: true, rows: before + 120, unsealed: { rows: 0 } });
  });

  it('finds a row that an earlier sealing did not see, when it looks at everything', async () => {
    await records.asOwner(async (tx) => {
      await sql`alter table audit_seal disable trigger user`.execute(tx);
      await sql`update audit_seal set sealed_at = sealed_at - interval '1 hour'`.execute(tx);
      await sql`insert into audit_log (id, actor_kind, actor_id, actor_name, action, object_type, object_id)
        overriding system value values (0, 'system', 's', 's', 'a', 'late', 'o')`.execute(tx);
    });
    expect(await sealNow(records)).toBe(0);
    expect(await sealNow(records, { everything: true })).toBe(1);
  });

  it('tells of a sealing that fails and tries again', async () => {
    const errors: unknown[] = [];
    const broken = { ...records, asOwner: () => Promise.reject(new Error('gone')) } as Records;
    const sealer = startSealer(broken, { everyMs: 5, onError: (error) => errors.push(error) });
    await expect.poll(() => errors.length).toBeGreaterThan(1);
    await expect(sealer.stop()).rejects.toThrow('gone');
  });
});

function entry(id: string) {
  return { action: 'thing.create', object: { type: 'thing', id }, entity: null, before: null, after: {} };
}
