import { formatDecimal, isZero, subtractDecimal } from '../../platform/kernel/index.ts';
import type { Row } from '../../platform/warehouse/index.ts';
import type { PublishedResults } from './parity-months.ts';
import { decimalOf, headOf, nodeCounts, ratio, text } from './parity-nodes.ts';
import { figuresBy, heldBy, nodesPage, totalsOf } from './parity-sql.ts';

/** Products that a summary names. */
const mostProducts = 10;

/** What stays, by cause, in one currency. */
export function causesOf(rows: readonly Row[], currency: string) {
  return rows
    .filter((row) => row['currency'] === currency)
    .map((row) => ({ cause: text(row, 'cause'), amount: text(row, 'amount') }));
}

/** The month on one page: totals, coverage, causes, dimensions, largest products, and whether the books tie. */
export async function summarize(results: PublishedResults) {
  const { engine, allocation, flow, currency, context } = results;
  const { relation } = allocation;
  const sums = await totalsOf(engine, { relation, currency });
  const sides = await totalsOf(engine, { relation, currency, bySide: true });
  const dimensions = await figuresBy(engine, { relation, currency, keys: ['dimension'] });
  const held = await heldBy(engine, { relation: flow.relation, currency, keys: [] });
  const currencies = [];
  for (const row of sums) {
    const code = text(row, 'currency');
    const side = (name: string) => sides.find((one) => one['currency'] === code && one['side'] === name);
    const difference = subtractDecimal(decimalOf(row, 'retained'), decimalOf(row, 'direct'));
    currencies.push({
      ...{ currency: code, total: text(row, 'direct') },
      charges: formatDecimal(decimalOf(side('charge'), 'direct')),
      credits: formatDecimal(decimalOf(side('credit'), 'direct')),
      ...{ allocated: text(row, 'allocated'), unallocated: text(row, 'unallocated') },
      coverage: coverageOf(side('charge')),
      causes: causesOf(held, code),
      byDimension: dimensions
        .filter((one) => one['currency'] === code)
        .map((one) => ({
          dimension: text(one, 'dimension'),
          direct: text(one, 'direct'),
          retained: text(one, 'retained'),
        })),
      products: await largestProducts(results, code, text(row, 'allocated')),
      ...{ ties: isZero(difference), difference: formatDecimal(difference) },
    });
  }
  return { context, nodes: await nodeCounts(results), currencies };
}

/** Charges retained on products ÷ charges; null without charges. */
export function coverageOf(charges: Row | undefined): string | null {
  return charges === undefined ? null : ratio(text(charges, 'allocated'), text(charges, 'direct'));
}

async function largestProducts({ engine, allocation }: PublishedResults, currency: string, whole: string) {
  const asked = {
    relation: allocation.relation,
    currency,
    types: ['product'],
    limit: mostProducts,
    offset: 0,
  };
  const rows = await nodesPage(engine, { ...asked, by: 'retained' });
  return rows.map((row) => {
    const retained = text(row, 'retained');
    return { ...headOf(row), retained, share: ratio(retained, whole) };
  });
}
