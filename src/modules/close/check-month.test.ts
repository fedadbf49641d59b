import { copyFile, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promote } from '../../platform/warehouse/index.ts';
import { computeAndPublish } from '../allocation/index.ts';
import { charge, personOf } from '../allocation/testing/run-bench.ts';
import {
  type CloseBench,
  labsBill,
  october,
  openCloseBench,
  testGraph,
  told,
} from './testing/close-bench.ts';

let bench: CloseBench;
beforeAll(async () => {
  bench = await openCloseBench();
  const wish = { graph: 'main', month: october, publish: true };
  await computeAndPublish(bench, personOf(), wish);
}, 60_000);
afterAll(() => bench.close());

/** Lines that are broken while something was done to the books; afterwards it is undone. */
async function brokenBy(change: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<string[]> {
  await change();
  try {
    const answer = await bench.check();
    expect(answer.balances).toBe(answer.totals.broken === 0);
    return told(answer, 'broken');
  } finally {
    await undo();
  }
}

/** The same of statements on the records; `back` undoes what `forth` has done. */
const brokenInRecords = (forth: string, back: string) =>
  brokenBy(
    () => bench.tamper(forth),
    () => bench.tamper(back),
  );

/** The same of a file of the lake whose rows are others. */
async function brokenInLake(dataset: string, source: string, select: string): Promise<string[]> {
  const [file = ''] = await bench.files(dataset, source);
  await copyFile(file, `${file}.kept`);
  return brokenBy(
    () => bench.rewrite(file, select),
    () => copyFile(`${file}.kept`, file),
  );
}

const pricingOf = (entity: string, view: string) =>
  `(select id from pricing where entity_id = '${entity}' and view_id = '${view}' and freeze_number is null)`;

describe('a month whose books balance', () => {
  it('says so figure by figure, from the bill to the summaries', async () => {
    const answer = await bench.check();
    expect(answer).toMatchObject({ balances: true, totals: { broken: 0, missing: 1 } });
    expect(answer.context.entities).toEqual([
      { entity: 'labs', state: 'OPEN' },
      { entity: 'retail', state: 'OPEN' },
    ]);
    const amounts = answer.lines.map(
      ({ step, of, left, right, difference, currency, unit }) =>
        `${step} ${of}: ${left.amount} − ${right.amount} = ${difference} ${currency ?? unit}`,
    );
    // 100 − 10 of the database by requests, 3 to 1 and then all to shop: 65 to shop with its own 30, 25 to blog; 4 are nobody's.
    expect(amounts).toEqual([
      'import labs labs-aws: 20 − 20 = 0 USD',
      'import labs labs-aws: 1 − 1 = 0 rows',
      'import retail retail-aws: 124 − 124 = 0 USD',
      'import retail retail-aws: 4 − 4 = 0 rows',
      'invoice retail retail-aws: 124.00 − null = null USD',
      'bridge labs labs-aws: 20 − 20 = 0 USD',
      'bridge retail retail-aws: 124 − 124 = 0 USD',
      'attributed main: 144 − 144 = 0 USD',
      'attributed main: 144 − 144 = 0 USD',
      'allocated main: 144 − 144 = 0 USD',
      'allocated main: 144 − 144 = 0 USD',
      'allocated main: 140 − 140 = 0 USD',
      'allocated main: 150 − 154 = -4 USD',
      'actual labs actual: 20 − 20 = 0 USD',
      'actual retail actual: 120 − 120 = 0 USD',
      'actual of no entity actual: 4 − 4 = 0 USD',
      'consumption labs: 1 − 1 = 0 facts',
      'consumption retail: 4 − 4 = 0 facts',
      'priced labs standard@1: 7.5 − 7.5 = 0 USD',
      'priced labs standard@1: 2 − 2 = 0 USD',
      'priced labs standard@1: 5.5 − 5.5 = 0 USD',
      'priced labs standard@1: 2 − 2 = 0 cells',
      'priced retail standard@1: 104 − 104 = 0 USD',
      'priced retail standard@1: 4 − 4 = 0 USD',
      'priced retail standard@1: 100 − 100 = 0 USD',
      'priced retail standard@1: 3 − 4 = -1 cells',
      'recovered labs: 7.5 − 20 = -12.5 USD',
      'recovered retail: 104 − 120 = -16 USD',
      'frozen labs: null − null = null null',
      'frozen retail: null − null = null null',
      'summaries labs standard@1: 7.5 − 7.5 = 0 USD',
      'summaries retail standard@1: 104 − 104 = 0 USD',
      'summaries labs actual: 20 − 20 = 0 USD',
      'summaries retail actual: 120 − 120 = 0 USD',
      'summaries of no entity actual: 4 − 4 = 0 USD',
    ]);
    for (const { link, command } of answer.lines) {
      expect(link).toMatch(/^\/api\/v1\//);
      expect(command).toMatch(/^finops /);
    }
  });

  it('shows one entity what is its own, and the run as a whole', async () => {
    const { lines, context } = await bench.check({ entities: ['labs'] });
    expect(context.entities).toEqual([{ entity: 'labs', state: 'OPEN' }]);
    const subjects = new Set(lines.map(({ of }) => of));
    expect([...subjects].sort()).toEqual(
      ['labs', 'labs actual', 'labs labs-aws', 'labs standard@1', 'main'].sort(),
    );
  });

  it('refuses an entity that is not there', async () => {
    await expect(bench.check({ entities: ['zulu'] })).rejects.toMatchObject({
      code: 'organization.unknown',
      exitCode: 3,
    });
  });
});

describe('the invoice of the provider', () => {
  const invoice = async (total: string) => {
    const { lines } = await bench.check({ invoices: [{ source: 'retail-aws', total }] });
    return lines.find(({ step }) => step === 'invoice');
  };

  it('ties to the bill, or says by how much it does not and what would explain it', async () => {
    expect(await invoice('124.00')).toMatchObject({ state: 'ties', difference: '0' });
    const wrong = await invoice('134');
    expect(wrong).toMatchObject({ state: 'broken', difference: '-10' });
    expect(wrong?.note).toContain('without credits');
    expect((await invoice('1,000.01'))?.note).toContain('Nothing simple');
  });

  it('is refused where it is of no source of the month, or no number', async () => {
    await expect(invoice('1.2.3')).rejects.toMatchObject({ code: 'ingestion.unfitInvoiceTotal' });
    await expect(bench.check({ invoices: [{ source: 'zulu', total: '1' }] })).rejects.toMatchObject({
      code: 'close.unknownSource',
      exitCode: 3,
    });
  });
});

describe('books that were broken on purpose', () => {
  it('import: a cost of the converted rows, a row that is gone, a cost of the original', async () => {
    const of = 'import retail retail-aws';
    const cost = `${of}: native = billed + adjustments + quarantined, broken`;
    const rows = `${of}: rows read = written + quarantined, broken`;
    const changed = 'select * replace ("BilledCost" + 0.000000000001 as "BilledCost") from bill';
    expect(await brokenInLake('cost', 'retail-aws', changed)).toEqual([
      `${cost} -0.000000000004`,
      'bridge retail retail-aws: effective = billed + named parts, broken -0.000000000004',
    ]);
    expect(await brokenInLake('cost', 'retail-aws', `select * from bill where "BilledCost" <> 4`)).toEqual([
      `${cost} 4`,
      `${rows} 1`,
      'attributed main: bill = attributed, broken -4',
    ]);
    const original = `select * replace ('101' as "BilledCost") from bill where "BilledCost" = '100'`;
    expect(await brokenInLake('native', 'retail-aws', original)).toEqual([`${cost} -23`, `${rows} -3`]);
  });

  it('import: a file that cannot be read is a broken line and no failure', async () => {
    const [file = ''] = await bench.files('cost', 'labs-aws');
    await copyFile(file, `${file}.kept`);
    const lines = await brokenBy(
      () => truncate(file, 100),
      () => copyFile(`${file}.kept`, file),
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'import labs labs-aws: files of the bill, broken –',
        'attributed main: files of the run, broken –',
      ]),
    );
  });

  it('attributed: what rules sent to nodes, and the direct costs of nodes', async () => {
    const changed = 'select * replace ("Cost" + 1 as "Cost") from bill limit 1';
    const lines = await brokenInLake('attribution', 'graph~main', changed);
    expect(lines).toEqual([
      expect.stringMatching(/^attributed main: bill = attributed, broken/),
      expect.stringMatching(/^attributed main: attributed = direct, broken/),
    ]);
  });

  it('attributed: a bill that came after the run, until the month is computed again', async () => {
    const more = charge('5', '7', 'shop', { InvoiceId: 'INV-1' });
    const answer = await brokenBy(
      () => bench.bill('labs-aws', [...labsBill, more]),
      () => bench.bill('labs-aws', labsBill),
    );
    expect(answer).toEqual(['attributed main: bill = attributed, broken 7']);
    const { lines } = await bench.check();
    const line = lines.find(({ what }) => what === 'bill = attributed');
    expect(line).toMatchObject({ state: 'ties', note: expect.stringContaining('after the run') });
  });

  it('attributed: a run that everybody reads and the records do not call published', async () => {
    const runs = await bench.rowsOf<{ id: string; snapshot: string }>(
      `select id, snapshot_id as snapshot from allocation_run where state = 'published'`,
    );
    const [before] = runs;
    const [{ run: other = '' } = {}] = [
      await computeAndPublish(bench, personOf(), { graph: 'main', month: october, publish: false }),
    ];
    expect(other).not.toBe(before?.id);
    const snapshot = `select snapshot_id as snapshot from allocation_run where id = '${other}'`;
    const [computed] = await bench.rowsOf<{ snapshot: string }>(snapshot);
    const show = (id: string) => {
      const place = { source: 'graph~main', period: october, snapshot: id };
      return promote(bench.workspace.lake, place, { reason: 'allocation of main 2026-10', on: [] });
    };
    const lines = await brokenBy(
      () => show(computed?.snapshot ?? ''),
      () => show(before?.snapshot ?? ''),
    );
    expect(lines).toContain('attributed main: the published run is the one that everybody reads, broken –');
    expect((await bench.check()).balances).toBe(true);
  });

  it('allocated: what nodes retain, what flows hold, and what is recorded of the run', async () => {
    const retained = await brokenInLake(
      'allocation',
      'graph~main',
      `select * replace (case when "NodeId" = 'app:shop' then "Retained" + 1 else "Retained" end as "Retained") from bill`,
    );
    expect(retained).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^allocated main: retained = direct, broken 1/),
        expect.stringMatching(/^allocated main: total = allocated \+ unallocated, broken -1/),
        expect.stringMatching(/^allocated main: allocated as recorded, broken -1/),
        expect.stringMatching(/^actual retail actual: actual = total of the run, broken -1/),
      ]),
    );
    const recorded = async (path: string) => {
      const set = (value: string) =>
        `update allocation_run set result = jsonb_set(result, '{currencies,0,${path}}', '"${value}"') where state = 'published'`;
      const [was] = await bench.rowsOf<{ value: string }>(
        `select result #>> '{currencies,0,${path}}' as value from allocation_run where state = 'published'`,
      );
      return brokenInRecords(set('1'), set(was?.value ?? ''));
    };
    expect(await recorded('allocated')).toEqual(['allocated main: allocated as recorded, broken -139']);
    expect(await recorded('total')).toEqual(['allocated main: total = allocated + unallocated, broken -143']);
    expect(await recorded('unallocated')).toEqual(['allocated main: unallocated as recorded, broken -3']);
  });

  it('actual: a cost that is kept of the run', async () => {
    const row = `where pricing_id = ${pricingOf('retail', 'actual')} and application_id = 'blog'`;
    const set = (sign: string) => `update application_cost set cost = cost ${sign} 0.5 ${row}`;
    expect(await brokenInRecords(set('+'), set('-'))).toEqual([
      'actual retail actual: actual = total of the run, broken 0.5',
      'summaries retail actual application blog: sum = its rows, broken -0.5',
      expect.stringMatching(/^summaries retail actual product ~none .*: sum = its rows, broken -0.5$/),
    ]);
  });

  it('consumption: a fact, a sum by application, a sum by product, the count of the watermark', async () => {
    const at = `period = '${october}' and entity_id = 'retail' and product_id = 'vcpu'`;
    const set = (table: string, sign: string) =>
      `update ${table} set quantity = quantity ${sign} 1 where ${at}`;
    const changed = (table: string) => brokenInRecords(set(table, '+'), set(table, '-'));
    const [shop, all] = ['application shop', 'all applications'].map(
      (of) => `consumption retail vcpu ${of}: quantity = its facts, broken`,
    );
    expect(await changed('consumption_summary')).toEqual([`${shop} -1`]);
    expect(await changed('consumption_product')).toEqual([`${all} -1`]);
    expect(await changed('consumption')).toEqual([
      `${all} 1`,
      `${shop} 1`,
      'priced retail standard@1: quantity × unit price = cost, broken 0.04',
    ]);
    const count = (sign: string) =>
      `update consumption_watermark set facts = facts ${sign} 1 where entity_id = 'retail' and period = '${october}'`;
    expect(await brokenInRecords(count('+'), count('-'))).toEqual([
      'consumption retail: facts = facts by the watermark, broken -1',
    ]);
  });

  it('priced: a cost row, the header, a price, the amount of a pool', async () => {
    const pricing = pricingOf('retail', 'standard');
    const cost = (sign: string) =>
      `update application_cost set cost = cost ${sign} 1 where pricing_id = ${pricing} and product_id = 'vcpu'`;
    expect(await brokenInRecords(cost('+'), cost('-'))).toEqual([
      'priced retail standard@1: applications + unallocated = priced, broken 1',
      'priced retail standard@1: quantity × unit price = cost, broken -1',
      'summaries retail standard@1 application shop: sum = its rows, broken -1',
      'summaries retail standard@1 product vcpu prod: sum = its rows, broken -1',
    ]);
    const header = (sign: string) => `update pricing set cost = cost ${sign} 1 where id = ${pricing}`;
    expect(await brokenInRecords(header('+'), header('-'))).toEqual([
      'priced retail standard@1: applications + unallocated = priced, broken -1',
    ]);
    const price = (value: string) =>
      `update pricing_price set numerator = ${value} where pricing_id = ${pricing} and product_id = 'vcpu'`;
    expect(await brokenInRecords(price('0.05'), price('0.04'))).toEqual([
      'priced retail standard@1: quantity × unit price = cost, broken 1',
    ]);
    const pool = (sign: string) =>
      `update application_cost set cost = cost ${sign} 1 where pricing_id = ${pricing} and product_id = 'lan' and application_id = 'shop'`;
    expect(await brokenInRecords(pool('+'), pool('-'))).toContain(
      'priced retail standard@1 lan: pool = its amount, broken 1',
    );
  });

  it('summaries: one sum, and two whose errors cancel each other', async () => {
    const of = `where pricing_id = ${pricingOf('retail', 'standard')} and application_id`;
    const set = (application: string, sign: string) =>
      `update application_month_cost set cost = cost ${sign} 1 ${of} = '${application}'`;
    const [shop, blog] = ['shop', 'blog'].map(
      (application) => `summaries retail standard@1 application ${application}: sum = its rows, broken`,
    );
    expect(await brokenInRecords(set('shop', '+'), set('shop', '-'))).toEqual([`${shop} 1`]);
    const both = await brokenBy(
      async () => [await bench.tamper(set('shop', '+')), await bench.tamper(set('blog', '-'))],
      async () => [await bench.tamper(set('shop', '-')), await bench.tamper(set('blog', '+'))],
    );
    expect(both).toEqual([`${blog} -1`, `${shop} 1`]);
  });

  it('bridge: an effective cost that was changed; what a bill leaves unexplained itself is told', async () => {
    const changed = `select * replace (case when "BilledCost" = 20 then 19 else "EffectiveCost" end as "EffectiveCost") from bill`;
    expect(await brokenInLake('cost', 'labs-aws', changed)).toEqual([
      'bridge labs labs-aws: effective = billed + named parts, broken -1',
      'attributed main: bill = attributed, broken -1',
    ]);
    const odd = charge('7', '9', 'lab', { EffectiveCost: '8.5' });
    await bench.bill('labs-aws', [...labsBill, odd]);
    const { lines } = await bench.check({ entities: ['labs'] });
    expect(lines.find(({ step }) => step === 'bridge')).toMatchObject({
      state: 'info',
      what: 'unexplained between billed and effective',
      difference: '-0.5',
    });
    expect(await brokenInLake('cost', 'labs-aws', changed)).toContain(
      'bridge labs labs-aws: effective = billed + named parts, broken -1.5',
    );
    await bench.bill('labs-aws', labsBill);
  });

  it('attributed: recoverable tax is left out of both sides, all of it or what a filter names', async () => {
    const tax = charge('7', '3', 'lab', { ChargeCategory: 'Tax', ServiceCategory: 'Other' });
    const other = charge('7', '2', 'vat', { ChargeCategory: 'Tax', ServiceCategory: 'Other' });
    await bench.bill('labs-aws', [...labsBill, tax, other]);
    const totals = [];
    for (const recoverableTax of ["Tags.app = 'vat'", 'none', 'all']) {
      await bench.publishGraph({ ...testGraph, method: { recoverableTax } });
      await computeAndPublish(bench, personOf(), { graph: 'main', month: october, publish: true });
      const { lines, balances } = await bench.check();
      expect(balances).toBe(true);
      totals.push(lines.find(({ what }) => what === 'bill = attributed')?.left.amount);
    }
    expect(totals).toEqual(['147', '149', '144']);
    await bench.bill('labs-aws', labsBill);
    await computeAndPublish(bench, personOf(), { graph: 'main', month: october, publish: true });
  });

  it('leaves books that balance when all of it is undone', async () => {
    expect(told(await bench.check(), 'broken')).toEqual([]);
  });
});
