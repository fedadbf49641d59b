import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  listCalendar,
  removeFromCalendar,
  setCalendar,
  viewOfMonth,
  viewsOfMonths,
} from './price-calendar.ts';
import { changeLines, publishDraft, replaceLines } from './price-drafts.ts';
import { changeView, createView, requireView } from './price-views.ts';
import { lineOf, now, openPriceBench, type PriceBench, personOf } from './testing/price-bench.ts';

const ann = personOf();
const retail = personOf({ entities: ['retail'] });
const shop = personOf({ applications: ['shop'] });

let bench: PriceBench;
beforeAll(async () => {
  bench = await openPriceBench();
  for (const id of ['budget', 'standard', 'mine', 'labs-own'])
    await bench.write(async (tx) => {
      const entity = { mine: 'retail', 'labs-own': 'labs' }[id] ?? null;
      const view = { kind: 'budget', currency: 'EUR', rateType: 'average', graph: null } as const;
      await createView(tx, ann, { id, label: id, ...view, entity });
      await replaceLines(tx, ann, id, [lineOf()], { now });
      await publishDraft(tx, ann, id, { now });
    });
});
afterAll(() => bench.close());
beforeEach(() =>
  bench.records.asOwner(async (tx) => {
    await tx.deleteFrom('price_calendar').execute();
    await tx.deleteFrom('period_state').execute();
  }),
);

const set = (
  view: string,
  validFrom: string,
  validTo: string | null,
  entity: string | null = null,
  caller = ann,
) => bench.write((tx) => setCalendar(tx, caller, { entity, view, validFrom, validTo }), caller);
const close = (entity: string, period: string, state: 'CLOSED' | 'LOCKED' = 'CLOSED') =>
  bench.records.asOwner((tx) =>
    tx
      .insertInto('period_state')
      .values({
        entity_id: entity,
        period,
        state,
        reason: null,
        changed_at: now.toISOString(),
        changed_by: 'x',
      })
      .execute(),
  );
async function spans(entity: string | null = null): Promise<string[]> {
  const entries = await bench.read((tx) => listCalendar(tx, { entity }));
  return entries.map(({ view, validFrom, validTo }) => `${view} ${validFrom} ${validTo ?? ''}`.trim());
}
const viewOf = async (entity: string, month: string, caller = ann) =>
  (await bench.read((tx) => viewOfMonth(tx, entity, month), caller))?.view;

describe('the price calendar', () => {
  it('has a view hold from a month on, and cuts what held before', async () => {
    await set('budget', '2026-01', null);
    await set('standard', '2026-04', '2026-07');
    expect(await spans()).toEqual(['budget 2026-01 2026-04', 'standard 2026-04 2026-07', 'budget 2026-07']);
    await set('standard', '2026-03', '2026-08');
    expect(await spans()).toEqual(['budget 2026-01 2026-03', 'standard 2026-03 2026-08', 'budget 2026-08']);
    await set('standard', '2026-04', '2026-05');
    expect(await spans()).toHaveLength(3);
    await set('budget', '2025-01', null);
    expect(await spans()).toEqual(['budget 2025-01']);
    const actions = await bench.read((tx) =>
      tx
        .selectFrom('audit_log')
        .select(['object_id', 'before', 'after'])
        .where('action', '=', 'price-calendar.set')
        .where('object_id', '=', 'installation')
        .orderBy('id')
        .execute(),
    );
    expect(actions).toHaveLength(4);
    expect(actions[1]).toMatchObject({
      before: { entries: [{ view: 'budget', validFrom: '2026-01', validTo: null }] },
      after: { entries: { length: 3 } },
    });
  });

  it('of an entity goes before that of the installation, month by month', async () => {
    await set('budget', '2026-01', null);
    await set('mine', '2026-03', '2026-05', 'retail');
    const of = await bench.read((tx) =>
      viewsOfMonths(tx, ['retail', 'labs'], ['2025-12', '2026-02', '2026-03', '2026-05']),
    );
    expect(
      Object.fromEntries([...of].map(([key, { view, version }]) => [key, `${view} ${version}`])),
    ).toEqual({
      'retail/2026-02': 'budget 1',
      'retail/2026-03': 'mine 1',
      'retail/2026-05': 'budget 1',
      'labs/2026-02': 'budget 1',
      'labs/2026-03': 'budget 1',
      'labs/2026-05': 'budget 1',
    });
    expect(await viewOf('retail', '2026-04', retail)).toBe('mine');
    expect(await viewOf('retail', '2026-04', shop)).toBe('mine');
    expect(await viewOf('labs', '2027-01', shop)).toBe('budget');
  });

  it('gives the newest published version, and a retired view still prices its months', async () => {
    await set('standard', '2026-01', null);
    await bench.write(async (tx) => {
      await changeLines(tx, ann, 'standard', [{ change: 1, line: lineOf({ amount: '9' }) }], { now });
    });
    expect(await bench.read((tx) => viewOfMonth(tx, 'labs', '2026-10'))).toMatchObject({
      version: 1,
      currency: 'EUR',
    });
    await bench.write((tx) => publishDraft(tx, ann, 'standard', { now }));
    await bench.write((tx) => changeView(tx, ann, 'standard', { active: false, now }));
    expect(await bench.read((tx) => viewOfMonth(tx, 'labs', '2026-10'))).toMatchObject({
      version: 2,
      kind: 'budget',
    });
    await expect(set('standard', '2027-01', null, 'labs')).rejects.toMatchObject({
      code: 'price.viewRetired',
    });
    await bench.write((tx) => changeView(tx, ann, 'standard', { active: true, now }));
    expect(await bench.read((tx) => requireView(tx, 'standard'))).toMatchObject({ active: true });
  });

  it('keeps the view of closed and locked months, and names the month', async () => {
    await set('budget', '2026-01', null);
    await close('retail', '2026-03');
    await close('labs', '2026-02', 'LOCKED');
    await expect(set('standard', '2026-02', null)).rejects.toMatchObject({
      code: 'price.monthClosed',
      exitCode: 7,
      message: expect.stringMatching(
        /^2026-02 of entity 'labs' is LOCKED, .* become 'standard' instead of 'budget'/,
      ),
    });
    await expect(set('mine', '2026-03', '2026-04', 'retail')).rejects.toMatchObject({
      code: 'price.monthClosed',
    });
    expect(await spans()).toEqual(['budget 2026-01']);
    // What does not move a closed month passes: other months, the same view, months that an entity has an entry of its own for.
    await set('standard', '2026-04', '2026-05');
    await set('budget', '2026-03', '2026-04', 'retail');
    await set('standard', '2026-03', '2026-04');
    expect(await viewOf('retail', '2026-03')).toBe('budget');
    const [own] = await bench.read((tx) => listCalendar(tx, { entity: 'retail' }));
    await expect(bench.write((tx) => removeFromCalendar(tx, ann, own?.id ?? ''))).rejects.toMatchObject({
      code: 'price.monthClosed',
      params: { period: '2026-03', before: 'budget', after: 'standard' },
    });
  });

  it('loses an entry, and the installation’s view is back', async () => {
    await set('budget', '2026-01', null);
    await set('mine', '2026-01', null, 'retail', retail);
    const [entry] = await bench.read((tx) => listCalendar(tx, { entity: 'retail' }), retail);
    const remove = (id: string, caller = ann) =>
      bench.write((tx) => removeFromCalendar(tx, caller, id), caller);
    await expect(remove(entry?.id ?? '', shop)).rejects.toMatchObject({ code: 'price.unknownEntity' });
    await remove(entry?.id ?? '', retail);
    expect(await viewOf('retail', '2026-01')).toBe('budget');
    await expect(remove(entry?.id ?? '')).rejects.toMatchObject({ code: 'price.unknownCalendarEntry' });
  });

  it('takes published views of whom it is for, from whom may say so', async () => {
    const codes = async (...attempts: readonly Promise<unknown>[]) =>
      (await Promise.allSettled(attempts)).map((one) =>
        one.status === 'rejected' ? one.reason.code : 'done',
      );
    await bench.write((tx) =>
      createView(tx, ann, {
        ...{
          id: 'empty',
          label: 'e',
          kind: 'what-if',
          currency: 'EUR',
          rateType: 'average',
          entity: null,
          graph: null,
        },
      }),
    );
    expect(
      await codes(
        set('nowhere', '2026-01', null),
        set('empty', '2026-01', null),
        set('mine', '2026-01', null),
        set('mine', '2026-01', null, 'labs'),
        set('budget', '2026-01', null, 'zulu'),
        set('budget', '2026-01', null, null, retail),
        set('budget', '2026-01', null, 'labs', retail),
        set('labs-own', '2026-01', null, 'retail', retail),
        set('budget', '2026-01', null, 'retail', shop),
      ),
    ).toEqual([
      'price.unknownView',
      'price.notPublished',
      'price.viewOfAnother',
      'price.viewOfAnother',
      'price.unknownEntity',
      'price.wholeScopeNeeded',
      'price.unknownEntity',
      'price.unknownView',
      'price.unknownEntity',
    ]);
    await set('labs-own', '2026-01', null, 'labs');
    expect(await bench.read((tx) => listCalendar(tx), retail)).toEqual([]);
  });

  it('is set, read and cut over HTTP', async () => {
    const put = await bench.send('PUT', '/price-calendar', { view: 'budget', validFrom: '2026-01' });
    expect(put).toMatchObject({
      status: 200,
      body: { items: [{ entity: null, view: 'budget', validTo: null }] },
    });
    await bench.send('PUT', '/price-calendar', {
      view: 'mine',
      entity: 'retail',
      validFrom: '2026-02',
      validTo: '2026-03',
    });
    const month = (await bench.send('GET', '/price-calendar/month?entity=retail&month=2026-02')).body;
    expect(month).toEqual({
      ...{ entity: 'retail', month: '2026-02' },
      view: { id: 'mine', label: 'mine', kind: 'budget', version: 1, currency: 'EUR' },
    });
    expect((await bench.send('GET', '/price-calendar/month?entity=labs&month=2025-01')).body.view).toBeNull();
    const items = (await bench.send('GET', '/price-calendar?month=2026-02')).body.items;
    expect(items.map(({ view }: { view: string }) => view)).toEqual(['budget', 'mine']);
    const gone = await bench.send('DELETE', `/price-calendar/${items[1].id}`);
    expect(gone).toMatchObject({ status: 200, body: { items: [] } });
    const bad = { view: 'budget', validFrom: '2026-02', validTo: '2026-02' };
    expect((await bench.send('PUT', '/price-calendar', bad)).status).toBe(400);
  });
});
