import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Issue } from '../../platform/kernel/index.ts';
import { type Engine, openEngine } from '../../platform/warehouse/index.ts';
import { qualityChecks, qualityIssues } from './check.ts';
import { cleanRow, type StoredRow, storeRows } from './testing/stored-rows.ts';
import { compileQualityChecks } from './warehouse.ts';

let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'focus-check-'));
});

afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true });
});

async function findings(rows: readonly StoredRow[]): Promise<Issue[]> {
  const selection = await storeRows(engine, folder, rows);
  const answers = await engine.rows(compileQualityChecks(selection.relation, selection.columns));
  return qualityIssues(answers, 'nordwind/2026-10');
}

const covered: StoredRow = {
  ...cleanRow,
  BilledCost: '0',
  CommitmentDiscountId: 'sp-1',
  CommitmentDiscountStatus: 'Used',
  CommitmentDiscountCategory: 'Spend',
  CommitmentDiscountType: 'Savings Plan',
  EffectiveCost: '1.2',
  PricingCategory: 'Committed',
};

describe('quality checks on stored rows', () => {
  it('finds nothing in a clean row nor in one that a commitment covers', async () => {
    expect(await findings([cleanRow, covered])).toEqual([]);
  });

  it('says how many rows and how much cost, per currency, exactly', async () => {
    const wrong = { ...cleanRow, EffectiveCost: '0', ContractApplied: '{}' };
    const found = await findings([
      cleanRow,
      { ...wrong, BilledCost: '0.1' },
      { ...wrong, BilledCost: '0.2' },
      { ...wrong, BilledCost: '7', BillingCurrency: 'EUR' },
    ]);
    expect(found.map(({ code, rows, costAtStake, currency }) => [code, rows, costAtStake, currency])).toEqual(
      [
        ['focus.effective_cost_zero', 1, '7', 'EUR'],
        ['focus.effective_cost_zero', 2, '0.3', 'USD'],
      ],
    );
    expect(found[1]?.message).toMatch(/^2 rows of Example Cloud: usage without a commitment/);
    expect(found[1]?.path).toBe('nordwind/2026-10/EffectiveCost');
  });

  it.each<[string, string, StoredRow]>([
    ['an effective cost of 0 on billed usage', 'focus.effective_cost_zero', { EffectiveCost: '0' }],
    ['an effective cost that nothing explains', 'focus.effective_cost_differs', { EffectiveCost: '1.4' }],
    [
      'a commitment purchase that is also amortised',
      'focus.commitment_purchase_effective',
      { ChargeCategory: 'Purchase', CommitmentDiscountId: 'sp-1' },
    ],
    ['a list price below the contracted one', 'focus.list_below_contracted', { ListCost: '1.4' }],
    [
      'a contracted price below the effective one',
      'focus.contracted_below_effective',
      { ContractedCost: '1.4' },
    ],
    ['a charge for no time', 'focus.charge_period_empty', { ChargePeriodEnd: '2026-10-05 00:00:00' }],
    ['an empty billing period', 'focus.billing_period_empty', { BillingPeriodEnd: '2026-10-01 00:00:00' }],
    [
      'a charge of another month',
      'focus.out_of_period',
      { ChargePeriodStart: '2026-09-29 00:00:00', ChargePeriodEnd: '2026-10-01 00:00:00' },
    ],
    [
      'usage without a quantity',
      'focus.consumed_quantity_missing',
      { ConsumedQuantity: null, ConsumedUnit: null },
    ],
    ['a quantity without a unit', 'focus.consumed_unit_missing', { ConsumedUnit: null }],
    ['no pricing quantity', 'focus.pricing_quantity_missing', { PricingQuantity: null, PricingUnit: null }],
    ['a pricing quantity without a unit', 'focus.pricing_unit_missing', { PricingUnit: null }],
    ['a covered row without a status', 'focus.commitment_status_missing', { CommitmentDiscountId: 'sp-1' }],
    ['no currency', 'focus.currency_missing', { BillingCurrency: 'XXX' }],
    ['an unknown currency', 'focus.currency_unknown', { BillingCurrency: 'EURO' }],
    ['a subcategory of another category', 'focus.subcategory_elsewhere', { ServiceCategory: 'Storage' }],
    ['a missing service name', 'focus.value_missing', { ServiceName: null }],
    ['an unknown charge class', 'focus.value_not_allowed', { ChargeClass: 'Rebill', ConsumedQuantity: '2' }],
    ['a negative unit price', 'focus.unit_price_negative', { ListUnitPrice: '-0.8' }],
  ])('finds %s', async (_, code, change) => {
    const found = await findings([cleanRow, { ...cleanRow, ...change }]);
    expect(found.map((issue) => issue.code)).toContain(code);
    expect(found.find((issue) => issue.code === code)?.rows).toBe(1);
  });

  it('leaves refunds alone: a negative row may cost less at list than contracted', async () => {
    const refund = {
      ...cleanRow,
      BilledCost: '-1.5',
      ContractedCost: '-1.5',
      EffectiveCost: '-1.5',
      ListCost: '-1.6',
    };
    expect(await findings([refund])).toEqual([]);
  });

  it('names the provider of each finding, so that a mixed bill is put right in the right place', async () => {
    const wrong = { ...cleanRow, EffectiveCost: '0', ContractApplied: '{}' };
    const found = await findings([wrong, wrong, { ...wrong, ServiceProviderName: 'Other Cloud' }]);
    expect(found.map(({ params, rows }) => [params?.['provider'], rows])).toEqual([
      ['Example Cloud', 2],
      ['Other Cloud', 1],
    ]);
  });

  it('sees a correction as outside its period and as information only', async () => {
    const correction = {
      ...cleanRow,
      ChargeClass: 'Correction',
      ChargePeriodEnd: '2026-09-02 00:00:00',
      ChargePeriodStart: '2026-09-01 00:00:00',
    };
    expect((await findings([correction])).map(({ code, severity }) => [code, severity])).toEqual([
      ['focus.out_of_period', 'info'],
    ]);
  });

  it('has one missing-value check per mandatory column and one list check per closed list', () => {
    const count = (code: string): number => qualityChecks.filter((check) => check.code === code).length;
    expect(count('focus.value_missing')).toBe(15);
    expect(count('focus.value_not_allowed')).toBe(9);
    expect(count('focus.unit_price_negative')).toBe(4);
  });

  it('leaves out a check whose columns are not there', () => {
    const sql = compileQualityChecks('bill', new Set(['BilledCost', 'EffectiveCost']));
    expect(sql).toContain('(BilledCost is null)');
    expect(sql).not.toContain('CommitmentDiscountId');
  });
});
