import type { Caller } from '../../platform/kernel/index.ts';
import { billLines, missingIn } from './check-bill.ts';
import type { Said } from './close-report.ts';
import type { CloseWish } from './contract.ts';
import { errors } from './errors.ts';
import { type CloseMonth, type CloseWorld, isOpen } from './month-state.ts';

/**
 * Every source of the entities that are closed has its bill, and no cost in quarantine, or is accepted by name. Refuses with
 * `close.billsMissing`, which names each source and what it lacks.
 */
export async function demandBills(
  world: CloseWorld,
  caller: Caller,
  month: CloseMonth,
  { acceptMissing, period }: CloseWish,
): Promise<Said> {
  const open = new Set(month.entities.filter(isOpen).map(({ entity }) => entity));
  const lines = await billLines(world, caller, month, { accepted: new Set(acceptMissing), invoices: [] });
  const missing = missingIn(lines).filter(({ entity }) => entity !== null && open.has(entity));
  const refused = missing.filter(({ source }) => !acceptMissing.includes(source));
  if (refused.length > 0)
    throw errors.billsMissing({
      month: period,
      sources: refused.map(({ source, why }) => ({ source, why })),
    });
  const there = month.sources.filter(({ isThere }) => isThere).length;
  const accepted = missing.map(({ source, why }) => `${source} (${why})`);
  const whole = there === 0 ? 'No source has a bill of the month.' : `${there} source(s) have their bill.`;
  return { said: accepted.length === 0 ? whole : `${whole} Accepted: ${accepted.join(', ')}.` };
}
