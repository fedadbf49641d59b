import {
  addDecimal,
  type Caller,
  formatDecimal,
  nearestNames,
  parseDecimal,
  Refusal,
} from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import type { AdviceOptions } from './economics-month.ts';
import { errors } from './errors.ts';
import { graphDocument, requireGraph } from './graphs.ts';
import { monthsPublished, selectRun } from './query-run.ts';
import type { RevenueAnswer, RevenueRequest } from './revenue-contract.ts';
import type { ProductApplication } from './revenue-place.ts';
import { type GivenRevenue, type RejectedRow, readRevenueCsv, readRevenueRows } from './revenue-sheet.ts';
import {
  entitiesOfApplications,
  type OwnedRevenue,
  readRevenueTotals,
  replaceRevenue,
} from './revenue-sql.ts';
import { readProducts } from './statement-sql.ts';

/** Nodes and applications that revenue may be of: application by product node. */
type Products = ReadonlyMap<string, string | null>;

/**
 * Brings what one source says of a month's revenue to what a file or list says, all or nothing: rows of the source and month
 * that were there are replaced. A dry run says what would happen, with every row that does not fit.
 *
 * Refusals: `allocation.unknownGraph`; `allocation.revenueRefused` with the rows that do not fit.
 */
export async function importRevenue(
  options: AdviceOptions,
  caller: Caller,
  request: RevenueRequest,
): Promise<RevenueAnswer> {
  const { graph, month, source, dryRun } = request;
  const records = await options.records();
  const sheet =
    request.csv === undefined ? readRevenueRows(request.rows ?? []) : readRevenueCsv(request.csv, month);
  const products = await productsOf(options, caller, { graph, month });
  const work = async (tx: Tx): Promise<RevenueAnswer> => {
    const { entity } = await requireGraph(tx, graph);
    const owned = await ownersOf(tx, sheet.given, products, entity);
    const rejected = [...sheet.rejected, ...owned.rejected].sort((a, b) => a.row - b.row);
    const at = { graph, period: month, source };
    const before = await readRevenueTotals(tx, at);
    const answer = {
      context: { graph, month, source, dryRun },
      before,
      after: totalsOf(owned.lines),
      rejected,
    };
    if (dryRun) return answer;
    if (rejected.length > 0) throw errors.revenueRefused({ rejected });
    const now = options.workspace.clock.now().toISOString();
    await replaceRevenue(tx, at, owned.lines, { at: now, by: caller.actor.name });
    await audit(tx, caller, {
      action: 'revenue.import',
      object: { type: 'revenue', id: `${graph}/${month}/${source}` },
      entity,
      before: before.length === 0 ? null : before,
      after: answer.after,
    });
    return answer;
  };
  return dryRun ? records.read(caller, work) : records.write(caller, work);
}

/** Products of the newest published version, and of the month's published run: rules make products that no version has. */
async function productsOf(
  { workspace, records }: AdviceOptions,
  caller: Caller,
  { graph, month }: { readonly graph: string; readonly month: string },
): Promise<Products> {
  const products = new Map<string, string | null>();
  const enter = ({ node, application }: ProductApplication) => products.set(node, application);
  const declared = await (await records()).read(caller, async (tx) => {
    const { published } = await requireGraph(tx, graph);
    return published ? (await graphDocument(tx, graph, 'published')).document.nodes : [];
  });
  for (const { id, type, application = null } of declared)
    if (type === 'product') enter({ node: id, application });
  if ((await monthsPublished(workspace.lake, graph)).includes(month))
    for (const product of await runProducts(workspace, caller, { graph, month })) enter(product);
  return products;
}

async function runProducts(
  workspace: Workspace,
  { scope }: Caller,
  at: { readonly graph: string; readonly month: string },
): Promise<readonly ProductApplication[]> {
  try {
    const { allocation } = await selectRun(workspace, scope, at);
    return await readProducts(await workspace.engine(), allocation);
  } catch (error) {
    // Nothing of the run is in scope; the version's own products are.
    if (error instanceof Refusal && error.code.startsWith('lake.')) return [];
    throw error;
  }
}

/** Whose each line is: the graph's entity, else that of the application. */
async function ownersOf(
  tx: Tx,
  given: readonly GivenRevenue[],
  products: Products,
  graphEntity: string | null,
): Promise<{ readonly lines: readonly OwnedRevenue[]; readonly rejected: readonly RejectedRow[] }> {
  const named = given.flatMap(({ node, application }) => application ?? products.get(node ?? '') ?? []);
  const entityOf = await entitiesOfApplications(tx, [...new Set(named)]);
  const rejected: RejectedRow[] = [];
  const lines = given.flatMap((line): OwnedRevenue[] => {
    const message = problemOf(line, products, entityOf, graphEntity);
    if (message !== undefined) {
      rejected.push({ row: line.row, field: line.node === null ? 'application' : 'node', message });
      return [];
    }
    const application = line.application ?? products.get(line.node ?? '') ?? null;
    return [{ ...line, application, entity: graphEntity ?? entityOf.get(application ?? '') ?? null }];
  });
  return { lines, rejected };
}

function problemOf(
  { node, application }: GivenRevenue,
  products: Products,
  entityOf: ReadonlyMap<string, string>,
  graphEntity: string | null,
): string | undefined {
  if (node !== null) {
    if (products.has(node)) return undefined;
    const near = nearestNames(node, [...products.keys()].slice(0, 2000));
    return `the graph has no product node '${node}'${near.length === 0 ? '' : `; near are ${near.join(', ')}`}.`;
  }
  const entity = entityOf.get(application ?? '');
  if (entity !== undefined && (graphEntity === null || entity === graphEntity)) return undefined;
  return `there is no application '${application}' among those of the graph that you may see.`;
}

function totalsOf(lines: readonly OwnedRevenue[]): RevenueAnswer['after'] {
  const sums = new Map<string, { rows: number; amount: string }>();
  for (const { currency, amount } of lines) {
    const sum = sums.get(currency) ?? { rows: 0, amount: '0' };
    const total = formatDecimal(addDecimal(parseDecimal(sum.amount), parseDecimal(amount)));
    sums.set(currency, { rows: sum.rows + 1, amount: total });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sum]) => ({ currency, ...sum }));
}
