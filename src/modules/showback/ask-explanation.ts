import {
  addDecimal,
  type Caller,
  formatDecimal,
  parseDecimal,
  systemCaller,
  zero,
} from '../../platform/kernel/index.ts';
import { selectRun } from '../allocation/index.ts';
import { readNodesOf } from './actual-sql.ts';
import { usedIn, withPricings } from './ask-costs.ts';
import type { ExplainAnswer, ExplainAsked } from './cost-contract.ts';
import { type PricingWorld, readPublishedRuns } from './ensure-pricings.ts';
import { type ExplainedCost, readExplainedCosts, readExplainedFacts } from './explain-cost-sql.ts';
import type { UsedPricing } from './plan-pricings.ts';

/**
 * Explains what an application costs for a product in a month: the line of the price view, the rate, the sum of weights, and the
 * facts with file and row. Under `actual` it names the nodes of the graph, whose explanation goes on to rules and rows of the bill.
 */
export async function askExplanation(
  world: PricingWorld,
  caller: Caller,
  asked: ExplainAsked,
): Promise<ExplainAnswer> {
  const { month, application, product } = asked;
  const ask = { periods: [month], view: asked.view ?? null, mode: asked.mode };
  const answer = await withPricings(world, caller, [ask], async (tx, [plan]) => {
    const used = plan?.used ?? [];
    const cell = {
      pricings: used.map(({ id }) => id),
      application,
      product,
      environment: asked.environment ?? null,
    };
    const costs = await readExplainedCosts(tx, cell);
    const isActual = used.some(({ version }) => version === 0);
    const facts = isActual ? [] : await readExplainedFacts(tx, month, cell);
    return { used, costs, facts };
  });
  const pricingOf = new Map(answer.used.map((one) => [one.id, one]));
  const items = answer.costs.flatMap((cost) => {
    const pricing = pricingOf.get(cost.pricing);
    return pricing ? [itemOf(cost, pricing)] : [];
  });
  const concerned = [...new Set(answer.costs.map(({ pricing }) => pricing))];
  return {
    context: {
      ...{ month, application, product },
      used: usedIn(concerned.flatMap((id) => pricingOf.get(id) ?? [])),
    },
    items,
    facts: answer.facts.map((fact) => ({ ...fact, quantity: plain(fact.quantity) })),
    nodes: await nodesOf(world, asked, answer.used),
    totals: totalsOf(items),
  };
}

function plain(text: string): string {
  return formatDecimal(parseDecimal(text));
}

function itemOf(cost: ExplainedCost, pricing: UsedPricing): ExplainAnswer['items'][number] {
  const orNull = (text: string | null) => (text === null ? null : plain(text));
  const quantity = plain(cost.quantity);
  return {
    environment: cost.environment,
    region: cost.region,
    kind: cost.kind,
    currency: pricing.currency,
    view: pricing.view,
    version: pricing.version,
    quantity,
    unit: cost.unit,
    cost: orNull(cost.cost),
    reason: cost.reason,
    numerator: orNull(cost.numerator),
    denominator: orNull(cost.denominator),
    line:
      cost.lineNumber === null
        ? null
        : {
            number: cost.lineNumber,
            kind: cost.priceKind ?? 'unit',
            unit: cost.lineUnit,
            amount: orNull(cost.lineAmount),
            currency: cost.lineCurrency,
            rate: orNull(cost.rate),
            rateType: cost.rateType,
            rateSource: cost.rateSource,
          },
    sentence: sentenceOf(cost, pricing, quantity),
  };
}

function sentenceOf(cost: ExplainedCost, pricing: UsedPricing, quantity: string): string {
  const { currency, view, version } = pricing;
  const amount = cost.cost === null ? '' : `${plain(cost.cost)} ${currency}`;
  if (version === 0) {
    const what = cost.kind === 'DIRECT' ? 'sent to it by rules' : 'passed to it by others';
    return `${amount} of the bill, ${what}, as run ${pricing.run?.slice(0, 8) ?? ''} allocated it.`;
  }
  const unit = cost.unit ?? '';
  const of = `line ${cost.lineNumber ?? ''} of ${view} version ${version}`;
  const rate =
    cost.rate === null
      ? ''
      : `, ${plain(cost.lineAmount ?? '0')} ${cost.lineCurrency} at the ${cost.rateType} rate ${plain(cost.rate)} of ${cost.rateSource}`;
  switch (cost.priceKind) {
    case 'pool':
      return `${amount} = ${plain(cost.numerator ?? '0')} ${currency} × ${quantity} of ${plain(cost.denominator ?? '0')} ${unit}, ${of}${rate}.`;
    case 'tiers':
      return `${amount} = ${quantity} ${unit} by the tiers of ${of}${rate}.`;
    case 'unit': {
      const price =
        cost.denominator === null || plain(cost.denominator) === '1'
          ? plain(cost.numerator ?? '0')
          : `${plain(cost.numerator ?? '0')}/${plain(cost.denominator)}`;
      return `${amount} = ${quantity} ${unit} × ${price} ${currency}, ${of}${rate}.`;
    }
    default:
      return cost.reason === 'unit'
        ? `No cost: ${of} is in ${cost.lineUnit ?? ''}, which does not convert to ${unit}.`
        : `No cost: no line of ${view} version ${version} prices it.`;
  }
}

/** Nodes of the graph that are the application, as far as the caller sees the run. */
async function nodesOf(
  { workspace }: PricingWorld,
  { application, month }: ExplainAsked,
  used: readonly UsedPricing[],
): Promise<ExplainAnswer['nodes']> {
  const actual = used.find(({ version }) => version === 0);
  if (!actual) return [];
  const runs = await readPublishedRuns(workspace);
  const at = [...runs].find(([, snapshot]) => snapshot === actual.hash)?.[0];
  const graph = at?.split(' ')[0];
  if (graph === undefined) return [];
  const rows = await selectRun(workspace, systemCaller.scope, { graph, month, snapshot: actual.hash });
  const nodes = await readNodesOf(await workspace.engine(), rows.allocation, application);
  return nodes.map((node) => ({ graph, node, run: actual.run }));
}

function totalsOf(items: ExplainAnswer['items']): ExplainAnswer['totals'] {
  const currencies = [...new Set(items.map(({ currency }) => currency))];
  return currencies.map((currency) => ({
    currency,
    cost: formatDecimal(
      items
        .filter((item) => item.currency === currency)
        .reduce((sum, { cost }) => addDecimal(sum, parseDecimal(cost ?? '0')), zero),
    ),
  }));
}
