import {
  type Decimal,
  formatDecimal,
  must,
  parseDecimal,
  parsePeriod,
  periodInterval,
  subtractDecimal,
} from '../../platform/kernel/index.ts';
import type { Assignment } from '../organization/index.ts';
import { divide } from './economics-ratio.ts';
import type { KeyRevenue } from './statement.ts';

/** Revenue as it was given: for a product node, or for an application. */
export interface RevenueFact {
  readonly node: string | null;
  /** Of the node, or what it was given for. */
  readonly application: string | null;
  readonly currency: string;
  readonly amount: string;
}

/** A product of the run, and the application that it is. */
export interface ProductApplication {
  readonly node: string;
  readonly application: string | null;
}

/**
 * Revenue by product. That of an application is its product's where it has one; of several products nobody knows whose it is, and
 * it stands for itself.
 */
export function revenueByProduct(
  facts: readonly RevenueFact[],
  products: readonly ProductApplication[],
): KeyRevenue[] {
  const nodesOf = new Map<string, string[]>();
  for (const { node, application } of products)
    if (application !== null) nodesOf.set(application, [...(nodesOf.get(application) ?? []), node]);
  return facts.map(({ node, application, currency, amount }): KeyRevenue => {
    if (node !== null) return { key: node, currency, amount };
    const nodes = nodesOf.get(application ?? '') ?? [];
    return nodes.length === 1
      ? { key: nodes[0] ?? null, currency, amount }
      : { kind: 'application', key: application, currency, amount };
  });
}

/** Revenue by application; that of a node is the application's that the run's node is. */
export function revenueByApplication(
  facts: readonly RevenueFact[],
  products: readonly ProductApplication[],
): KeyRevenue[] {
  const applicationOf = new Map(products.map(({ node, application }) => [node, application]));
  return facts.map(({ node, application, currency, amount }) => {
    const known = node === null ? undefined : applicationOf.get(node);
    return { key: known === undefined ? application : known, currency, amount };
  });
}

/**
 * Revenue by cost centre. It is spread evenly over the days of its month, as cost without a day would be, by cumulative
 * rounding at twelve decimals; each day goes to the cost centre that its application had.
 *
 * 31 in October, cost centre a up to the 10th and b from then on: 9 to a, 22 to b.
 */
export function revenueByCostCentre(
  facts: readonly RevenueFact[],
  {
    products,
    assignments,
    month,
  }: {
    readonly products: readonly ProductApplication[];
    readonly assignments: readonly Assignment[];
    readonly month: string;
  },
): KeyRevenue[] {
  const spansOf = new Map<string, Assignment[]>();
  for (const one of assignments) spansOf.set(one.application, [...(spansOf.get(one.application) ?? []), one]);
  const days = daysOf(month);
  return revenueByApplication(facts, products).flatMap(({ key, currency, amount }) => {
    const centreOn = (day: string) =>
      spansOf
        .get(key ?? '')
        ?.find(({ validFrom, validTo }) => validFrom <= day && (validTo === null || day < validTo))
        ?.costCentre ?? null;
    const whole = parseDecimal(amount);
    return days.map((day, i) => ({
      key: centreOn(day),
      currency,
      amount: formatDecimal(
        subtractDecimal(partUpTo(whole, i + 1, days.length), partUpTo(whole, i, days.length)),
      ),
    }));
  });
}

/** amount × part ÷ parts, rounded half away from zero at twelve decimals. */
function partUpTo({ units, scale }: Decimal, part: number, parts: number): Decimal {
  const product = { units: units * BigInt(part), scale };
  return must(divide(product, { units: BigInt(parts), scale: 0 }), 'a part of a month');
}

function daysOf(month: string): string[] {
  const { start, end } = periodInterval(parsePeriod(month));
  const days: string[] = [];
  for (let at = start.getTime(); at < end.getTime(); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
