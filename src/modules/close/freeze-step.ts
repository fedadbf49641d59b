import type { Caller } from '../../platform/kernel/index.ts';
import { audit } from '../../platform/records/index.ts';
import { changePeriod } from '../organization/index.ts';
import { preparePeriodStep } from '../showback/index.ts';
import type { Said } from './close-report.ts';
import type { CheckAnswer, CloseWish } from './contract.ts';
import { type Kept, saidAction } from './kept.ts';
import { type CloseMonth, type CloseWorld, isOpen } from './month-state.ts';

/** What entities are closed with: what was asked for, the books, and who is told of each that is closed. */
export interface FreezeAsked {
  readonly wish: CloseWish;
  readonly check: CheckAnswer;
  readonly onClosed: (entity: string) => void;
}

/**
 * Closes the month of each open entity: its state, its frozen costs and what it was based on are one transaction. A dry run names
 * the entities only. Refusals: as `changePeriod` of organization and the freeze of showback; entities before the refused one stay
 * closed.
 */
export async function freezeEntities(
  world: CloseWorld,
  caller: Caller,
  month: CloseMonth,
  { wish, check, onClosed }: FreezeAsked,
): Promise<Said> {
  const open = month.entities.filter(isOpen).map(({ entity }) => entity);
  for (const entity of open) {
    if (!wish.dryRun)
      await closeEntity(world, caller, entity, { wish, kept: keptOf(month, entity, { wish, check }) });
    onClosed(entity);
  }
  return { said: `${wish.dryRun ? 'Would close' : 'Closed'} ${open.join(', ')}.` };
}

async function closeEntity(
  world: CloseWorld,
  caller: Caller,
  entity: string,
  { wish, kept }: { readonly wish: CloseWish; readonly kept: Kept },
): Promise<void> {
  const { period, reason = null } = wish;
  const change = { entity, period, verb: 'close', reason, now: world.workspace.clock.now() } as const;
  const freeze = await preparePeriodStep(world, caller, change);
  await (await world.records()).write(caller, async (tx) => {
    await changePeriod(tx, caller, change);
    await freeze(tx);
    await audit(tx, caller, {
      action: saidAction,
      object: { type: 'period', id: `${entity}/${period}` },
      entity,
      before: null,
      after: kept,
    });
  });
}

/** What is kept of an entity's close: what concerns its own sources. */
function keptOf(
  { sources }: CloseMonth,
  entity: string,
  { wish, check }: Pick<FreezeAsked, 'wish' | 'check'>,
): Kept {
  const own = new Set(sources.filter((one) => one.entity === entity).map(({ source }) => source));
  return {
    graph: wish.graph,
    run: check.context.run,
    accepted: wish.acceptMissing.filter((source) => own.has(source)),
    reason: wish.reason ?? null,
    invoices: wish.invoices.filter(({ source }) => own.has(source)),
    lines: check.totals,
  };
}
