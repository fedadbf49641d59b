import type { Tx } from '../../platform/records/index.ts';
import { compare, type LineHead } from './check-line.ts';
import { factCounts, quantityDifferences } from './consumption-sql.ts';
import type { CheckLine } from './contract.ts';
import type { CloseMonth } from './month-state.ts';

/**
 * Lines about the consumption of a month, entity by entity: its facts against the sums by application and by product that are kept
 * beside them, counted, and every quantity of every sum. A sum that differs has a line of its own.
 */
export async function consumptionLines(tx: Tx, { period, entities }: CloseMonth): Promise<CheckLine[]> {
  const ids = entities.map(({ entity }) => entity);
  const counts = await factCounts(tx, period, ids);
  const differences = await quantityDifferences(tx, period, ids);
  const broken = 'Sums of consumption are not those of its facts: import the month of the source again.';
  const lines = counts.flatMap(({ entity, facts, inSums, inProducts, inWatermark }) =>
    (
      [
        ['in sums by application', inSums],
        ['in sums by product', inProducts],
        ['by the watermark', inWatermark],
      ] as const
    ).map(([label, count]) =>
      compare(
        headOf(`facts = facts ${label}`, period, { entity }),
        { left: ['facts', String(facts)], right: [label, String(count)], unit: 'facts' },
        { broken },
      ),
    ),
  );
  const each = differences.map(({ entity, product, of, unit, facts, sums }): CheckLine => {
    const line = compare(
      headOf('quantity = its facts', period, { entity, product, sum: of }),
      { left: ['facts', facts], right: ['sum', sums], unit: unit ?? 'of the product' },
      { broken },
    );
    return { ...line, state: 'broken', note: broken };
  });
  return [...onePerEntity(lines), ...each];
}

/** Counts that tie say the same three times: one of them is enough. */
function onePerEntity(lines: readonly CheckLine[]): CheckLine[] {
  const said = new Set<string>();
  return lines.filter(({ state, subject }) => {
    if (state === 'broken') return true;
    const entity = subject['entity'] ?? '';
    const isOdd = lines.some((one) => one.subject['entity'] === entity && one.state === 'broken');
    if (isOdd || said.has(entity)) return false;
    said.add(entity);
    return true;
  });
}

function headOf(what: string, period: string, subject: LineHead['subject']): LineHead {
  const entity = subject.entity ?? '';
  return {
    step: 'consumption',
    what,
    subject,
    link: `/api/v1/consumption/verification?entity=${encodeURIComponent(entity)}&from=${period}&to=${period}`,
    command: `finops consumption verify --entity ${entity} --from ${period} --to ${period}`,
  };
}
