import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { focusVersions } from './column.ts';
import { type LiftPlan, planLift } from './lift.ts';
import { columnsIn, focusDatasets } from './standard.ts';

const headerOf = (version: (typeof focusVersions)[number]): string[] =>
  columnsIn(version).map((column) => column.name);

describe('lifting a bill to FOCUS 1.4', () => {
  it('takes a 1.4 bill as it is and has nothing to report', () => {
    const plan = planLift(headerOf('1.4'), '1.4');
    expect(plan.columns).toHaveLength(65);
    expect(plan.columns.every((column) => column.how === 'as is' && column.from[0] === column.target)).toBe(
      true,
    );
    expect(plan.custom).toEqual([]);
    expect(plan.report).toEqual([]);
  });

  it('fills ServiceProviderName from ProviderName and keeps both old names aside', () => {
    const plan = planLift(headerOf('1.0'), '1.0');
    expect(column(plan, 'ServiceProviderName')).toMatchObject({
      from: ['ProviderName', 'PublisherName'],
      how: 'filled',
    });
    expect(plan.custom).toEqual([
      { source: 'ProviderName', target: 'x_ProviderName' },
      { source: 'PublisherName', target: 'x_PublisherName' },
    ]);
  });

  it('leaves HostProviderName empty rather than guess it, and warns because 1.4 makes it mandatory', () => {
    const plan = planLift(headerOf('1.2'), '1.2');
    expect(column(plan, 'HostProviderName')).toMatchObject({ from: [], how: 'gap' });
    const issue = plan.report.find((found) => found.path === 'HostProviderName');
    expect(issue).toMatchObject({
      code: 'focus.column_gap',
      severity: 'warning',
      params: { level: 'mandatory' },
    });
  });

  it.each([
    ['1.0', 41, 23],
    ['1.1', 48, 16],
    ['1.2', 55, 9],
    ['1.3', 62, 2],
  ] as const)('takes a full %s bill with %i columns as they are and %i gaps', (version, direct, missing) => {
    const plan = planLift(headerOf(version), version);
    const count = (how: string): number => plan.columns.filter((found) => found.how === how).length;
    expect([count('as is'), count('gap'), count('filled')]).toEqual([direct, missing, 1]);
    expect(plan.report.filter(({ code }) => code === 'focus.column_gap')).toHaveLength(missing);
  });

  it('reads 0.5 and provider names as the columns that they became', () => {
    const plan = planLift(
      [
        'BilledCost',
        'AmortizedCost',
        'ChargeType',
        'InvoiceIssuer',
        'Region',
        'UsageUnit',
        'Provider',
        'x_SkuDetails',
      ],
      '1.0',
    );
    for (const [target, source] of [
      ['EffectiveCost', 'AmortizedCost'],
      ['ChargeCategory', 'ChargeType'],
      ['InvoiceIssuerName', 'InvoiceIssuer'],
      ['RegionId', 'Region'],
      ['ConsumedUnit', 'UsageUnit'],
      ['SkuPriceDetails', 'x_SkuDetails'],
    ]) {
      expect(column(plan, target as string)).toMatchObject({ from: [source], how: 'renamed' });
    }
    expect(plan.custom).toEqual([{ source: 'Provider', target: 'x_ProviderName' }]);
  });

  it('prefers a column under its own name and keeps the second source, because the two may differ', () => {
    const plan = planLift(['BilledCost', 'ChargeCategory', 'x_InvoiceId', 'InvoiceId'], '1.2');
    expect(column(plan, 'InvoiceId')).toMatchObject({ from: ['InvoiceId', 'x_InvoiceId'], how: 'filled' });
    expect(plan.custom).toEqual([{ source: 'x_InvoiceId', target: 'x_InvoiceId' }]);
  });

  it('rewrites old spellings of values and corrects their case', () => {
    const plan = planLift(['PricingCategory', 'ChargeFrequency'], '1.0');
    expect(column(plan, 'PricingCategory')?.values).toMatchObject({
      'on-demand': 'Standard',
      'commitment-based': 'Committed',
      dynamic: 'Dynamic',
    });
    expect(column(plan, 'ChargeFrequency')?.values?.['usage-based']).toBe('Usage-Based');
  });

  it('keeps an unknown column under an x_ name, and never under a name of ours', () => {
    const plan = planLift(['Id', 'x_Team', '\uFEFFx_SourceRow', 'billing profile', ''], '1.0');
    expect(plan.custom.map(({ target }) => target)).toEqual([
      'x_Id',
      'x_Team',
      'x_GivenSourceRow',
      'x_billing_profile',
      'x_Column5',
    ]);
  });

  it('keeps a column that the header names twice, and warns', () => {
    const plan = planLift(['Billed_Cost', 'BilledCost'], '1.0');
    expect(column(plan, 'BilledCost')?.from).toEqual(['BilledCost']);
    expect(plan.custom).toEqual([{ source: 'Billed_Cost', target: 'x_Billed_Cost' }]);
    expect(plan.report.find(({ code }) => code === 'focus.column_duplicate')?.severity).toBe('warning');
  });

  it('lifts the 13 columns of a 1.3 contract commitment to 30, 17 of them gaps', () => {
    const header = columnsIn('1.3', 'ContractCommitment').map(({ name }) => name);
    const plan = planLift(header, '1.3', 'ContractCommitment');
    expect(plan.columns).toHaveLength(30);
    expect(plan.columns.filter(({ how }) => how === 'gap')).toHaveLength(17);
  });

  it('loses no column of any header, and gives no two columns one name', () => {
    const known = focusDatasets.CostAndUsage.map(({ name }) => name);
    const odd = fc.constantFrom(
      'x_InvoiceId',
      'x_SkuDetails',
      'x_RowId',
      'Provider',
      'Publisher',
      'Region',
      'Id',
      'id',
    );
    const name = fc.oneof(fc.constantFrom(...known), odd, fc.string({ minLength: 1, maxLength: 12 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 40 }),
        fc.constantFrom(...focusVersions),
        (header, version) => {
          const plan = planLift(header, version);
          const kept = new Set([
            ...plan.columns.flatMap(({ from }) => from),
            ...plan.custom.map(({ source }) => source),
          ]);
          expect(header.filter((source) => !kept.has(source))).toEqual([]);
          const targets = [...plan.columns, ...plan.custom].map(({ target }) => target.toLowerCase());
          expect(new Set(targets).size).toBe(targets.length);
        },
      ),
    );
  });
});

function column(plan: LiftPlan, target: string): LiftPlan['columns'][number] | undefined {
  return plan.columns.find((found) => found.target === target);
}
