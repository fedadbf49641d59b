import { addDecimal, formatDecimal, type Issue, parseDecimal, zero } from '../../platform/kernel/index.ts';
import { selectRun } from '../allocation/index.ts';
import type { Deriver } from './consumption-derive.ts';
import { type RetainedCost, readRetained } from './consumption-retained-sql.ts';
import { allocationDefinitionSchema } from './origin-definition.ts';

/**
 * Weights of applications: what their product nodes retained in the month's published run, in one currency. Cost in other
 * currencies, and of nodes without an application, is a finding with its amount. Refuses as `selectRun`.
 *
 * shop retained 60 EUR and blog 40: weights 60 and 40, so that a pool of 10 is split 6 to 4.
 */
export const deriveFromRetained: Deriver = async ({ workspace }, { scope }, origin) => {
  const { month, product } = origin;
  const definition = allocationDefinitionSchema.parse(origin.definition);
  const { graph, currency } = definition;
  const { allocation, snapshot } = await selectRun(workspace, scope, { graph, month });
  const retained = await readRetained(await workspace.engine(), { allocation, scope }, definition);
  const found = retained.filter(({ application }) => origin.isShown(application));
  const ours = found.filter((one) => one.currency === currency);
  return {
    kind: 'INDIRECT',
    rows: ours.flatMap(({ application, retained: cost, nodes }) => {
      if (application === null) return [];
      const amount = formatDecimal(parseDecimal(cost));
      const where = `${nodes} product ${nodes === 1 ? 'node' : 'nodes'} of graph ${graph}`;
      const explanation = `${application} retained ${amount} ${currency} on ${where} in the run ${snapshot} of ${month}`;
      return [{ application, environment: null, region: null, quantity: amount, explanation }];
    }),
    findings: [...otherCurrencies(found, currency, product), ...withoutApplication(ours, currency, product)],
  };
};

function otherCurrencies(found: readonly RetainedCost[], currency: string, product: string): Issue[] {
  const others = [...new Set(found.map((one) => one.currency))].filter((one) => one !== currency);
  return others.map((other) => {
    const amount = sumOf(found.filter((one) => one.currency === other));
    const message = `${amount} ${other} retained in the month make no weights: those of '${product}' are amounts in ${currency}.`;
    return {
      code: 'consumption.otherCurrency',
      severity: 'warning',
      path: product,
      message,
      costAtStake: amount,
      currency: other,
    };
  });
}

function withoutApplication(found: readonly RetainedCost[], currency: string, product: string): Issue[] {
  const nameless = found.filter(({ application }) => application === null);
  if (nameless.length === 0) return [];
  const amount = sumOf(nameless);
  const message = `${amount} ${currency} retained on product nodes without an application make no weights.`;
  return [
    {
      code: 'consumption.noApplication',
      severity: 'warning',
      path: product,
      message,
      costAtStake: amount,
      currency,
    },
  ];
}

function sumOf(found: readonly RetainedCost[]): string {
  return formatDecimal(found.reduce((sum, { retained }) => addDecimal(sum, parseDecimal(retained)), zero));
}
