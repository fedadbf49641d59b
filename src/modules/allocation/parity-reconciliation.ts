import {
  absDecimal,
  type Caller,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Row, Workspace } from '../../platform/warehouse/index.ts';
import { selectBill } from './attribute-bill.ts';
import { sumOfBill } from './attribution-cells-sql.ts';
import { graphDocument } from './graphs.ts';
import type { PublishedResults } from './parity-months.ts';
import { decimalOf, ratio, text } from './parity-nodes.ts';
import { allocatedSums, attributedSums, flowSums, sizes } from './parity-reconciliation-sql.ts';
import { heldBy } from './parity-sql.ts';
import { causesOf } from './parity-summary.ts';
import { findPublished } from './run-records-sql.ts';

/** What the bills of a month come to in the run's metric, per currency; undefined where the caller may not see all of them. */
export type BillOf = (month: string) => Promise<ReadonlyMap<string, Decimal> | undefined>;

/**
 * The books of each published month: bill = attributed (less what is booked for closed months) = direct = retained = allocated +
 * unallocated, and what flows carry and hold = what nodes pass on and keep. Both sides of a check are sums of their own.
 */
export async function reconcile(results: PublishedResults, billOf: BillOf) {
  const { engine, context, currency } = results;
  const relations = {
    allocation: results.allocation.relation,
    flow: results.flow.relation,
    attribution: results.attribution.relation,
  };
  const attributed = await attributedSums(engine, relations);
  const allocated = await allocatedSums(engine, relations);
  const flows = await flowSums(engine, relations);
  const held = await heldBy(engine, { relation: relations.flow, currency, keys: ['month'] });
  const bills = new Map<string, ReadonlyMap<string, Decimal> | undefined>();
  for (const month of context.months) bills.set(month, await billOf(month));
  const items = allocated
    .filter((row) => currency === undefined || row['currency'] === currency)
    .map((row) => {
      const [month, code] = [text(row, 'month'), text(row, 'currency')];
      const find = (rows: readonly Row[]) =>
        rows.find((one) => one['month'] === month && one['currency'] === code);
      const causes = causesOf(
        held.filter((one) => one['month'] === month),
        code,
      );
      const bill = bills.get(month);
      return monthOf(row, {
        ...{ month, currency: code, causes, bill: bill && (bill.get(code) ?? zero) },
        ...{ attributed: find(attributed), flow: find(flows) },
      });
    });
  const graphs = (await sizes(engine, relations)).map((row) => ({
    month: text(row, 'month'),
    ...{ nodes: Number(row['nodes']), products: Number(row['products']) },
    ...{ links: Number(row['links']), days: Number(row['days']) },
  }));
  return { context, items, graphs };
}

function monthOf(
  row: Row,
  given: {
    readonly month: string;
    readonly currency: string;
    readonly causes: readonly { readonly cause: string; readonly amount: string }[];
    readonly bill: Decimal | undefined;
    readonly attributed: Row | undefined;
    readonly flow: Row | undefined;
  },
) {
  const { month, currency, causes, bill, attributed, flow } = given;
  const of = (name: string) => decimalOf(row, name);
  const [sent, restated] = [decimalOf(attributed, 'attributed'), decimalOf(attributed, 'restated')];
  const heldCauses = sumDecimals(causes.map(({ amount }) => parseDecimal(amount)));
  const check = (name: string, a: Decimal, b: Decimal) => {
    const difference = subtractDecimal(a, b);
    return { name, ok: isZero(difference), difference: formatDecimal(difference) };
  };
  const isPart = bill === undefined;
  return {
    ...{ month, currency },
    bill: isPart ? null : formatDecimal(bill),
    ...{ restated: formatDecimal(restated), attributed: formatDecimal(sent) },
    ...{
      direct: text(row, 'direct'),
      allocated: text(row, 'allocated'),
      unallocated: text(row, 'unallocated'),
    },
    coverage: row['charges'] === null ? null : ratio(text(row, 'allocatedCharges'), text(row, 'charges')),
    causes,
    checks: [
      ...(isPart ? [] : [check('bill', subtractDecimal(sent, restated), bill)]),
      check('attribution', of('direct'), sent),
      check('nodeBalance', absDecimal(of('imbalance')), zero),
      check('places', sumDecimals([of('allocated'), of('unallocated')]), of('retained')),
      check('causes', of('unallocated'), heldCauses),
      // Who sees a part of the graph sees the flows to it, and not those away from it.
      ...(isPart ? [] : [check('conservation', of('retained'), of('direct'))]),
      ...(isPart ? [] : [check('outflow', of('outflow'), decimalOf(flow, 'carried'))]),
      ...(isPart ? [] : [check('inflow', of('inflow'), decimalOf(flow, 'carried'))]),
    ],
  };
}

/** Reads the bills that a month's published run has read, once more and without rules, days or nodes. */
export function billReader(
  workspace: Workspace,
  records: () => Promise<Records>,
  caller: Caller,
  graph: string,
): BillOf {
  return async (month) => {
    const opened = await records();
    const run = await opened.read(caller, (tx) => findPublished(tx, { graph, period: month }));
    const { scope } = caller;
    if (!run || (scope.kind === 'some' && (run.entity === null || !scope.entities.includes(run.entity))))
      return undefined;
    const { document } = await opened.read(caller, (tx) => graphDocument(tx, graph, run.version));
    const bills = run.inputs.cost.filter((used) => used.period === month);
    const bill = await selectBill({
      ...{ lake: workspace.lake, scope, graph, document, period: month, snapshots: bills },
      sources: bills.map(({ source }) => source),
    });
    if (bill.absent.length > 0) return undefined;
    const engine = await workspace.engine();
    const rows = await engine.session((session) => sumOfBill(session, bill, scope, document.method));
    return new Map(rows.map((row) => [text(row, 'currency'), decimalOf(row, 'cost')]));
  };
}
