import { type Caller, systemCaller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import type { PeriodChange } from '../organization/index.ts';
import { ensureActuals, ensurePricing, type PricingWorld, readPublishedRuns } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import { endFreeze, type Freeze, hashCosts, insertFreeze, readFreezes } from './freeze-sql.ts';
import {
  actualView,
  type PricingPlan,
  type PublishedRuns,
  planPricings,
  type UsedPricing,
} from './plan-pricings.ts';

/**
 * What closing and reopening a month does to its costs: prepared before the transaction that moves the month's state, done inside
 * it. Closing keeps the costs under the view that holds, and what was allocated then; a month without consumption and without a
 * published run has nothing to keep. Reopening ends what was kept and deletes nothing.
 *
 * Refuses with `showback.noCalendar` where there is consumption that no view prices.
 */
export async function preparePeriodStep(
  world: PricingWorld,
  caller: Caller,
  change: PeriodChange,
): Promise<(tx: Tx) => Promise<void>> {
  const { verb, entity, period, now } = change;
  if (verb === 'lock') return async () => {};
  if (verb === 'reopen')
    return (tx) =>
      endFreeze(
        tx,
        { entity, period },
        { at: now.toISOString(), by: caller.actor.name, reason: change.reason ?? '' },
      );
  const runs = await readPublishedRuns(world.workspace);
  const records = await world.records();
  const actuals = await records.read(systemCaller, (tx) => actualPlan(tx, period, runs));
  await ensureActuals(world, actuals.missingActuals);
  return (tx) => freezeMonth(tx, world, caller, { change, runs });
}

function actualPlan(tx: Tx, period: string, runs: PublishedRuns): Promise<PricingPlan> {
  return planPricings(tx, { periods: [period], view: actualView, mode: 'priced' }, runs);
}

async function freezeMonth(
  tx: Tx,
  { workspace }: PricingWorld,
  caller: Caller,
  { change: { entity, period, now }, runs }: { readonly change: PeriodChange; readonly runs: PublishedRuns },
): Promise<void> {
  const ask = { periods: [period], view: null, mode: 'priced' } as const;
  const here = (one: { readonly entity: string | null }) => one.entity === entity;
  const plan = await planPricings(tx, ask, runs);
  if (plan.gaps.some((gap) => gap.reason === 'no_view' && here(gap)))
    throw errors.noCalendar({ entity, month: period });
  for (const missing of plan.missing.filter(({ key }) => here(key)))
    await ensurePricing(tx, workspace.clock, missing);
  const booked = (await planPricings(tx, ask, runs)).used.filter(here);
  const actual = (await actualPlan(tx, period, runs)).used.filter(here);
  const [first] = [...booked, ...actual];
  if (!first) return;
  const kept = [...new Map([...booked, ...actual].map((one) => [one.id, one])).values()];
  const freeze = await freezeOf(tx, kept, { first, run: actual[0]?.run ?? null });
  const said = { ...freeze, frozenAt: now.toISOString(), frozenBy: caller.actor.name };
  await insertFreeze(
    tx,
    said,
    kept.map(({ id }) => id),
  );
  await audit(tx, caller, {
    action: 'period.freeze',
    object: { type: 'period', id: `${entity}/${period}` },
    entity,
    before: null,
    after: {
      number: freeze.number,
      view: freeze.view,
      version: freeze.version,
      contentHash: freeze.contentHash,
      run: freeze.run,
      costs: kept.map(({ view, currency, cost }) => ({ view, currency, cost })),
    },
  });
}

async function freezeOf(
  tx: Tx,
  kept: readonly UsedPricing[],
  { first, run }: { readonly first: UsedPricing; readonly run: string | null },
): Promise<Freeze> {
  const { entity, period, view, version } = first;
  const earlier = await readFreezes(tx, entity ?? '', period);
  const contentHash = await hashCosts(
    tx,
    kept.map(({ id }) => id),
  );
  return {
    ...{
      entity: entity ?? '',
      period,
      number: 1 + (earlier[0]?.number ?? 0),
      view,
      version,
      contentHash,
      run,
    },
    ...{ frozenAt: '', frozenBy: '', endedAt: null, endedBy: null, endReason: null },
  };
}
