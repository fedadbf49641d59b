import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../platform/records/index.ts';
import {
  type ChangeOptions,
  changeLines,
  discardDraft,
  openDraft,
  publishDraft,
  replaceLines,
} from './price-drafts.ts';
import type { NewLine } from './price-line.ts';
import { hashLines } from './price-line-hash.ts';
import { insertLines, readPriceLines } from './price-lines-sql.ts';
import {
  changeView,
  createView,
  listViews,
  type NewView,
  requireView,
  versionOf,
  versionsOf,
} from './price-views.ts';
import { insertDraft } from './price-views-sql.ts';
import { lineOf, now, openPriceBench, type PriceBench, personOf } from './testing/price-bench.ts';

const ann = personOf();
const retail = personOf({ entities: ['retail'] });
const shop = personOf({ applications: ['shop'] });

let bench: PriceBench;
let view: string;
let made = 0;
beforeAll(async () => {
  bench = await openPriceBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  view = `v${++made}`;
  await create({});
});

async function create(given: Partial<NewView>, caller = ann) {
  const whole = { label: 'Budget', kind: 'budget', currency: 'EUR', rateType: 'average' } as const;
  const made = { id: view, ...whole, entity: null, graph: null, ...given };
  return bench.write((tx) => createView(tx, caller, made), caller);
}
const replace = (lines: readonly NewLine[], options: Partial<ChangeOptions> = {}) =>
  bench.write((tx) => replaceLines(tx, ann, view, lines, { now, ...options }));
const publish = (note?: string) =>
  bench.write((tx) => publishDraft(tx, ann, view, { now, note: note ?? null }));
const show = () => bench.read((tx) => requireView(tx, view));
const lines = (version: number) => bench.read((tx) => readPriceLines(tx, { view, version }));

async function auditOf(type: string, id: string) {
  return bench.read((tx) =>
    tx
      .selectFrom('audit_log')
      .select(['action', 'entity_id', 'before', 'after'])
      .where('object_type', '=', type)
      .where('object_id', '=', id)
      .orderBy('id')
      .execute(),
  );
}

describe('a price view', () => {
  it('is made, renamed, retired and restored, each with a line in the audit log', async () => {
    const change = (patch: object) => bench.write((tx) => changeView(tx, ann, view, { now, ...patch }));
    expect(await show()).toMatchObject({
      kind: 'budget',
      currency: 'EUR',
      active: true,
      version: 1,
      draft: null,
    });
    expect(await change({ label: 'Budget 2026', rateType: 'budget' })).toMatchObject({
      version: 2,
      rateType: 'budget',
    });
    expect(await change({ label: 'Budget 2026' })).toMatchObject({ version: 2 });
    expect(await change({ active: false })).toMatchObject({
      retiredAt: expect.stringContaining('2026-11-21'),
    });
    await expect(replace([lineOf()])).rejects.toMatchObject({ code: 'price.viewRetired' });
    expect(await change({ active: true })).toMatchObject({ active: true, retiredAt: null });
    expect((await auditOf('price-view', view)).map(({ action }) => action)).toEqual([
      'price-view.create',
      'price-view.update',
      'price-view.retire',
      'price-view.restore',
    ]);
    await expect(create({})).rejects.toMatchObject({ code: 'price.viewTaken' });
    const active = await bench.read((tx) => listViews(tx, { active: true, kind: 'budget' }));
    expect(active.map(({ id }) => id)).toContain(view);
  });

  it('of kind actual names a graph of the same entity, and has no versions', async () => {
    await bench.records.asOwner((tx) =>
      tx
        .insertInto('graph')
        .values([
          { id: `g${view}`, label: 'g', entity_id: null },
          { id: `r${view}`, label: 'r', entity_id: 'retail' },
        ])
        .execute(),
    );
    const actual = { kind: 'actual', currency: null } as const;
    view = `${view}-actual`;
    await expect(create({ ...actual, graph: 'nowhere' })).rejects.toMatchObject({
      code: 'price.unknownGraph',
    });
    await expect(create({ ...actual, graph: `r${view.replace('-actual', '')}` })).rejects.toMatchObject({
      code: 'price.graphOfAnother',
    });
    await create({ ...actual, graph: `g${view.replace('-actual', '')}` });
    for (const work of [
      (tx: Tx) => openDraft(tx, ann, view, { now }),
      (tx: Tx) => replaceLines(tx, ann, view, [], { now }),
      (tx: Tx) => versionsOf(tx, view),
    ])
      await expect(bench.write<unknown>(work)).rejects.toMatchObject({ code: 'price.noLines' });
    expect(await bench.read((tx) => requireView(tx, view).then(versionOf))).toMatchObject({
      kind: 'actual',
      version: 0,
      currency: null,
    });
  });

  it('of the installation is read by everybody and changed by callers without limits only', async () => {
    await replace([
      lineOf(),
      lineOf({ entity: 'retail', amount: '1' }),
      lineOf({ entity: 'labs', amount: '2' }),
    ]);
    await publish();
    for (const caller of [retail, shop]) {
      const seen = await bench.read((tx) => readPriceLines(tx, { view, version: 1 }), caller);
      expect(seen.map(({ entity }) => entity)).toEqual([null, 'retail']);
      const changing = bench.write((tx) => changeLines(tx, caller, view, [{ remove: 1 }], { now }), caller);
      await expect(changing).rejects.toMatchObject({ code: 'price.wholeScopeNeeded' });
      await expect(create({ id: `${view}x` }, caller)).rejects.toMatchObject({
        code: 'price.wholeScopeNeeded',
      });
    }
  });

  it('of an entity is made, filled and published by somebody of the entity', async () => {
    view = `${view}-own`;
    await create({ entity: 'retail' }, retail);
    const given = [lineOf(), lineOf({ kind: 'pool', target: 'net' })];
    await bench.write((tx) => replaceLines(tx, retail, view, given, { now }), retail);
    const done = await bench.write((tx) => publishDraft(tx, retail, view, { now }), retail);
    expect(done).toMatchObject({ state: 'published', lines: 2, findings: [] });
    expect(await lines(1)).toHaveLength(2);
    expect(await bench.read((tx) => requireView(tx, view).then(versionOf), shop)).toMatchObject({
      version: 1,
      entity: 'retail',
    });
  });

  it('of an entity is unknown to callers of another', async () => {
    view = `${view}-labs`;
    await create({ entity: 'labs' });
    await replace([lineOf()]);
    await publish();
    for (const work of [
      (tx: Tx) => requireView(tx, view),
      (tx: Tx) => changeView(tx, retail, view, { label: 'mine', now }),
      (tx: Tx) => changeLines(tx, retail, view, [{ remove: 1 }], { now }),
      (tx: Tx) => publishDraft(tx, retail, view, { now }),
      (tx: Tx) => requireView(tx, view).then(versionOf),
    ])
      await expect(bench.write<unknown>(work, retail)).rejects.toMatchObject({ code: 'price.unknownView' });
    expect(await bench.read((tx) => readPriceLines(tx, { view, version: 1 }), shop)).toEqual([]);
    await expect(create({ id: `${view}2`, entity: 'labs' }, retail)).rejects.toMatchObject({
      code: 'price.unknownEntity',
    });
    const own = await bench.read((tx) => requireView(tx, view), personOf({ entities: ['labs'] }));
    expect(own).toMatchObject({ entity: 'labs' });
  });
});

describe('a draft', () => {
  it('holds lines as they were given, and becomes the published version', async () => {
    const given = [
      lineOf({ note: 'list price' }),
      lineOf({
        environment: 'prod',
        region: 'eu',
        entity: 'retail',
        amount: '-0.000000000001',
        validTo: '2026-07',
      }),
      lineOf({ kind: 'pool', target: 'net', entity: 'labs', amount: '5000', currency: 'USD' }),
      lineOf({
        ...{ target: 'disk', unit: 'TB-month' },
        tiers: {
          mode: 'graduated',
          steps: [
            { from: '0', price: '20' },
            { from: '0.5', price: '18' },
          ],
        },
      }),
      lineOf({
        level: 'family',
        target: 'blocks',
        unit: 'GB-month',
        amount: '99999999999999999999999999.999999999999',
      }),
      lineOf({ level: 'view', target: '' }),
    ];
    const saved = await replace(given);
    expect(saved).toMatchObject({ number: 1, state: 'draft', lines: 6, version: 2, changed: { added: 6 } });
    expect(await lines(1)).toEqual(given.map((line, index) => ({ ...line, number: index + 1 })));
    expect(saved.hash).toBe(hashLines(given));
    const published = await publish('the year');
    expect(published).toMatchObject({ number: 1, state: 'published', hash: saved.hash, version: 3 });
    expect(await show()).toMatchObject({
      draft: null,
      published: { number: 1, note: 'the year', publishedBy: 'ann@example.com', supersedes: null, lines: 6 },
    });
    expect(await bench.read((tx) => requireView(tx, view).then(versionOf))).toMatchObject({
      version: 1,
      currency: 'EUR',
      rateType: 'average',
    });
  });

  it('begins with the published lines or empty, is changed line by line, and supersedes', async () => {
    await replace([lineOf(), lineOf({ target: 'gpu', unit: 'GPU-hour', amount: '2' })]);
    await publish();
    const change = (...changes: Parameters<typeof changeLines>[3]) =>
      bench.write((tx) => changeLines(tx, ann, view, changes, { now }));
    // Without an open draft, the change opens one with the published lines.
    const changed = await change(
      { change: 1, line: lineOf({ amount: '0.05' }) },
      { add: lineOf({ target: 'seat', unit: 'seat' }) },
    );
    expect(changed).toMatchObject({ number: 2, lines: 3, changed: { added: 1, changed: 1, removed: 0 } });
    expect((await lines(2)).map(({ number, target, amount }) => [number, target, amount])).toEqual([
      [1, 'vcpu', '0.05'],
      [2, 'gpu', '2'],
      [3, 'seat', '0.04'],
    ]);
    expect((await lines(1)).map(({ amount }) => amount)).toEqual(['0.04', '2']);
    await change({ remove: 2 }, { remove: 3 }, { add: lineOf({ target: 'disk', unit: 'GB-month' }) });
    expect((await lines(2)).map(({ number }) => number)).toEqual([1, 4]);
    await expect(change({ remove: 2 })).rejects.toMatchObject({ code: 'price.unknownLine' });
    await expect(bench.write((tx) => openDraft(tx, ann, view, { now }))).rejects.toMatchObject({
      code: 'price.draftOpen',
    });
    expect(await publish()).toMatchObject({ number: 2 });
    expect(await show()).toMatchObject({ published: { number: 2, supersedes: 1, basedOn: 1 } });
    await bench.write((tx) => openDraft(tx, ann, view, { now, empty: true, note: 'again' }));
    expect(await lines(3)).toEqual([]);
    await expect(publish()).rejects.toMatchObject({ code: 'price.invalidVersion' });
  });

  it('is refused publication when it says what is published, in whatever order', async () => {
    const [a, b] = [lineOf(), lineOf({ environment: 'prod' })];
    await replace([a, b]);
    await publish();
    await bench.write((tx) => openDraft(tx, ann, view, { now }));
    await expect(publish()).rejects.toMatchObject({ code: 'price.nothingToPublish' });
    await bench.write((tx) => changeLines(tx, ann, view, [{ remove: 1 }, { add: a }], { now }));
    await expect(publish()).rejects.toMatchObject({ code: 'price.nothingToPublish' });
    await bench.write((tx) => discardDraft(tx, ann, view));
    expect(await show()).toMatchObject({ draft: null, published: { number: 1 } });
    // The same lines again open no draft.
    expect(await replace([b, a])).toMatchObject({
      number: 1,
      state: 'published',
      changed: { added: 0, changed: 0, removed: 0 },
    });
    expect(await show()).toMatchObject({ draft: null });
  });

  it('is not published while a line is wrong, and the refusal names the lines', async () => {
    const saved = await replace([lineOf({ target: 'cpu' }), lineOf({ unit: 'GB-month' })]);
    expect(saved.findings.map(({ code, line }) => [code, line])).toEqual([
      ['unknownTarget', 1],
      ['unitDoesNotConvert', 2],
    ]);
    await expect(publish()).rejects.toMatchObject({
      code: 'price.invalidVersion',
      exitCode: 5,
      message: expect.stringMatching(
        /2 things are wrong .* Line 1 \(product 'cpu'\).* Line 2 \(product 'vcpu'\)/,
      ),
    });
    expect(await show()).toMatchObject({ published: null, draft: { number: 1 } });
  });

  it('takes no lines that price the same in the same months, and keeps nothing of them', async () => {
    await replace([lineOf({ validTo: '2026-07' })]);
    const before = await show();
    const adding = bench.write((tx) =>
      changeLines(
        tx,
        ann,
        view,
        [{ add: lineOf({ target: 'gpu' }) }, { add: lineOf({ validFrom: '2026-06' }) }],
        { now },
      ),
    );
    await expect(adding).rejects.toMatchObject({
      code: 'price.overlap',
      exitCode: 5,
      message: expect.stringContaining(
        "line 1 (product 'vcpu', 2026-01 to 2026-06) and line 3 (product 'vcpu', from 2026-06 on): 2026-06.",
      ),
    });
    expect([await show(), await lines(1)]).toEqual([
      before,
      [{ ...lineOf({ validTo: '2026-07' }), number: 1 }],
    ]);
    // The records refuse it themselves, whoever writes.
    const behind = bench.write((tx) =>
      insertLines(tx, { view, version: 1, entity: null }, [
        { ...lineOf({ validFrom: '2026-06' }), number: 2 },
      ]),
    );
    await expect(behind).rejects.toMatchObject({ code: 'records.duplicate' });
  });

  it('tells everything in a dry run and keeps nothing', async () => {
    const tried = await replace([lineOf({ target: 'cpu' })], { dryRun: true });
    expect(tried).toMatchObject({
      number: 1,
      lines: 1,
      changed: { added: 1 },
      findings: [{ line: 1 }],
      dryRun: true,
    });
    expect(await show()).toMatchObject({ version: 1, draft: null });
  });

  it('leaves lines of the audit log that tell what changed', async () => {
    await replace([lineOf()]);
    await publish('one');
    await bench.write((tx) =>
      changeLines(tx, ann, view, [{ change: 1, line: lineOf({ amount: '1' }) }], { now }),
    );
    const entries = await auditOf('price-view', view);
    expect(entries.map(({ action }) => action)).toEqual([
      'price-view.create',
      'price-view.draft.replace',
      'price-view.publish',
      'price-view.draft.change',
    ]);
    expect(entries.at(-1)).toMatchObject({
      before: { changes: [{ number: 1, amount: '0.04' }] },
      after: { changes: [{ number: 1, amount: '1' }], changed: { changed: 1 } },
    });
  });
});

describe('a published version', () => {
  it('stays as it is, whoever writes', async () => {
    await replace([lineOf()]);
    await publish();
    const hash = (await show()).published?.hash;
    const attempts: readonly ((tx: Tx) => Promise<unknown>)[] = [
      (tx) =>
        insertLines(tx, { view, version: 1, entity: null }, [{ ...lineOf({ target: 'gpu' }), number: 2 }]),
      (tx) => tx.deleteFrom('price_line').where('view_id', '=', view).execute(),
      (tx) => tx.updateTable('price_view_version').set({ note: 'x' }).where('view_id', '=', view).execute(),
      (tx) => tx.deleteFrom('price_view_version').where('view_id', '=', view).execute(),
      (tx) => sql`update price_line set amount = 1 where view_id = ${view}`.execute(tx),
      (tx) => sql`truncate price_line`.execute(tx),
    ];
    for (const attempt of attempts)
      await expect(bench.write(attempt), String(attempt)).rejects.toMatchObject({ code: '42501' });
    expect(hashLines(await lines(1))).toBe(hash);
  });

  it('and its lines are of the entity of the view', async () => {
    const row = { number: 1, hash: hashLines([]), lines: 0, basedOn: null, note: null };
    const doing = { by: 'x', at: now.toISOString() };
    const version = bench.write((tx) => insertDraft(tx, { id: view, entity: 'retail' }, row, doing), retail);
    await expect(version).rejects.toMatchObject({ code: '42501' });
    await bench.write((tx) => openDraft(tx, ann, view, { now }));
    const line = bench.write((tx) =>
      insertLines(tx, { view, version: 1, entity: 'retail' }, [{ ...lineOf(), number: 1 }]),
    );
    await expect(line).rejects.toMatchObject({ code: '42501' });
  });
});
