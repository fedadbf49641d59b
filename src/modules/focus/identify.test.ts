import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { focusVersions } from './column.ts';
import { identifyFocus } from './identify.ts';
import { columnsIn } from './standard.ts';

describe('identifying a FOCUS file', () => {
  it.each(focusVersions)('knows a full %s header in any order and spelling', (version) => {
    const names = columnsIn(version).map((column) => column.name);
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), fc.boolean(), (header, upper) => {
        const spelled = header.map((name) => (upper ? ` ${name.toUpperCase()} ` : name));
        expect(identifyFocus([`\uFEFF${spelled[0]}`, ...spelled.slice(1)])).toEqual({
          dataset: 'CostAndUsage',
          version,
          matched: names.length,
        });
      }),
      { numRuns: 20 },
    );
  });

  it('knows the other datasets of 1.3 and 1.4', () => {
    const header = (dataset: Parameters<typeof columnsIn>[1], version: '1.3' | '1.4') =>
      columnsIn(version, dataset).map((column) => column.name);
    expect(identifyFocus(header('ContractCommitment', '1.3'))).toEqual({
      dataset: 'ContractCommitment',
      version: '1.3',
      matched: 13,
    });
    expect(identifyFocus(header('ContractCommitment', '1.4'))).toMatchObject({ version: '1.4', matched: 30 });
    expect(identifyFocus(header('BillingPeriod', '1.4'))).toMatchObject({
      dataset: 'BillingPeriod',
      matched: 6,
    });
    expect(identifyFocus(header('InvoiceDetail', '1.4'))).toMatchObject({
      dataset: 'InvoiceDetail',
      matched: 22,
    });
  });

  it('takes a few columns for FOCUS when a cost of the standard is among them', () => {
    const corrections = [
      'x_ChargeKey',
      'ChargeClass',
      'ChargeCategory',
      'BilledCost',
      'InvoiceId',
      'BillingCurrency',
    ];
    expect(identifyFocus(corrections)).toEqual({ dataset: 'CostAndUsage', version: '1.2', matched: 5 });
    expect(identifyFocus(['BilledCost', 'ChargeCategory', 'SkuMeter', 'BillingCurrency'])?.version).toBe(
      '1.1',
    );
  });

  it('takes a file that has ServiceProviderName but no ProviderName for 1.4', () => {
    const header = columnsIn('1.3').map((column) => column.name);
    const without = header.filter((name) => name !== 'ProviderName' && name !== 'PublisherName');
    expect(identifyFocus(without)?.version).toBe('1.4');
  });

  it('reads the names of 0.5 as 1.0', () => {
    const header = [
      'BilledCost',
      'AmortizedCost',
      'ChargeType',
      'InvoiceIssuer',
      'Provider',
      'Region',
      'UsageQuantity',
    ];
    expect(identifyFocus(header)).toEqual({ dataset: 'CostAndUsage', version: '1.0', matched: 7 });
  });

  it.each([
    ['AWS CUR v1', 'bill/BillType,lineItem/UnblendedCost,lineItem/ResourceId,reservation/EffectiveCost'],
    ['AWS CUR 2.0', 'line_item_usage_start_date,line_item_unblended_cost,reservation_effective_cost'],
    [
      'Azure cost details',
      'BillingAccountId,BillingAccountName,BillingCurrency,ChargeType,CostInBillingCurrency,InvoiceId,PricingCurrency,PublisherName,ResourceId,ResourceName,Tags',
    ],
    ['GCP', 'billing_account_id,service.id,sku.id,cost,currency,credits,invoice.month'],
    ['OCI', 'lineItem/referenceNo,cost/myCost,product/region,usage/billedQuantity'],
    ['a header of costs alone', 'BilledCost,EffectiveCost,ListCost,ContractedCost'],
    ['nothing', ''],
  ])('does not take %s for FOCUS', (_, header) => {
    expect(identifyFocus(header.split(','))).toBeUndefined();
  });
});
