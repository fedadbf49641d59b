import type { Scope } from '../../platform/kernel/index.ts';
import type { Engine, Selection, Workspace } from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from './datasets.ts';
import { errors } from './errors.ts';
import type { RangeQuery } from './parity-contract.ts';
import { monthsPublished } from './query-run.ts';

/** Published results of some months, as far as the caller sees them: of each month one run and no other. */
export interface PublishedResults {
  readonly engine: Engine;
  readonly context: {
    readonly graph: string;
    readonly from: string;
    readonly to: string;
    readonly months: readonly string[];
    readonly generation: number;
  };
  readonly currency: string | undefined;
  readonly allocation: Selection;
  readonly flow: Selection;
  readonly attribution: Selection;
}

/** Selects what is published of a range. Refuses with `allocation.noPublishedRun` where that is nothing. */
export async function publishedResults(
  workspace: Workspace,
  scope: Scope,
  { graph, month, from = month, to = month, currency }: RangeQuery,
): Promise<PublishedResults> {
  const { lake } = workspace;
  const all = await monthsPublished(lake, graph);
  const newest = all.at(-1);
  const asked =
    from === undefined && to === undefined
      ? all.slice(-1)
      : all.filter((one) => (from ?? one) <= one && one <= (to ?? one));
  const [first, last] = [asked[0], asked.at(-1)];
  if (first === undefined || last === undefined)
    throw errors.noPublishedRun({ graph, period: from ?? to ?? newest ?? 'any month' });
  const range = { from: first, to: last, sources: [partitionOf(graph)] };
  const [allocation, flow, attribution] = await Promise.all([
    lake.select(scope, allocationDataset, range),
    lake.select(scope, flowDataset, range),
    lake.select(scope, attributionDataset, range),
  ]);
  return {
    engine: await workspace.engine(),
    context: { graph, from: from ?? first, to: to ?? last, months: asked, generation: allocation.generation },
    currency,
    allocation,
    flow,
    attribution,
  };
}

/** A page of a list that is in a complete order on one generation of the lake. */
export interface PageAsked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Rows to skip for a cursor. One of another generation of the lake, or a damaged one, is `query.staleCursor`. */
export function offsetOf({ cursor }: PageAsked, { context }: PublishedResults): number {
  if (cursor === undefined) return 0;
  const found = /^(\d{1,15})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!found) throw errors.staleCursor({ reason: 'it is damaged' });
  if (Number(found[1]) !== context.generation)
    throw errors.staleCursor({ reason: 'the data has changed since the first page' });
  return Number(found[2]);
}

/** Count of all rows, and the cursor of the next page where there is one. */
export function pageEnd(
  { limit }: PageAsked,
  { context }: PublishedResults,
  { offset, count }: { readonly offset: number; readonly count: number },
): { readonly count: number; readonly next?: string } {
  const next = offset + limit;
  if (next >= count) return { count };
  return { count, next: Buffer.from(`${context.generation}.${next}`).toString('base64url') };
}
