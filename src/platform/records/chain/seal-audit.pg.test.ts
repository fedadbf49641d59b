import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../kernel/index.ts';
import { audit } from '../audit.ts';
import { openTestRecords, type TestRecords, testServer } from '../testing/test-records.ts';
import { sealNow } from './seal-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const entry = (id: string) => ({
  action: 'thing.create',
  object: { type: 'thing', id },
  entity: null,
  before: null,
  after: {},
});

describe.skipIf(testServer === undefined)('several connections', () => {
  let test: TestRecords;
  beforeAll(async () => {
    test = await openTestRecords();
  });
  afterAll(() => test.close());

  it('chain a row that was written early and committed late after the younger ones', async () => {
    const { records } = test;
    let commit = () => {};
    const mayCommit = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let written = () => {};
    const isWritten = new Promise<void>((resolve) => {
      written = resolve;
    });
    const late = records.write(systemCaller, async (tx) => {
      await audit(tx, systemCaller, entry('late'));
      written();
      await mayCommit;
    });
    await isWritten;
    await records.write(systemCaller, (tx) => audit(tx, systemCaller, entry('early')));
    expect(await sealNow(records)).toBe(1);
    commit();
    await late;
    expect(await sealNow(records)).toBe(1);
    const order = await records.read(systemCaller, (tx) =>
      tx
        .selectFrom('audit_seal')
        .innerJoin('audit_log', 'audit_log.id', 'audit_seal.audit_id')
        .select(['object_id', 'audit_id'])
        .orderBy('position')
        .execute(),
    );
    expect(order.map(({ object_id }) => object_id)).toEqual(['early', 'late']);
    expect(order.map(({ audit_id }) => audit_id)).toEqual([2n, 1n]);
    expect(await verifyAudit(records.asOwner)).toMatchObject({ intact: true, rows: 2 });
  });
});
