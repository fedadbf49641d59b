import {
  absDecimal,
  addDecimal,
  type Caller,
  compareDecimal,
  formatDecimal,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import {
  type CostQuery,
  type CostQueryResult,
  costQuerySchema,
  parseDimension,
  runCostQuery,
  type Workspace,
} from '../../platform/warehouse/index.ts';
import { queryResults } from '../allocation/index.ts';
import { costDataset } from '../focus/index.ts';
import type { AnomaliesAsked, ForecastsAsked } from './contract.ts';
import type { AmountSeries } from './series.ts';

/** Which series to read. */
export type SeriesAsked = Pick<
  AnomaliesAsked | ForecastsAsked,
  'of' | 'by' | 'metric' | 'graph' | 'where' | 'from' | 'to' | 'grain'
>;

/** Series of amounts by key and currency, the largest first, and the first and last day or month of them all. */
export interface ReadSeries {
  readonly by: string;
  readonly metric: string;
  readonly series: readonly AmountSeries[];
  readonly first: string | null;
  readonly last: string | null;
}

/** Rows of an answer at most: 100 days of a thousand keys. */
const mostRows = 100_000;

/**
 * Reads the daily or monthly series of a question: costs of bills by a column or tag, or what products of the published allocation
 * keep. Refuses as `runCostQuery` does: raw rows of bills are not for callers who are limited to applications.
 */
export async function readSeries(
  workspace: Workspace,
  caller: Caller,
  asked: SeriesAsked,
): Promise<ReadSeries> {
  const { of, grain, where, from, to } = asked;
  const by = asked.by ?? (of === 'bill' ? 'ServiceName' : 'ApplicationId');
  const metric = of === 'bill' ? asked.metric : 'Retained';
  const isProduct = { field: { column: 'NodeType' }, op: '=' as const, value: 'product' };
  const condition = of === 'bill' ? where : where ? { and: [isProduct, where] } : isProduct;
  const query = costQuerySchema.parse({
    measures: [{ sum: metric, name: 'amount' }],
    dimensions: [
      { grain, name: 'at' },
      { ...parseDimension(by), name: 'key' },
      { column: 'BillingCurrency', name: 'currency' },
    ],
    ...(condition ? { where: condition } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    orderBy: [{ name: 'key' }, { name: 'currency' }, { name: 'at' }],
    limit: mostRows,
  });
  const { rows } =
    of === 'bill'
      ? await askBill(workspace, caller, query)
      : await askResults(workspace, caller, asked.graph, query);
  return { by, metric, ...seriesOf(rows) };
}

async function askBill(
  { lake, engine }: Workspace,
  { scope }: Caller,
  query: CostQuery,
): Promise<CostQueryResult> {
  const selection = await lake.select(scope, costDataset, { from: query.from, to: query.to });
  return runCostQuery(await engine(), { dataset: costDataset, selection, scope, query });
}

function askResults(
  workspace: Workspace,
  { scope }: Caller,
  graph: string,
  query: CostQuery,
): Promise<CostQueryResult> {
  return queryResults(workspace, scope, { dataset: 'allocation', graph, query });
}

function seriesOf(rows: CostQueryResult['rows']): Pick<ReadSeries, 'series' | 'first' | 'last'> {
  const groups = new Map<
    string,
    { key: string; currency: string; points: { at: string; amount: string }[] }
  >();
  for (const row of rows) {
    const [key, currency] = [String(row['key'] ?? ''), String(row['currency'])];
    const group = groups.get(`${currency} ${key}`) ?? { key, currency, points: [] };
    group.points.push({ at: String(row['at']), amount: String(row['amount']) });
    groups.set(`${currency} ${key}`, group);
  }
  const sized = [...groups.values()].map((group) => ({ group, size: sizeOf(group.points) }));
  sized.sort((a, b) => compareDecimal(b.size, a.size));
  const days = [...new Set(rows.map((row) => String(row['at'])))].sort();
  return { series: sized.map(({ group }) => group), first: days.at(0) ?? null, last: days.at(-1) ?? null };
}

function sizeOf(points: readonly { readonly amount: string }[]) {
  return points.reduce(
    (sum, { amount }) => addDecimal(sum, absDecimal(parseDecimal(amount))),
    parseDecimal('0'),
  );
}

/** Σ of decimal texts. */
export function sumTexts(texts: readonly string[]): string {
  return formatDecimal(texts.reduce((sum, text) => addDecimal(sum, parseDecimal(text)), parseDecimal('0')));
}
