import { formatDecimal, parseDecimal, subtractDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { nodeTypes } from './model.ts';
import { offsetOf, type PageAsked, type PublishedResults, pageEnd } from './parity-months.ts';
import { countOf, figuresOf, headOf, linkOf, ratio, text, totals, typesOf } from './parity-nodes.ts';
import { heldBy, linksOf, nodesPage } from './parity-sql.ts';
import { causesOf } from './parity-summary.ts';

const infrastructureTypes = nodeTypes.filter((type) => type !== 'product').join(',');

/**
 * Nodes that are no products: what they passed on and to whom, and what stayed on them and why. Per node: holistic = allocatedOut +
 * unallocated, targets + otherTargets = allocatedOut, causes = unallocated.
 */
export async function listInfrastructure(
  results: PublishedResults,
  asked: PageAsked & { readonly type?: string | undefined; readonly targets: number },
) {
  const { engine, allocation, flow, currency, context } = results;
  const offset = offsetOf(asked, results);
  const types = typesOf(asked.type ?? infrastructureTypes);
  const rows = await nodesPage(engine, {
    ...{ relation: allocation.relation, currency, types, limit: asked.limit, offset },
  });
  const nodes = [...new Set(rows.map((row) => text(row, 'node')))];
  const links = await linksOf(engine, {
    ...{ relation: flow.relation, currency, nodes, near: 'From' as const, most: asked.targets },
  });
  const held = await heldBy(engine, { relation: flow.relation, currency, nodes, keys: ['node'] });
  const items = rows.map((row) => {
    const { direct, inflow, holistic, outflow, retained } = figuresOf(row);
    const [node, code] = [text(row, 'node'), text(row, 'currency')];
    const own = links.filter((link) => link['near'] === node && link['currency'] === code);
    const told = sumDecimals(own.map((link) => parseDecimal(text(link, 'amount'))));
    const others = subtractDecimal(parseDecimal(outflow), told);
    return {
      ...headOf(row),
      ...{ currency: code, direct, inflow, holistic, allocatedOut: outflow, unallocated: retained },
      share: ratio(outflow, holistic),
      targets: own.map((link) => linkOf(link, holistic)),
      otherTargets: { count: Number(own[0]?.['count'] ?? 0) - own.length, amount: formatDecimal(others) },
      causes: causesOf(
        held.filter((one) => one['node'] === node),
        code,
      ),
    };
  });
  return {
    context,
    ...pageEnd(asked, results, { offset, count: countOf(rows, offset) }),
    items,
    totals: await totals(results),
  };
}
