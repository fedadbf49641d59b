import { type Caller, Refusal } from '../../platform/kernel/index.ts';
import { allocate } from './allocate-step.ts';
import { checkMonth } from './check-month.ts';
import { beginReport, type CloseHooks } from './close-report.ts';
import type { CheckAnswer, CloseOutcome, CloseWish } from './contract.ts';
import { errors } from './errors.ts';
import { freezeEntities } from './freeze-step.ts';
import { demandBills } from './import-step.ts';
import { type CloseWorld, readMonth, refuseUnknownSources } from './month-state.ts';
import { demandPrices } from './price-step.ts';

/**
 * Closes a month: its bills are there, their cost is allocated and published, its consumption is priced, its books balance; then the
 * month of each entity is closed and its costs are frozen, both or neither. What speaks against it is told beside how far it came
 * (`refused`), and nothing is closed then: all that can fail is tried before the first entity. A month that is closed says so.
 *
 * Refusals before the first step: as `readMonth`; `close.nothingToClose`, `close.reasonMissing`, `close.unknownSource`.
 */
export async function closePeriod(
  world: CloseWorld,
  caller: Caller,
  wish: CloseWish,
  hooks: CloseHooks = {},
): Promise<CloseOutcome> {
  const month = await readMonth(world, caller, wish);
  refuseUnfit(wish, month);
  const report = await beginReport(world, caller, { month, wish, hooks });
  if (!report.isOpen) return report.end();
  try {
    await report.step('import', () => demandBills(world, caller, month, wish));
    const { run } = await report.step('allocate', () => allocate(world, caller, month, { wish, hooks }));
    await report.step('price', () => demandPrices(world, caller, month));
    const check = await report.step('check', async () => {
      const answer = await checkMonth(world, caller, { ...wish, accepted: wish.acceptMissing, run });
      return { said: countsOf(answer), answer };
    });
    report.keep(check.answer);
    if (!check.answer.balances) throw errors.broken({ month: wish.period, lines: brokenIn(check.answer) });
    await report.step('freeze', () =>
      freezeEntities(world, caller, month, { wish, check: check.answer, onClosed: report.close }),
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report.refuse(error);
  }
  return report.end();
}

function refuseUnfit(
  { acceptMissing, invoices, reason, period }: CloseWish,
  month: Awaited<ReturnType<typeof readMonth>>,
): void {
  if (month.entities.length === 0) throw errors.nothingToClose({ month: period });
  refuseUnknownSources(month, [...acceptMissing, ...invoices.map(({ source }) => source)]);
  if (acceptMissing.length > 0 && reason === undefined)
    throw errors.reasonMissing({ sources: acceptMissing });
}

function countsOf({ totals: { ties, broken, missing, info } }: CheckAnswer): string {
  return `${ties} line(s) tie, ${broken} are broken, ${missing} have nothing to tie to yet, ${info} for information.`;
}

function brokenIn({ lines }: CheckAnswer): string[] {
  return lines
    .filter(({ state }) => state === 'broken')
    .map(({ step, what, of, difference, currency, unit }) => {
      const by = difference === null ? '' : `, by ${difference} ${currency ?? unit ?? ''}`;
      return `${step}${of === '' ? '' : ` of ${of}`}: ${what} does not hold${by.trimEnd()}`;
    });
}
