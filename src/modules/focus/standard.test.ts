import { describe, expect, it } from 'vitest';
import { type FocusDatasetName, focusVersions } from './column.ts';
import { categoryOfSubcategory, serviceCategories, serviceSubcategories } from './service-categories.ts';
import { canonicalName, columnsIn, focusColumn, focusDatasets } from './standard.ts';

describe('the FOCUS standard', () => {
  it.each([
    ['CostAndUsage', [43, 50, 57, 65, 65]],
    ['ContractCommitment', [0, 0, 0, 13, 30]],
    ['BillingPeriod', [0, 0, 0, 0, 6]],
    ['InvoiceDetail', [0, 0, 0, 0, 22]],
  ] as const)('has as many %s columns per version as the specification', (dataset, counts) => {
    expect(focusVersions.map((version) => columnsIn(version, dataset).length)).toEqual(counts);
  });

  it('has 123 columns in 1.4 over its four datasets', () => {
    const names = Object.keys(focusDatasets) as FocusDatasetName[];
    expect(names.reduce((sum, dataset) => sum + columnsIn('1.4', dataset).length, 0)).toBe(123);
  });

  it('lists every dataset alphabetically and without repetition', () => {
    for (const columns of Object.values(focusDatasets)) {
      const names = columns.map((column) => column.name);
      expect(names).toEqual([...new Set(names)].sort());
    }
  });

  it('keeps a column from the version that introduced it on, ProviderName and PublisherName excepted', () => {
    for (const column of Object.values(focusDatasets).flat()) {
      const since = focusVersions.findIndex((version) => version >= column.since);
      for (const [index, version] of focusVersions.entries()) {
        const expected = index >= since && version !== column.removed;
        expect([column.name, version, column.levels[version] !== undefined]).toEqual([
          column.name,
          version,
          expected,
        ]);
      }
    }
    const removed = columnsIn('1.3').filter((column) => column.removed);
    expect(removed.map((column) => column.name)).toEqual(['ProviderName', 'PublisherName']);
  });

  it('demands the same fifteen values of every 1.4 cost row', () => {
    const demanded = columnsIn('1.4').filter(
      ({ levels }) => levels['1.4']?.level === 'mandatory' && !levels['1.4'].nullable,
    );
    expect(demanded.map((column) => column.name)).toEqual([
      'BilledCost',
      'BillingAccountId',
      'BillingCurrency',
      'BillingPeriodEnd',
      'BillingPeriodStart',
      'ChargeCategory',
      'ChargePeriodEnd',
      'ChargePeriodStart',
      'ContractedCost',
      'EffectiveCost',
      'InvoiceIssuerName',
      'ListCost',
      'ServiceCategory',
      'ServiceName',
      'ServiceProviderName',
    ]);
  });

  it('raises InvoiceId from recommended to conditional after 1.2', () => {
    const { levels } = focusColumn('InvoiceId');
    expect(levels['1.1']).toBeUndefined();
    expect(levels['1.2']).toEqual({ level: 'recommended', nullable: true });
    expect(levels['1.4']).toEqual({ level: 'conditional', nullable: true });
  });

  it('knows 19 service categories and 82 subcategories, each in one of them', () => {
    expect(serviceCategories).toHaveLength(19);
    expect(serviceSubcategories).toHaveLength(82);
    expect(new Set(serviceSubcategories).size).toBe(82);
    expect(categoryOfSubcategory.get('Virtual Machines')).toBe('Compute');
    expect(categoryOfSubcategory.get('Other (Mobile)')).toBe('Mobile');
    for (const category of categoryOfSubcategory.values()) expect(serviceCategories).toContain(category);
  });

  it('compares names without case, blanks, underscores and byte-order mark', () => {
    expect(canonicalName('\uFEFFBilled_Cost ')).toBe('billedcost');
    expect(canonicalName('SkuPriceid')).toBe(canonicalName('SkuPriceId'));
  });
});
