import {
  addDecimal,
  type Caller,
  type Decimal,
  formatDecimal,
  parseDecimal,
  subtractDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import { countedIn, monthsAsked, usedIn, withPricings } from './ask-costs.ts';
import { type BridgeRow, readBridge } from './bridge-sql.ts';
import type { BridgeAnswer, BridgeAsked } from './cost-contract.ts';
import { type CountedPricing, readLabels } from './cost-sql.ts';
import type { PricingWorld } from './ensure-pricings.ts';
import { actualView, type UsedPricing } from './plan-pricings.ts';

/**
 * The bridge from prices to the bill: what each product was charged under a view, what it cost as allocated, and the over- or
 * under-recovery between them; then what reached no application, so that the actual side ends at the total of the runs. Everything
 * in one currency, by the months' rates.
 */
export async function askBridge(
  world: PricingWorld,
  caller: Caller,
  asked: BridgeAsked,
): Promise<BridgeAnswer> {
  const periods = monthsAsked(asked.months);
  const asks = [
    { periods, view: asked.view ?? null, mode: asked.mode },
    { periods, view: asked.actual ?? actualView, mode: asked.mode },
  ];
  return withPricings(world, caller, asks, async (tx, [priced, actual]) => {
    const wanted = { currency: asked.currency, rateType: asked.rateType };
    const charged = await countedIn(tx, priced?.used ?? [], wanted);
    const cost = await countedIn(tx, actual?.used ?? [], wanted);
    const rows = await readBridge(tx, charged.counted, cost.counted);
    const labels = await readLabels(
      tx,
      'product',
      rows.map(({ product }) => product),
    );
    const nobody = {
      charged: nobodysCost(charged.counted, priced?.used ?? []),
      actual: nobodysCost(cost.counted, actual?.used ?? []),
    };
    const items = rows.map((row) => itemOf(row, labels.get(row.product)));
    return {
      context: {
        months: periods,
        currency: asked.currency,
        view: asked.view ?? 'calendar',
        actual: asked.actual ?? actualView,
        used: usedIn([...(priced?.used ?? []), ...(actual?.used ?? [])]),
        gaps: [...(priced?.gaps ?? []), ...(actual?.gaps ?? [])].map(({ period, entity, reason }) => ({
          month: period,
          entity,
          reason,
        })),
        rates: [...charged.rates, ...cost.rates],
      },
      items,
      totals: totalsOf(items, nobody),
    };
  });
}

function itemOf(
  row: BridgeRow,
  named: { readonly label: string; readonly unit: string | null } | undefined,
): BridgeAnswer['items'][number] {
  const [charged, actual] = [parseDecimal(row.charged), parseDecimal(row.actual)];
  return {
    product: row.product === '~none' ? null : row.product,
    label: named?.label ?? null,
    unit: named?.unit ?? null,
    quantity: formatDecimal(parseDecimal(row.quantity)),
    charged: formatDecimal(charged),
    actual: formatDecimal(actual),
    recovery: formatDecimal(subtractDecimal(charged, actual)),
    unpriced: row.unpriced,
  };
}

/** Σ of what no application has: it is part of the totals by product. */
function nobodysCost(counted: readonly CountedPricing[], used: readonly UsedPricing[]): Decimal {
  return counted.reduce((sum, { rate }, index) => {
    const [amount, factor] = [parseDecimal(used[index]?.unallocated ?? '0'), parseDecimal(rate)];
    return addDecimal(sum, { units: amount.units * factor.units, scale: amount.scale + factor.scale });
  }, zero);
}

function totalsOf(
  items: BridgeAnswer['items'],
  nobody: { readonly charged: Decimal; readonly actual: Decimal },
): BridgeAnswer['totals'] {
  const sum = (of: (item: BridgeAnswer['items'][number]) => string) =>
    items.reduce((total, item) => addDecimal(total, parseDecimal(of(item))), zero);
  const [charged, actual] = [sum((item) => item.charged), sum((item) => item.actual)];
  return {
    charged: formatDecimal(charged),
    actual: formatDecimal(actual),
    recovery: formatDecimal(subtractDecimal(charged, actual)),
    chargedToNobody: formatDecimal(nobody.charged),
    unallocated: formatDecimal(nobody.actual),
    allocated: formatDecimal(subtractDecimal(actual, nobody.actual)),
  };
}
