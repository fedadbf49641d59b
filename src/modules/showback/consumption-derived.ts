import { formatDecimal, parseDecimal, systemCaller } from '../../platform/kernel/index.ts';
import { withPricings } from './ask-costs.ts';
import type { Deriver } from './consumption-derive.ts';
import { readDirectCosts } from './direct-costs-sql.ts';
import { derivedDefinitionSchema } from './origin-definition.ts';

/**
 * Weights of applications: what their direct consumption costs in the month under a price view, perhaps of one domain. What costs
 * nothing, or less, has no weight. Refusals: those of `planPricings`.
 *
 * shop 40 and blog 4 of direct cost: weights 40 and 4, so that a pool of 11 is split 10 to 1.
 */
export const deriveFromCosts: Deriver = async (world, _, origin) => {
  const { month, entities } = origin;
  const { view, version, domain } = derivedDefinitionSchema.parse(origin.definition);
  const name = version === undefined ? view : `${view}@${version}`;
  const ask = { periods: [month], view: name, mode: 'priced' } as const;
  const costs = await withPricings(world, systemCaller, [ask], async (tx, [plan]) => {
    const ours = (plan?.used ?? []).filter(({ entity }) => entity !== null && entities.includes(entity));
    return readDirectCosts(
      tx,
      ours.map(({ id }) => id),
      domain,
    );
  });
  return {
    kind: 'INDIRECT',
    findings: [],
    rows: costs
      .filter(({ application }) => origin.isShown(application))
      .map(({ application, cost, currency }) => {
        const amount = formatDecimal(parseDecimal(cost));
        const where = domain === undefined ? '' : ` in domain ${domain}`;
        return {
          ...{ application, environment: 'n_a', region: null, quantity: amount },
          explanation: `direct consumption of ${application}${where} costs ${amount} ${currency} in ${month} under ${name}`,
        };
      }),
  };
};
