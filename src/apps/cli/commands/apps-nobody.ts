import type { CostItem } from '../../../modules/showback/index.ts';

const nobody = '~unallocated';

/** True for cost that no application and no product of the graph has. */
export function isNobody(application: string | null): boolean {
  return application === nobody;
}

/** An application as people read it: `(unallocated)`, `node tool` for a product of the graph that is no application. */
export function nameOf(application: string | null): string | null {
  if (application === nobody) return '(unallocated)';
  return application?.replace(/^~node:/, 'node ') ?? null;
}

/** Cost of nobody, by currency. */
export function nobodysRows(
  items: readonly CostItem[],
): { readonly kind: 'unallocated'; readonly currency: string; readonly cost: string }[] {
  return items
    .filter(({ key }) => isNobody(key['application'] ?? null))
    .map(({ currency, cost }) => ({ kind: 'unallocated', currency, cost }));
}
