import type { Caller } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import { periodStateOf } from '../organization/index.ts';
import type { ConsumptionDifference, ConsumptionVerification } from './consumption-contract.ts';
import { type AskedMonths, countFacts, findDifferences, readMonths } from './consumption-verify-sql.ts';

/** Differences of one month, and of an answer. */
const mostOfMonth = 1000;
const mostShown = 200;

/**
 * Compares what is kept beside the facts (sums by application and by product, parts, watermarks) with the facts, month by month,
 * each in a transaction of its own. `ties` where nothing differs.
 *
 * Somebody changed a sum of `checkout` from 5 to 6: one difference, `facts` "5 in 1 facts", `kept` "6 in 1 facts".
 */
export async function verifyConsumption(
  records: Records,
  caller: Caller,
  asked: AskedMonths = {},
): Promise<ConsumptionVerification> {
  const months = await records.read(caller, (tx) => readMonths(tx, asked));
  const differences: ConsumptionDifference[] = [];
  let facts = 0;
  let count = 0;
  for (const month of months) {
    const { found, ofMonth } = await records.read(caller, async (tx) => {
      // A closed month keeps the unit that it was closed with.
      const isOpen = (await periodStateOf(tx, month.entity, month.period)) === 'OPEN';
      const all = await findDifferences(tx, month, mostOfMonth);
      return {
        found: all.filter(({ table }) => isOpen || table !== 'unit'),
        ofMonth: await countFacts(tx, month),
      };
    });
    facts += ofMonth;
    count += found.length;
    const { entity, period } = month;
    for (const one of found.slice(0, mostShown - differences.length))
      differences.push({ entity, month: period, ...one });
  }
  return { schemaVersion: 1, ties: count === 0, months: months.length, facts, differences, count };
}
