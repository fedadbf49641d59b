import { type Caller, systemCaller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { comparisonOf } from './ask-comparison.ts';
import { countedIn, monthsAsked, statementOf, usedIn, whoseCosts, withPricings } from './ask-costs.ts';
import { changedLines } from './change-prices.ts';
import type { SidedPricing } from './compare-sql.ts';
import type { ComparisonAnswer, SimulationAsked } from './cost-contract.ts';
import { type PricingWorld, ratesFor } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import type { UsedPricing } from './plan-pricings.ts';
import { readPriceLines } from './price-lines-sql.ts';
import { priceMonth } from './price-month.ts';
import { findVersion } from './view-versions-sql.ts';

/** Months that are priced anew in one transaction at most. */
const mostMonths = 12;

/**
 * What applications would cost with other prices, beside what they cost under the view: nothing is kept. The months are priced in a
 * transaction that is undone at its end. Refusals: `showback.unknownView`, `showback.nothingPublished`, `showback.tooManyMonths`.
 */
export async function simulatePrices(
  world: PricingWorld,
  caller: Caller,
  asked: SimulationAsked,
): Promise<ComparisonAnswer> {
  const months = monthsAsked(asked.months);
  if (months.length > mostMonths) throw errors.tooManyMonths({ months: months.length, most: mostMonths });
  const ask = { periods: months, view: asked.view, mode: 'priced' } as const;
  const used = await withPricings(world, caller, [ask], async (_, [plan]) => plan?.used ?? []);
  if (used.some(({ version }) => version === 0)) throw errors.nothingToSimulate({ view: asked.view });
  const question = {
    ...asked,
    mode: 'priced' as const,
    weights: 'stored' as const,
    compare: { views: [asked.view, 'simulated'] as [string, string] },
  };
  const records = await world.records();
  // The system prices; the pricings are those of entities that the caller sees whole, because only such callers may write prices.
  return undone(
    (work) => records.write(systemCaller, work),
    async (tx) => {
      const simulated = await priceAgain(tx, used, { months, asked, world });
      const whose = await whoseCosts(tx, question);
      const { counted } = await countedIn(tx, used, question);
      const pricings = counted.flatMap((one): SidedPricing[] => {
        const other = simulated.get(one.id) ?? one.id;
        return [
          { ...one, side: 'a' },
          { ...one, id: other, side: 'b' },
          { ...one, id: other, side: 'x' },
        ];
      });
      const { pricings: _, ...statement } = statementOf(caller, question, whose, []);
      const { items, totals } = await comparisonOf(
        tx,
        { ...statement, pricings },
        { kind: 'views', plans: [] },
      );
      const side = (view: string) => ({ view, months, used: usedIn(used) });
      return {
        context: {
          kind: 'views',
          groupBy: asked.groupBy,
          mode: 'priced',
          months,
          a: side(asked.view),
          b: side('simulated'),
        },
        items,
        totals,
      };
    },
  );
}

/** Prices what was used once more with other lines; old pricing → new. */
async function priceAgain(
  tx: Tx,
  used: readonly UsedPricing[],
  {
    months,
    asked,
    world,
  }: { readonly months: readonly string[]; readonly asked: SimulationAsked; readonly world: PricingWorld },
): Promise<ReadonlyMap<string, string>> {
  const simulated = new Map<string, string>();
  for (const { id, entity, period, view, version: number } of used) {
    const version = await findVersion(tx, view, number);
    if (!version || entity === null) continue;
    const lines = await readPriceLines(tx, { view, version: number });
    const { currency } = version;
    const changed = changedLines(lines, asked.changes, { currency, months });
    const key = { entity, period, view: '~simulated', version: number, pricePeriod: period, weights: null };
    const rateOf = ratesFor(tx, version, period);
    const appliedAt = world.workspace.clock.now().toISOString();
    simulated.set(
      id,
      await priceMonth(tx, key, { ...version, lines: changed }, { hash: id, appliedAt, rateOf }),
    );
  }
  return simulated;
}

class Undone<T> extends Error {
  readonly result: T;

  constructor(result: T) {
    super('a simulation is undone');
    this.result = result;
  }
}

/** Does work in a transaction and undoes it. */
async function undone<T>(
  transaction: (work: (tx: Tx) => Promise<never>) => Promise<never>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    return await transaction(async (tx) => {
      throw new Undone(await work(tx));
    });
  } catch (error) {
    if (error instanceof Undone) return error.result as T;
    throw error;
  }
}
