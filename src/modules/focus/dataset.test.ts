import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../platform/warehouse/index.ts';
import {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
  provenanceColumns,
} from './dataset.ts';
import { columnsIn } from './standard.ts';

const all = [costDataset, contractCommitmentDataset, billingPeriodDataset, invoiceDetailDataset];

describe('the datasets of the warehouse', () => {
  it('stores cost rows as the 65 columns of FOCUS 1.4 followed by where they came from', () => {
    const names = costDataset.columns.map((column) => column.name);
    expect(names.slice(0, 65)).toEqual(columnsIn('1.4').map((column) => column.name));
    expect(costDataset.columns.slice(65)).toEqual(provenanceColumns);
    expect(names).toHaveLength(74);
  });

  it.each(all.map((dataset) => [dataset.name, dataset] as const))(
    'gives every role of %s to a column of the right type',
    (_, dataset) => {
      const { roles } = dataset;
      expect(
        [roles.billingPeriodStart, roles.chargePeriodStart, roles.chargePeriodEnd].map(typeIn(dataset)),
      ).toEqual(['timestamp', 'timestamp', 'timestamp']);
      expect(typeIn(dataset)(roles.currency)).toBe('string');
      expect(typeIn(dataset)(roles.tags)).toBe('json');
      for (const cost of roles.costs) expect(typeIn(dataset)(cost)).toBe('decimal');
      for (const { column, unit } of roles.quantities) {
        expect([column, unit].map(typeIn(dataset))).toEqual(['decimal', 'string']);
      }
    },
  );
});

function typeIn(dataset: Dataset): (name: string) => string | undefined {
  const columns = [...dataset.columns, ...dataset.derived];
  return (name) => columns.find((column) => column.name === name)?.type;
}
