import { formatDecimal, parseDecimal } from '../../../platform/kernel/index.ts';
import type { Workspace } from '../../../platform/warehouse/index.ts';
import { partAmountSql } from '../export-focus-sql.ts';

/** Splits amounts in units of 10⁻¹² by weights as an export does, and adds the parts up again. */
export async function splitAmounts(
  workspace: Workspace,
  amounts: readonly bigint[],
  weights: readonly number[],
): Promise<readonly bigint[]> {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const bounds = weights.map((_, i) => {
    const upTo = weights.slice(0, i + 1).reduce((sum, weight) => sum + weight, 0);
    return whole === 0 || i === weights.length - 1 ? 10n ** 15n : BigInt(Math.round((upTo / whole) * 1e15));
  });
  const parts = bounds.map((upto, i) => `(${i === 0 ? 0n : bounds[i - 1]}::bigint, ${upto}::bigint)`);
  const rows = amounts.map((units, i) => `(${i}, '${formatDecimal({ units, scale: 12 })}'::decimal(38,12))`);
  const engine = await workspace.engine();
  const sums = await engine.rows(`select i, sum(${partAmountSql('amount')}) as sum
from (values ${rows.join(', ')}) as given(i, amount), (values ${parts.join(', ')}) as part(below, upto)
group by i order by i`);
  return sums.map((row) => {
    const { units, scale } = parseDecimal(String(row['sum']));
    return units * 10n ** BigInt(12 - scale);
  });
}
