import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costDataset } from '../src/modules/focus/index.ts';
import { type GivenParameters, runReport } from '../src/modules/reporting/index.ts';
import { type BillRow, storeBill } from '../src/modules/reporting/testing/store-bill.ts';
import { everything } from '../src/platform/kernel/index.ts';
import { type Engine, literal, openEngine } from '../src/platform/warehouse/engine.ts';

/** The worked examples of the FOCUS specification, kept outside the repository; without them this suite is skipped by name. */
const examples = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'shared',
  'data',
  'focus-spec-examples',
);
const absent = !existsSync(examples);
const title = absent
  ? 'reports on the examples of the specification (SKIPPED: no sample folder beside the repository)'
  : 'reports on the examples of the specification';

describe.skipIf(absent)(title, () => {
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    engine = await openEngine({ threads: 1 });
    folder = await mkdtemp(join(tmpdir(), 'reports-'));
  });
  afterAll(async () => {
    engine.close();
    await rm(folder, { recursive: true });
  });

  /** Runs a report on one example; the chosen columns of each row as one line. */
  async function ask(
    example: string,
    name: string,
    columns: readonly string[],
    parameters: GivenParameters = {},
  ) {
    const rows = await engine.rows(
      `select * from read_csv(${literal(join(examples, `${example}.csv`))}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')`,
    );
    const selection = await storeBill(engine, { folder, name: `${example}-${name}` }, rows.map(billRow));
    const { rows: found } = await runReport(engine, {
      dataset: costDataset,
      selection,
      scope: everything,
      name,
      parameters,
    });
    return found.map((row) => columns.map((column) => row[column]).join(' ')).sort();
  }

  const bridge = [
    'BilledCost',
    'commitmentPurchases',
    'amortisedUsed',
    'amortisedUnused',
    'unexplained',
    'EffectiveCost',
  ];
  const whole = 'one_hundred_percent_utilization_without_commitment_discount_flexibility';
  const none = 'zero_percent_utilization_without_commitment_discount_flexibility';

  it('a commitment used in full: 1.50 bought, 1.50 amortised, half the list price saved', async () => {
    expect(await ask(whole, 'billed-to-effective-bridge', bridge)).toEqual(['1.5 -1.5 1.5 0 0 1.5']);
    expect(
      await ask(whole, 'effective-savings-rate', ['ListCost', 'EffectiveCost', 'effectiveSavingsRate']),
    ).toEqual(['3 1.5 0.5']);
    expect(await ask(whole, 'unused-commitments', ['EffectiveCost'])).toEqual([]);
  });

  it('a commitment not used at all: 1.50 wasted, so that 3.50 was paid for what costs 2.00 at list', async () => {
    expect(await ask(none, 'billed-to-effective-bridge', bridge)).toEqual(['3.5 -1.5 0 1.5 0 3.5']);
    expect(
      await ask(none, 'effective-savings-rate', ['ListCost', 'EffectiveCost', 'effectiveSavingsRate']),
    ).toEqual(['2 3.5 -0.75']);
    expect(await ask(none, 'unused-commitments', ['EffectiveCost', 'BilledCost'])).toEqual(['1.5 0']);
  });

  it('an upfront purchase: 8,760 billed in January and not a cost of it', async () => {
    const purchase = 'commitment_discount_purchase_scenario_1';
    expect(await ask(purchase, 'billed-to-effective-bridge', bridge)).toEqual(['8760 -8760 0 0 0 0']);
    expect(await ask(purchase, 'commitment-purchases', ['BilledCost', 'CommitmentDiscountQuantity'])).toEqual(
      ['8760 8760'],
    );
  });

  it('tokens: bought at 2 dollars each, consumed by three widgets, and negotiated down for one', async () => {
    expect(
      await ask(
        'virtual_currency_pricing_model_a1',
        'virtual-currency-purchases',
        ['BilledCost', 'PricingQuantity', 'pricePerUnit'],
        {
          unit: 'Token',
        },
      ),
    ).toEqual(['200000 100000 2']);
    const consumed = 'virtual_currency_pricing_model_b3';
    const token = { 'pricing-currency': 'Token' };
    // 245 + 10 + 240 tokens.
    expect(
      await ask(consumed, 'virtual-currency-consumption', ['PricingCurrencyEffectiveCost'], token),
    ).toEqual(['495']);
    // Workflow: (3 − 2) × 120 tokens, 720 − 240 dollars.
    expect(
      await ask(consumed, 'contracted-savings-by-virtual-currency', [
        'pricingCurrencySavings',
        'billingCurrencySavings',
      ]),
    ).toEqual(['120 480']);
  });

  it('a spend agreement billed in arrears: 4, 10 and 5 server hours at 12 dollars', async () => {
    const months = await ask('saas_spend_agreements_a2', 'usage-and-rate-history', [
      'billingMonth',
      'PricingUnit',
      'EffectiveCost',
      'effectiveUnitPrice',
    ]);
    expect(months.filter((line) => line.includes('Server Hours'))).toEqual(
      expect.arrayContaining([
        '2025-04 Server Hours 48 12',
        '2025-05 Server Hours 120 12',
        '2025-06 Server Hours 60 12',
      ]),
    );
  });
});

/** A row as text: `null` and nothing are null, dates such as 4/1/25 as ISO 8601, ProviderName as ServiceProviderName. */
function billRow(row: Readonly<Record<string, unknown>>): BillRow {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      typeof value !== 'string' || value === '' || value === 'null'
        ? []
        : [[name === 'ProviderName' ? 'ServiceProviderName' : name, isoDate(value)]],
    ),
  );
}

function isoDate(text: string): string {
  const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d\d)$/.exec(text) ?? [];
  return year === undefined ? text : `20${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
}
