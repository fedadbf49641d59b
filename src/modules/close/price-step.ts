import type { Caller } from '../../platform/kernel/index.ts';
import { actualView, withPricings } from '../showback/index.ts';
import type { Said } from './close-report.ts';
import { errors } from './errors.ts';
import { type CloseMonth, type CloseWorld, isOpen } from './month-state.ts';

/**
 * Prices the consumption of the entities that are closed under the view that holds, and keeps what the published run allocated to
 * them. Refuses with `close.notPriced`, which names every entity without a view, and with `price.noRate`.
 */
export async function demandPrices(
  world: CloseWorld,
  caller: Caller,
  { period, entities }: CloseMonth,
): Promise<Said> {
  const open = new Set(entities.filter(isOpen).map(({ entity }) => entity));
  const asks = [
    { periods: [period], view: null, mode: 'booked' },
    { periods: [period], view: actualView, mode: 'booked' },
  ] as const;
  return withPricings(world, caller, asks, async (_, [booked, actual]) => {
    const without = (booked?.gaps ?? []).flatMap(({ entity, reason }) =>
      reason === 'no_view' && entity !== null && open.has(entity) ? [entity] : [],
    );
    if (without.length > 0) throw errors.notPriced({ month: period, entities: without });
    const isOurs = ({ entity }: { readonly entity: string | null }) => entity !== null && open.has(entity);
    const priced = (booked?.used ?? [])
      .filter(isOurs)
      .map(({ view, version, entity }) => `${entity} under ${version > 0 ? `${view}@${version}` : view}`);
    const allocated = new Set((actual?.used ?? []).filter(isOurs).map(({ entity }) => entity));
    const names = [...new Set(priced)];
    return {
      said: `${names.length === 0 ? 'No consumption to price' : `Priced: ${names.join(', ')}`}; allocated costs of ${allocated.size} of ${open.size} entities.`,
    };
  });
}
