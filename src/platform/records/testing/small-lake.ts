import { join } from 'node:path';
import { type Lake, literal, openEngine } from '../../warehouse/index.ts';

/** Publishes a month of a source with the given costs (decimal text, USD) as one snapshot of the dataset `cost`. */
export async function publishMonth(
  lake: Lake,
  month: { readonly id: string; readonly source: string; readonly period: string },
  costs: readonly string[],
): Promise<void> {
  const engine = await openEngine({ threads: 1 });
  try {
    await lake.write(async (writer) => {
      const folder = join('cost', month.source, month.period);
      const { path, absolute } = await writer.newFile(folder, `${month.id}-1.parquet`);
      const values = costs.map((cost) => `(${cost}::decimal(38,12), 'USD')`).join(', ');
      await engine.run(
        `copy (select * from (values ${values}) as t(cost, currency)) to ${literal(absolute)} (format parquet)`,
      );
      const [sum] = await engine.rows(`select sum(cost) as s from read_parquet(${literal(absolute)})`);
      const snapshot = await writer.seal({
        ...month,
        dataset: 'cost',
        files: [{ path, rows: costs.length }],
        currencyColumn: 'currency',
        totals: [{ currency: 'USD', rows: costs.length, sums: { cost: String(sum?.['s']) } }],
        raw: [],
        origin: null,
        delivery: { key: `file:${month.id}`, fingerprint: month.id },
        final: false,
      });
      await writer.publish('test', [snapshot]);
    });
  } finally {
    engine.close();
  }
}
