import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import type { ActualPart, ActualRest } from './actual-sql.ts';
import { noProduct, unallocated } from './model.ts';
import { spreadPool } from './spread-pool.ts';

/** One cost of a run under `actual`; signed decimal text. */
export interface ActualCost {
  readonly entity: string | null;
  /** An application, `~node:ID` of a product that is none, or `~unallocated`. */
  readonly application: string;
  readonly product: string;
  readonly kind: 'DIRECT' | 'INDIRECT';
  readonly currency: string;
  readonly cost: string;
}

/** The application of a product of the graph that is none. */
function nodeWithoutApplication(node: string): string {
  return `~node:${node}`;
}

/**
 * Costs of applications by showback product, from the parts of a run. What a node kept is split over what came to it in proportion,
 * charges and credits apart, so that the parts sum to what it kept; a node that passed nothing on keeps every part whole. With what
 * is on no product, all rows sum to the run's total.
 *
 * A node with 60 of its own and 40 from a database that passed 10 on: 54 and 36.
 */
export function actualCosts(parts: readonly ActualPart[], rest: readonly ActualRest[]): ActualCost[] {
  const sums = new Map<string, { readonly of: Omit<ActualCost, 'cost'>; cost: Decimal }>();
  const add = (of: Omit<ActualCost, 'cost'>, cost: string) => {
    const key = [of.entity ?? '', of.application, of.product, of.kind, of.currency].join('\n');
    const sum = sums.get(key) ?? { of, cost: zero };
    sum.cost = addDecimal(sum.cost, parseDecimal(cost));
    sums.set(key, sum);
  };
  for (const group of groupsOf(parts))
    for (const { part, cost } of keptOf(group))
      add(
        {
          entity: part.entity,
          application: part.application ?? nodeWithoutApplication(part.node),
          product: part.product ?? noProduct,
          kind: part.kind,
          currency: part.currency,
        },
        cost,
      );
  for (const { entity, currency, amount } of rest)
    add({ entity, application: unallocated, product: noProduct, kind: 'INDIRECT', currency }, amount);
  return [...sums.values()].map(({ of, cost }) => ({ ...of, cost: formatDecimal(cost) }));
}

/** Parts of one node, currency and side; they come sorted by them. */
function groupsOf(parts: readonly ActualPart[]): ActualPart[][] {
  const groups: ActualPart[][] = [];
  let before = '';
  for (const part of parts) {
    const key = [part.node, part.currency, part.side].join('\n');
    if (key === before) groups.at(-1)?.push(part);
    else groups.push([part]);
    before = key;
  }
  return groups;
}

function keptOf(group: readonly ActualPart[]): { readonly part: ActualPart; readonly cost: string }[] {
  const retained = parseDecimal(group[0]?.retained ?? '0');
  const came = group.reduce((sum, { amount }) => addDecimal(sum, parseDecimal(amount)), zero);
  const passedOn = !isZero(addDecimal(came, { ...retained, units: -retained.units }));
  if (!passedOn) return group.map((part) => ({ part, cost: part.amount }));
  const weights = group.map(({ amount }, index) => ({
    key: String(index).padStart(9, '0'),
    weight: amount.replace(/^-/, ''),
  }));
  const shares = spreadPool(group[0]?.retained ?? '0', weights, 12);
  return group.map((part, index) => ({ part, cost: shares?.get(String(index).padStart(9, '0')) ?? '0' }));
}
