import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { charge, inMonth, personOf } from '../allocation/testing/run-bench.ts';
import { importBill } from '../ingestion/index.ts';
import { csv, focus } from '../ingestion/testing/bills.ts';
import { type CostBench, openCostBench } from '../showback/testing/cost-bench.ts';
import { checkMonth } from './check-month.ts';
import { closePeriod } from './close-period.ts';
import { closeWishSchema } from './contract.ts';
import { type CloseBench, labsBill, october, ofRetail, openCloseBench, told } from './testing/close-bench.ts';

let bench: CloseBench;
beforeAll(async () => {
  bench = await openCloseBench();
  // Labs had a bill of saas in September, and has none in October.
  await bench.tamper(`insert into source (name, entity_id) values ('labs-saas', 'labs')`);
  await bench.bill('labs-saas', [inMonth('2026-09', charge('5', '3', 'lab'))]);
}, 60_000);
afterAll(() => bench.close());

const accepted = { acceptMissing: ['labs-saas'], reason: 'the contract ended' };
const outcomes = ({ entities }: Awaited<ReturnType<CloseBench['closeMonth']>>) =>
  entities.map(({ entity, outcome, state, freeze }) => `${entity} ${outcome} ${state} ${freeze}`);
const stepsOf = ({ steps }: Awaited<ReturnType<CloseBench['closeMonth']>>) => steps.map(({ step }) => step);

describe('a month that cannot be closed', () => {
  it('is refused with every bill that is missing, and nothing is done', async () => {
    const outcome = await bench.closeMonth();
    expect(outcome.refused).toMatchObject({ code: 'close.billsMissing', exitCode: 7 });
    expect(outcome.refused?.message).toContain('labs-saas (no bill)');
    expect(outcome.refused?.message).not.toContain('retail-aws');
    expect([outcomes(outcome), stepsOf(outcome)]).toEqual([
      ['labs not closed OPEN null', 'retail not closed OPEN null'],
      [],
    ]);
  });

  it('takes no acceptance without a reason, and none of a source that is not there', async () => {
    await expect(bench.closeMonth({ acceptMissing: ['labs-saas'] })).rejects.toMatchObject({
      code: 'close.reasonMissing',
    });
    for (const wish of [
      { acceptMissing: ['zulu'], reason: 'x' },
      { invoices: [{ source: 'zulu', total: '1' }] },
    ])
      await expect(bench.closeMonth(wish)).rejects.toMatchObject({
        code: 'close.unknownSource',
        exitCode: 3,
      });
  });

  it('leaves every entity open when one of them has no price view', async () => {
    await bench.tamper('delete from price_calendar');
    await bench.calendar('standard', '2026-01', 'labs');
    const outcome = await bench.closeMonth(accepted);
    expect(outcome.refused).toMatchObject({ code: 'close.notPriced', params: { entities: ['retail'] } });
    expect([await bench.closed(), stepsOf(outcome)]).toEqual([[], ['import', 'allocate']]);
    const { lines } = await bench.check();
    const gap = lines.find(({ step, state }) => step === 'priced' && state === 'missing');
    expect(gap).toMatchObject({ of: 'retail', note: expect.stringContaining('No price view') });
    await bench.tamper('delete from price_calendar');
    await bench.calendar('standard', '2026-01');
  });

  it('is refused with exit code 6 and the broken lines when its books do not balance', async () => {
    const set = (sign: string) =>
      `update consumption_summary set quantity = quantity ${sign} 1 where product_id = 'vcpu' and entity_id = 'labs'`;
    await bench.tamper(set('+'));
    const outcome = await bench.closeMonth(accepted);
    await bench.tamper(set('-'));
    expect(outcome.refused).toMatchObject({ code: 'close.broken', exitCode: 6 });
    expect(outcome.refused?.message).toContain('consumption of labs vcpu application lab');
    expect(outcome.check?.balances).toBe(false);
    expect(await bench.closed()).toEqual([]);
  });

  it('has its invoice tied before it is closed', async () => {
    const invoices = [{ source: 'retail-aws', total: '125.00' }];
    const outcome = await bench.closeMonth({ ...accepted, invoices });
    expect(outcome.refused?.message).toContain(
      'invoice of retail retail-aws: bill = invoice does not hold, by -1 USD',
    );
    expect(await bench.closed()).toEqual([]);
  });
});

describe('a dry run', () => {
  it('goes through every step, says what would happen, and publishes and freezes nothing', async () => {
    await bench.bill('labs-aws', [...labsBill, charge('8', '1', 'lab')]);
    const before = await bench.rowsOf(`select id, state from allocation_run where state = 'published'`);
    const outcome = await bench.closeMonth({ ...accepted, dryRun: true });
    expect(outcome.refused).toBeNull();
    expect(stepsOf(outcome)).toEqual(['import', 'allocate', 'price', 'check', 'freeze']);
    expect(outcomes(outcome)).toEqual(['labs would close OPEN null', 'retail would close OPEN null']);
    expect(outcome.steps[1]?.said).toContain('would be published');
    // The books are those of the run that would be published.
    const line = outcome.check?.lines.find(({ what }) => what === 'bill = attributed');
    expect(line).toMatchObject({ state: 'ties', left: { amount: '145' } });
    expect(await bench.rowsOf(`select id, state from allocation_run where state = 'published'`)).toEqual(
      before,
    );
    expect(await bench.closed()).toEqual([]);
  });
});

describe('closing', () => {
  it('closes one entity by itself, and the other with the run that was published', async () => {
    const invoices = [{ source: 'retail-aws', total: '124.00' }];
    const first = await bench.closeMonth({ entities: ['retail'], invoices });
    expect([first.refused, outcomes(first)]).toEqual([null, ['retail closed CLOSED 1']]);
    expect(first.steps[1]?.said).toMatch(/^Computed and published run/);
    const second = await bench.closeMonth({ entities: ['labs'], ...accepted });
    expect([second.refused, outcomes(second)]).toEqual([null, ['labs closed CLOSED 1']]);
    expect(second.steps[0]?.said).toContain('Accepted: labs-saas (no bill)');
    expect(second.steps[1]?.said).toContain('its published run stands');
    expect(await bench.closed()).toEqual(['labs CLOSED 1', 'retail CLOSED 1']);
  });

  it('says that a month is closed, and does nothing again', async () => {
    const again = await bench.closeMonth();
    expect(again).toMatchObject({ refused: null, steps: [], check: null });
    expect(outcomes(again)).toEqual(['labs already closed CLOSED 1', 'retail already closed CLOSED 1']);
  });

  it('keeps what was accepted and tied: the check of a closed month knows it', async () => {
    const { lines, balances } = await bench.check();
    expect(balances).toBe(true);
    expect(lines.find(({ step }) => step === 'invoice')).toMatchObject({
      state: 'ties',
      right: { amount: '124' },
    });
    const other = await bench.check({ invoices: [{ source: 'retail-aws', total: '1' }] });
    expect(other.lines.filter(({ step }) => step === 'invoice')).toMatchObject([{ difference: '123' }]);
    const absent = lines.find(({ of }) => of === 'labs labs-saas');
    expect(absent).toMatchObject({ state: 'missing', note: expect.stringContaining('closed without it') });
    const frozen = lines.filter(({ step }) => step === 'frozen');
    expect(frozen.map(({ state }) => state)).toEqual(['ties', 'ties']);
    const [said] = await bench.rowsOf<{ after: object }>(
      `select after from audit_log where action = 'period.check' and object_id = 'labs/2026-10'`,
    );
    expect(said?.after).toMatchObject({ accepted: ['labs-saas'], reason: accepted.reason, invoices: [] });
  });

  it('finds frozen costs that were changed, a hash that was changed, and a freeze that is gone', async () => {
    const frozen = `(select id from pricing where freeze_number = 1 and entity_id = 'retail' and view_id = 'standard')`;
    const brokenBy = async (forth: string, back: string) => {
      await bench.tamper(forth);
      const broken = told(await bench.check(), 'broken');
      await bench.tamper(back);
      return broken;
    };
    const line = 'frozen retail: frozen costs = as they were closed, broken –';
    const quantity = (sign: string) =>
      `update application_cost set quantity = quantity ${sign} 1 where pricing_id = ${frozen} and product_id = 'ram'`;
    expect(await brokenBy(quantity('+'), quantity('-'))).toContain(line);
    const [kept] = await bench.rowsOf<{ hash: string }>(
      `select content_hash as hash from period_freeze where entity_id = 'retail'`,
    );
    const hash = (text: string) =>
      `update period_freeze set content_hash = '${text}' where entity_id = 'retail'`;
    expect(await brokenBy(hash('0'.repeat(64)), hash(kept?.hash ?? ''))).toEqual([line]);
    const end = (said: string) =>
      `update period_freeze set ended_at = ${said === '' ? 'null' : 'now()'}, ended_by = ${said || 'null'}, end_reason = ${said || 'null'} where entity_id = 'retail'`;
    expect(await brokenBy(end(`'x'`), end(''))).toContain(line);
    const state = (text: string) =>
      `update period_state set state = '${text}' where entity_id = 'retail' and period = '${october}'`;
    expect(await brokenBy(state('OPEN'), state('CLOSED'))).toContain(line);
    expect((await bench.check()).balances).toBe(true);
  });

  it('stays as it is when a bill comes late: the difference is told, and breaks nothing', async () => {
    await bench.bill('labs-aws', [...labsBill, charge('9', '11', 'lab')]);
    const { lines, balances } = await bench.check();
    expect(balances).toBe(true);
    expect(lines.find(({ what }) => what === 'bills since the month was closed')).toMatchObject({
      state: 'info',
      difference: '10',
    });
    expect(lines.find(({ what }) => what === 'bill = attributed')).toMatchObject({ left: { amount: '145' } });
    await bench.bill('labs-aws', [...labsBill, charge('8', '1', 'lab')]);
  });

  it('closes again after it was reopened, with a freeze of its own', async () => {
    await bench.reopen('retail', 'the bill of 3 October was missing');
    expect(await bench.closed()).toEqual(['labs CLOSED 1']);
    expect((await bench.check()).lines.find(({ step }) => step === 'invoice')?.state).toBe('missing');
    await bench.facts('retail', october, [['shop', 'vcpu', '200']]);
    const outcome = await bench.closeMonth();
    expect([outcome.refused, outcomes(outcome)]).toEqual([
      null,
      ['labs already closed CLOSED 1', 'retail closed CLOSED 2'],
    ]);
    const freezes = await bench.rowsOf<{ number: number; ended: boolean }>(
      `select number, ended_at is not null as ended from period_freeze where entity_id = 'retail' order by number`,
    );
    expect(freezes).toEqual([
      { number: 1, ended: true },
      { number: 2, ended: false },
    ]);
    expect((await bench.check()).balances).toBe(true);
  });

  it('freezes once when two people close at the same time', async () => {
    await bench.reopen('retail', 'once more');
    const both = await Promise.all([bench.closeMonth(), bench.closeMonth()]);
    const refusals = both.flatMap(({ refused }) => refused?.code ?? []);
    expect([[], ['organization.wrongState']]).toContainEqual(refusals);
    expect(await bench.closed()).toEqual(['labs CLOSED 1', 'retail CLOSED 3']);
  });
});

describe('somebody who sees one entity', () => {
  it('checks and closes that one, with the run of the group', async () => {
    await bench.reopen('retail', 'once more');
    await bench.reopen('labs', 'once more');
    const answer = await bench.check({}, ofRetail);
    expect(answer.context).toMatchObject({ run: null, entities: [{ entity: 'retail', state: 'OPEN' }] });
    expect(JSON.stringify(answer)).not.toContain('labs');
    expect(answer.lines.filter(({ step }) => step === 'attributed')).toMatchObject([
      { state: 'info', note: expect.stringContaining('whoever sees all') },
    ]);
    expect(answer.lines.filter(({ step }) => step === 'actual')).toMatchObject([
      { of: 'retail actual', state: 'ties', right: { amount: '120' } },
    ]);
    const outcome = await bench.closeMonth({}, ofRetail);
    expect([outcome.refused, outcomes(outcome)]).toEqual([null, ['retail closed CLOSED 4']]);
    expect(outcome.steps[1]?.said).toContain('stands');
    expect(await bench.closed()).toEqual(['retail CLOSED 4']);
  });

  it('reaches no other entity, and nobody closes who sees applications only', async () => {
    await expect(bench.closeMonth({ entities: ['labs'] }, ofRetail)).rejects.toMatchObject({
      code: 'organization.unknown',
    });
    for (const work of [bench.check, bench.closeMonth])
      await expect(work({}, { applications: ['shop'] })).rejects.toMatchObject({ code: 'close.noEntities' });
  });
});

describe('a workspace with one entity', () => {
  let small: CostBench;
  beforeAll(async () => {
    small = await openCostBench();
  });
  afterAll(() => small.close());

  const close = (period: string, more: object = {}) => {
    const world = { workspace: small.workspace, records: async () => small.records };
    return closePeriod(world, personOf(), closeWishSchema.parse({ period, ...more }));
  };

  /** Imports a bill of which a row with a cost is set aside. */
  async function importWithQuarantine(source: string, rows: readonly ReturnType<typeof charge>[]) {
    const { lake, clock, randomness, root } = small.workspace;
    const folder = join(small.root, 'files');
    const path = join(folder, `${source}.csv`);
    await writeFile(path, csv(focus(...rows)));
    const engine = await small.workspace.engine();
    const context = { scope: everything, workspaceRoot: root, lake, engine, clock, randomness };
    const asked = { path, source, acceptQuarantine: ['unreadable-number'] };
    expect((await importBill(context, asked, { roots: [folder] })).errors).toEqual([]);
  }

  it('has nothing to close where nobody has anything', async () => {
    await expect(close(october)).rejects.toMatchObject({ code: 'close.nothingToClose', exitCode: 3 });
  });

  it('has cost in quarantine in nobody’s books, and closes only when that is accepted by name', async () => {
    await small.owner((tx) =>
      tx.insertInto('source').values({ name: 'labs-aws', entity_id: 'labs' }).execute(),
    );
    const bad = charge('6', '2.5', 'lab', { ConsumedQuantity: 'many' });
    const rows = [charge('5', '20', 'lab'), bad].map((row) => inMonth('2026-09', row));
    await importWithQuarantine('labs-aws', rows);
    const refused = await close('2026-09');
    expect(refused.refused?.message).toContain('labs-aws (2.5 USD in quarantine)');
    const reason = 'the provider mends it in November';
    const outcome = await close('2026-09', { acceptMissing: ['labs-aws'], reason });
    expect(outcome.refused).toBeNull();
    expect(outcome.check?.lines.filter(({ step }) => step === 'import')).toMatchObject([
      { state: 'ties', left: { amount: '22.5' } },
      { state: 'ties', left: { amount: '2' } },
      { state: 'info', what: 'nothing in quarantine', difference: '2.5' },
    ]);
  });

  it('says which rate is missing, and closes nothing that it cannot price', async () => {
    await small.view('dear', [{ product: 'vcpu', price: '1', currency: 'GBP' }]);
    await small.calendar('dear', '2026-08');
    await small.facts('labs', '2026-08', [['lab', 'vcpu', '1']]);
    const { refused } = await close('2026-08');
    expect(refused).toMatchObject({ code: 'price.noRate', exitCode: 5 });
    const world = { workspace: small.workspace, records: async () => small.records };
    const asked = { period: '2026-08', graph: 'main', invoices: [] };
    const { lines, balances } = await checkMonth(world, personOf(), asked);
    expect(balances).toBe(true);
    expect(lines.filter(({ step }) => step === 'priced')).toMatchObject([
      { state: 'missing', note: expect.stringContaining('from GBP to EUR') },
    ]);
  });

  it('closes bills that nobody allocates, and refuses them where a graph would and may not', async () => {
    await small.bill('labs-aws', labsBill);
    const outcome = await close(october, { dryRun: true });
    expect([outcome.refused, outcome.steps[1]?.said]).toEqual([
      null,
      "There is no published graph 'main': costs are not allocated.",
    ]);
    const missing = outcome.check?.lines.filter(({ state }) => state === 'missing');
    expect(missing?.map(({ step }) => step)).toEqual(['attributed', 'allocated', 'actual']);
    const rules = [{ id: 'all', node: 'all' }];
    await small.publishGraph({ nodes: [{ id: 'all', type: 'product' }], rules });
    const refused = await close(october, { allocate: false });
    expect(refused.refused).toMatchObject({ code: 'close.notAllocated', exitCode: 7 });
    expect((await close(october)).refused).toBeNull();
  });
});
