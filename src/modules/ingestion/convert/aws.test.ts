import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../../platform/warehouse/index.ts';
import type { ImportResult } from '../contract.ts';
import {
  type Bench,
  type Cells,
  costRows,
  cur,
  importInto,
  openBench,
  put,
  putCur2,
} from '../testing/bills.ts';

const plan = 'arn:aws:savingsplans::111111111111:savingsplan/sp-1';
const reserved = 'arn:aws:ec2:eu-west-1:111111111111:reserved-instances/ri-1';

/** One row of each kind; the description is its name here. */
const kinds: Readonly<Record<string, Cells>> = {
  'two hours on demand': {
    'lineItem/UsageAmount': '2',
    'lineItem/UnblendedRate': '0.1',
    'lineItem/UnblendedCost': '0.2',
    'pricing/publicOnDemandRate': '0.12',
    'pricing/publicOnDemandCost': '0.24',
  },
  'covered by a plan': {
    'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
    'pricing/publicOnDemandRate': '0.12',
    'pricing/publicOnDemandCost': '0.12',
    'savingsPlan/SavingsPlanARN': plan,
    'savingsPlan/SavingsPlanEffectiveCost': '0.07',
  },
  'taken back': {
    'lineItem/LineItemType': 'SavingsPlanNegation',
    'lineItem/UnblendedCost': '-0.1',
    'savingsPlan/SavingsPlanARN': plan,
  },
  'an hour of the plan': {
    'lineItem/LineItemType': 'SavingsPlanRecurringFee',
    'lineItem/UnblendedCost': '0.08',
    'savingsPlan/SavingsPlanARN': plan,
    'savingsPlan/TotalCommitmentToDate': '0.08',
    'savingsPlan/UsedCommitment': '0.07',
  },
  'the plan, paid upfront': {
    'lineItem/LineItemType': 'SavingsPlanUpfrontFee',
    'lineItem/UnblendedCost': '100',
    'savingsPlan/SavingsPlanARN': plan,
  },
  'covered by a reservation': {
    'lineItem/LineItemType': 'DiscountedUsage',
    'lineItem/UnblendedCost': '0',
    'lineItem/UnblendedRate': '0',
    'lineItem/NormalizedUsageAmount': '4',
    'pricing/publicOnDemandRate': '0.12',
    'pricing/publicOnDemandCost': '0.12',
    'reservation/ReservationARN': reserved,
    'reservation/EffectiveCost': '0.05',
  },
  'a month of the reservation': {
    'lineItem/LineItemType': 'RIFee',
    'lineItem/UsageAmount': '744',
    'lineItem/UnblendedCost': '36',
    'reservation/ReservationARN': reserved,
    'reservation/TotalReservedNormalizedUnits': '2976',
    'reservation/UnusedNormalizedUnitQuantity': '40',
    'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod': '1.5',
    'reservation/UnusedRecurringFee': '2.25',
  },
  'the reservation, paid upfront': {
    'lineItem/LineItemType': 'Fee',
    'lineItem/UnblendedCost': '500',
    'reservation/ReservationARN': reserved,
  },
  'support, for the month': { 'lineItem/LineItemType': 'Fee', 'lineItem/UnblendedCost': '12' },
  'value added tax': {
    'lineItem/LineItemType': 'Tax',
    'lineItem/UnblendedCost': '3.2',
    'lineItem/TaxType': 'VAT',
  },
  'a credit': { 'lineItem/LineItemType': 'Credit', 'lineItem/UnblendedCost': '-5' },
  'a refund of usage': { 'lineItem/LineItemType': 'Refund', 'lineItem/UnblendedCost': '-4' },
  'a refund of the plan': {
    'lineItem/LineItemType': 'Refund',
    'lineItem/UnblendedCost': '-100',
    'savingsPlan/SavingsPlanARN': plan,
  },
  'a refund of the reservation': {
    'lineItem/LineItemType': 'Refund',
    'lineItem/UnblendedCost': '-500',
    'reservation/ReservationARN': reserved,
  },
  'the enterprise discount': { 'lineItem/LineItemType': 'EdpDiscount', 'lineItem/UnblendedCost': '-1' },
  'the bundled discount': { 'lineItem/LineItemType': 'BundledDiscount', 'lineItem/UnblendedCost': '-0.5' },
  'the private rate': { 'lineItem/LineItemType': 'PrivateRateDiscount', 'lineItem/UnblendedCost': '-0.3' },
  'a spot instance': {
    'lineItem/UsageType': 'EUW1-SpotUsage:c5.large',
    'lineItem/UnblendedCost': '0.03',
    'pricing/publicOnDemandRate': '0.09',
  },
  'software of a seller': {
    'bill/BillingEntity': 'AWS Marketplace',
    'lineItem/LegalEntity': 'Seller Ltd',
    'lineItem/UnblendedCost': '9',
  },
  'usage of September': {
    'lineItem/UsageStartDate': '2026-09-30T23:00:00Z',
    'lineItem/UsageEndDate': '2026-10-01T00:00:00Z',
  },
  'a type of tomorrow': { 'lineItem/LineItemType': 'QuantumDiscount', 'lineItem/UnblendedCost': '-0.7' },
};

const bill = cur(
  ...Object.entries(kinds).map(([name, cells]) => ({ ...cells, 'lineItem/LineItemDescription': name })),
);

const columns = `ChargeDescription, x_Part, BilledCost, EffectiveCost, ListCost, ContractedCost, ListUnitPrice, ContractedUnitPrice,
  ChargeCategory, ChargeClass, ChargeFrequency, PricingCategory, PricingQuantity, PricingUnit, ConsumedQuantity, ConsumedUnit,
  CommitmentDiscountId, CommitmentDiscountType, CommitmentDiscountCategory, CommitmentDiscountStatus, CommitmentDiscountQuantity,
  CommitmentDiscountUnit, ServiceProviderName, InvoiceIssuerName, HostProviderName, x_LineItemType, x_TaxType, x_NativeCost, x_CostRule`;

describe('each kind of line of an AWS bill', () => {
  let bench: Bench;
  let result: ImportResult;
  let rows: Row[];

  beforeAll(async () => {
    bench = await openBench();
    result = await importInto(bench, await put(bench, 'acme.csv.gz', bill));
    rows = await costRows(bench, columns);
  });
  afterAll(() => bench.close());

  function row(name: string, part = 0): Row {
    const found = rows.filter((candidate) => candidate['ChargeDescription'] === name);
    expect(found.map((candidate) => candidate['x_Part'])).toContain(part);
    return found.find((candidate) => candidate['x_Part'] === part) as Row;
  }

  /** The four costs, in the order billed, effective, list, contracted. */
  function costs(name: string, part = 0): unknown[] {
    const { BilledCost, EffectiveCost, ListCost, ContractedCost } = row(name, part);
    return [BilledCost, EffectiveCost, ListCost, ContractedCost];
  }

  function commitment(name: string, part = 0): unknown[] {
    const found = row(name, part);
    return ['Id', 'Type', 'Category', 'Status', 'Quantity', 'Unit'].map(
      (field) => found[`CommitmentDiscount${field}`],
    );
  }

  test('usage is billed as it stands, at the public list price and the rate of the contract', () => {
    expect(costs('two hours on demand')).toEqual(['0.2', '0.2', '0.24', '0.2']);
    expect(row('two hours on demand')).toMatchObject({
      ListUnitPrice: '0.12',
      ContractedUnitPrice: '0.1',
      ChargeCategory: 'Usage',
      ChargeClass: null,
      ChargeFrequency: 'Usage-Based',
      PricingCategory: 'Standard',
      PricingQuantity: '2',
      PricingUnit: 'Hrs',
      ConsumedQuantity: '2',
      ConsumedUnit: 'Hrs',
      x_CostRule: 'aws.billed',
    });
    expect(commitment('two hours on demand')).toEqual([null, null, null, null, null, null]);
  });

  test('usage under a savings plan is not billed; it takes effect at the price of the plan', () => {
    expect(costs('covered by a plan')).toEqual(['0', '0.07', '0.12', '0.1']);
    expect(commitment('covered by a plan')).toEqual([plan, 'Savings Plan', 'Spend', 'Used', '0.07', 'USD']);
    expect(row('covered by a plan')).toMatchObject({
      ChargeCategory: 'Usage',
      PricingCategory: 'Committed',
      ConsumedQuantity: '1',
      x_NativeCost: '0.1',
      x_CostRule: 'aws.billed.savings-plan-covered',
    });
  });

  test('the negation of covered usage is 0 in every cost, and no quantity', () => {
    expect(costs('taken back')).toEqual(['0', '0', '0', '0']);
    expect(row('taken back')).toMatchObject({
      ChargeCategory: 'Usage',
      CommitmentDiscountStatus: null,
      ConsumedQuantity: null,
      PricingQuantity: null,
      PricingUnit: null,
      x_NativeCost: '-0.1',
      x_CostRule: 'aws.billed.savings-plan-negation',
    });
  });

  test('the recurring fee of a savings plan is a purchase, and usage of the part that nobody used', () => {
    expect(costs('an hour of the plan')).toEqual(['0.08', '0', '0.08', '0.08']);
    expect(commitment('an hour of the plan')).toEqual([plan, 'Savings Plan', 'Spend', null, '0.08', 'USD']);
    expect(row('an hour of the plan')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeFrequency: 'Recurring',
      PricingCategory: 'Standard',
      ConsumedQuantity: null,
    });
    expect(costs('an hour of the plan', 1)).toEqual(['0', '0.01', '0', '0']);
    expect(commitment('an hour of the plan', 1)).toEqual([
      plan,
      'Savings Plan',
      'Spend',
      'Unused',
      '0.01',
      'USD',
    ]);
    expect(row('an hour of the plan', 1)).toMatchObject({
      ChargeCategory: 'Usage',
      ChargeFrequency: 'Usage-Based',
      PricingCategory: 'Committed',
      PricingQuantity: null,
      PricingUnit: null,
      ConsumedQuantity: null,
      ConsumedUnit: null,
      x_NativeCost: '0',
    });
  });

  test('the upfront fee of a savings plan is billed once and has no effect of its own', () => {
    expect(costs('the plan, paid upfront')).toEqual(['100', '0', '100', '100']);
    expect(row('the plan, paid upfront')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeFrequency: 'One-Time',
      PricingCategory: 'Standard',
      CommitmentDiscountId: plan,
      CommitmentDiscountStatus: null,
    });
  });

  test('usage under a reservation takes effect at the price of the reservation, list price beside it', () => {
    expect(costs('covered by a reservation')).toEqual(['0', '0.05', '0.12', '0.12']);
    expect(commitment('covered by a reservation')).toEqual([
      reserved,
      'Reserved Instance',
      'Usage',
      'Used',
      '4',
      'Normalized Hours',
    ]);
    expect(row('covered by a reservation')).toMatchObject({
      ChargeCategory: 'Usage',
      PricingCategory: 'Committed',
      ConsumedQuantity: '1',
    });
  });

  test('the fee of a reservation is a purchase, and usage of its unused upfront and recurring parts', () => {
    expect(costs('a month of the reservation')).toEqual(['36', '0', '36', '36']);
    expect(commitment('a month of the reservation')).toEqual([
      reserved,
      'Reserved Instance',
      'Usage',
      null,
      '2976',
      'Normalized Hours',
    ]);
    expect(row('a month of the reservation')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeFrequency: 'Recurring',
      PricingCategory: 'Standard',
    });
    expect(costs('a month of the reservation', 1)).toEqual(['0', '3.75', '0', '0']);
    expect(commitment('a month of the reservation', 1)).toEqual([
      reserved,
      'Reserved Instance',
      'Usage',
      'Unused',
      '40',
      'Normalized Hours',
    ]);
    expect(row('a month of the reservation', 1)).toMatchObject({
      ChargeCategory: 'Usage',
      PricingCategory: 'Committed',
      ConsumedQuantity: null,
    });
  });

  test('the upfront fee of a reservation is spread over its usage; any other fee takes effect at once', () => {
    expect(costs('the reservation, paid upfront')).toEqual(['500', '0', '500', '500']);
    expect(row('the reservation, paid upfront')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeFrequency: 'One-Time',
      CommitmentDiscountId: reserved,
      CommitmentDiscountType: 'Reserved Instance',
    });
    expect(costs('support, for the month')).toEqual(['12', '12', '12', '12']);
    expect(row('support, for the month')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeFrequency: 'One-Time',
      PricingCategory: 'Standard',
      CommitmentDiscountId: null,
    });
  });

  test('tax has no price, no quantity and a category of its own', () => {
    expect(costs('value added tax')).toEqual(['3.2', '3.2', '3.2', '3.2']);
    expect(row('value added tax')).toMatchObject({
      ChargeCategory: 'Tax',
      ChargeFrequency: 'One-Time',
      PricingCategory: null,
      PricingQuantity: null,
      ListUnitPrice: null,
      ContractedUnitPrice: null,
      x_TaxType: 'VAT',
    });
  });

  test('a credit lowers every cost', () => {
    expect(costs('a credit')).toEqual(['-5', '-5', '-5', '-5']);
    expect(row('a credit')).toMatchObject({
      ChargeCategory: 'Credit',
      ChargeClass: null,
      ChargeFrequency: 'One-Time',
      PricingCategory: null,
      ConsumedQuantity: null,
    });
  });

  test('a refund is a correction in the category of what it gives back', () => {
    expect(costs('a refund of usage')).toEqual(['-4', '-4', '-4', '-4']);
    expect(row('a refund of usage')).toMatchObject({
      ChargeCategory: 'Usage',
      ChargeClass: 'Correction',
      PricingCategory: null,
      CommitmentDiscountId: null,
    });
    expect(costs('a refund of the plan')).toEqual(['-100', '0', '-100', '-100']);
    expect(row('a refund of the plan')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeClass: 'Correction',
      CommitmentDiscountId: plan,
      CommitmentDiscountType: 'Savings Plan',
      CommitmentDiscountStatus: null,
    });
    expect(costs('a refund of the reservation')).toEqual(['-500', '0', '-500', '-500']);
    expect(row('a refund of the reservation')).toMatchObject({
      ChargeCategory: 'Purchase',
      ChargeClass: 'Correction',
      CommitmentDiscountId: reserved,
      CommitmentDiscountType: 'Reserved Instance',
    });
  });

  test.each([
    ['the enterprise discount', '-1'],
    ['the bundled discount', '-0.5'],
    ['the private rate', '-0.3'],
    ['a type of tomorrow', '-0.7'],
  ])('%s, billed as a row of its own, is an adjustment', (name, amount) => {
    expect(costs(name)).toEqual([amount, amount, amount, amount]);
    expect(row(name)).toMatchObject({
      ChargeCategory: 'Adjustment',
      ChargeClass: null,
      PricingCategory: 'Other',
      ConsumedQuantity: null,
    });
  });

  test('spot is priced dynamically; its list cost is the public rate times the amount', () => {
    expect(costs('a spot instance')).toEqual(['0.03', '0.03', '0.09', '0.03']);
    expect(row('a spot instance')).toMatchObject({ PricingCategory: 'Dynamic', ChargeCategory: 'Usage' });
  });

  test('software of a marketplace seller is provided by the seller, hosted and invoiced by AWS', () => {
    expect(costs('software of a seller')).toEqual(['9', '9', '9', '9']);
    expect(row('software of a seller')).toMatchObject({
      ServiceProviderName: 'Seller Ltd',
      HostProviderName: 'AWS',
      InvoiceIssuerName: 'Amazon Web Services, Inc.',
    });
    expect(row('two hours on demand')['ServiceProviderName']).toBe('AWS');
  });

  test('usage of an earlier month is a correction', () => {
    expect(row('usage of September')).toMatchObject({ ChargeClass: 'Correction', ChargeCategory: 'Usage' });
  });

  test('the books of the month tie: by hand, to the last decimal', () => {
    // Native: 0.2 + 0.1 − 0.1 + 0.08 + 100 + 0 + 36 + 500 + 12 + 3.2 − 5 − 4 − 100 − 500 − 1 − 0.5 − 0.3 + 0.03 + 9 + 0.1 − 0.7
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([
      {
        format: 'aws-cur-v1',
        rowsRead: 21,
        rowsWritten: 23,
        rowsSynthesised: 2,
        rowsQuarantined: 0,
        nativeColumn: 'lineItem/UnblendedCost',
        nativeCost: '49.11',
        nativeRounding: '0',
        billedCost: '49.11',
        // Without the commitments' purchases and refunds (100 + 500 + 36 + 0.08 − 600), with used 0.12 and unused 3.76.
        effectiveCost: '16.91',
        adjustments: [
          { rule: 'savings-plan-covered-usage', amount: '0.1' },
          { rule: 'savings-plan-negation', amount: '-0.1' },
        ],
        unexplained: '0',
        bridge: [
          { part: 'BilledCost', amount: '49.11' },
          { part: 'commitment-purchases', amount: '-36.08' },
          { part: 'commitment-used', amount: '0.12' },
          { part: 'commitment-unused', amount: '3.76' },
          { part: 'unexplained', amount: '0' },
          { part: 'EffectiveCost', amount: '16.91' },
        ],
        status: 'imported',
      },
    ]);
    expect(result.issues.map(({ code }) => code)).not.toContain('ingestion.negationMissing');
  });

  test('CUR 2.0, in snake case with doubles and maps, gives the same rows', async () => {
    const other = await openBench();
    try {
      const second = await importInto(other, await putCur2(other, 'acme.parquet', bill));
      expect(second.imports).toMatchObject([
        {
          format: 'aws-cur-v2',
          nativeColumn: 'line_item_unblended_cost',
          nativeCost: '49.11',
          effectiveCost: '16.91',
        },
      ]);
      expect(await costRows(other, columns)).toEqual(rows);
    } finally {
      await other.close();
    }
  });
});

describe('costs net of discounts', () => {
  const net = cur(
    {
      'lineItem/UnblendedCost': '0.1',
      'lineItem/NetUnblendedCost': '0.08',
      'lineItem/NetUnblendedRate': '0.08',
    },
    {
      'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
      'lineItem/NetUnblendedCost': '0.08',
      'savingsPlan/SavingsPlanARN': plan,
      'savingsPlan/SavingsPlanEffectiveCost': '0.07',
      'savingsPlan/NetSavingsPlanEffectiveCost': '0.06',
    },
    {
      'lineItem/LineItemType': 'SavingsPlanNegation',
      'lineItem/UnblendedCost': '-0.1',
      'lineItem/NetUnblendedCost': '-0.08',
      'savingsPlan/SavingsPlanARN': plan,
    },
    {
      'lineItem/LineItemType': 'DiscountedUsage',
      'lineItem/UnblendedCost': '0',
      'lineItem/NetUnblendedCost': '0',
      'reservation/ReservationARN': reserved,
      'reservation/EffectiveCost': '0.05',
      'reservation/NetEffectiveCost': '0.04',
    },
    {
      'lineItem/LineItemType': 'RIFee',
      'lineItem/UnblendedCost': '36',
      'lineItem/NetUnblendedCost': '30',
      'reservation/ReservationARN': reserved,
      'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod': '1.5',
      'reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod': '1.2',
      'reservation/UnusedRecurringFee': '2.25',
      'reservation/NetUnusedRecurringFee': '2',
    },
    {
      'lineItem/LineItemType': 'EdpDiscount',
      'lineItem/UnblendedCost': '-0.02',
      'lineItem/NetUnblendedCost': '0',
    },
  );
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  test('are taken for the whole file where the bill has them, and the result says so', async () => {
    const result = await importInto(bench, await put(bench, 'net.csv', net));
    expect(result.imports).toMatchObject([
      {
        nativeColumn: 'lineItem/NetUnblendedCost',
        nativeCost: '30.08',
        billedCost: '30.08',
        effectiveCost: '3.38',
      },
    ]);
    expect(result.issues).toContainEqual(
      expect.objectContaining({
        code: 'ingestion.netCosts',
        message: 'Costs are net of discounts (lineItem/NetUnblendedCost), for the whole file.',
      }),
    );
    expect(await costRows(bench, 'BilledCost, EffectiveCost, ContractedCost, ContractedUnitPrice')).toEqual([
      { BilledCost: '0.08', EffectiveCost: '0.08', ContractedCost: '0.08', ContractedUnitPrice: '0.08' },
      { BilledCost: '0', EffectiveCost: '0.06', ContractedCost: '0.08', ContractedUnitPrice: '0.1' },
      { BilledCost: '0', EffectiveCost: '0', ContractedCost: '0', ContractedUnitPrice: null },
      { BilledCost: '0', EffectiveCost: '0.04', ContractedCost: '0', ContractedUnitPrice: '0.1' },
      { BilledCost: '30', EffectiveCost: '0', ContractedCost: '30', ContractedUnitPrice: null },
      { BilledCost: '0', EffectiveCost: '3.2', ContractedCost: '0', ContractedUnitPrice: null },
      { BilledCost: '0', EffectiveCost: '0', ContractedCost: '0', ContractedUnitPrice: null },
    ]);
  });

  test('are not taken where a row has a gross cost alone, which would count 0: gross ones are, with a warning', async () => {
    const partly = cur({ 'lineItem/NetUnblendedCost': '0.08' }, { 'lineItem/UnblendedCost': '5' });
    const result = await importInto(bench, await put(bench, 'partly.csv', partly));
    expect(result.imports).toMatchObject([{ nativeColumn: 'lineItem/UnblendedCost', billedCost: '5.1' }]);
    expect(result.issues).toContainEqual(
      expect.objectContaining({
        code: 'ingestion.netCostsPartly',
        message: expect.stringContaining('1 row(s) have a gross cost and no net one'),
      }),
    );
  });

  test('are not taken from a net column without a value: the gross ones are', async () => {
    const gross = cur({ 'lineItem/NetUnblendedCost': '' }, { 'lineItem/NetUnblendedCost': '' });
    const result = await importInto(bench, await put(bench, 'gross.csv', gross));
    expect(result.imports).toMatchObject([{ nativeColumn: 'lineItem/UnblendedCost', nativeCost: '0.2' }]);
    expect(result.issues.map(({ code }) => code)).not.toContain('ingestion.netCosts');
  });
});
