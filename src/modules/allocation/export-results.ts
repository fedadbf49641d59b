import type { Scope } from '../../platform/kernel/index.ts';
import type { DatasetColumn, Session, Workspace } from '../../platform/warehouse/index.ts';
import type { WrittenExport } from './export-focus.ts';
import { copyToFile, type FileForm, makeTable, sumsColumns, sumsRelation } from './export-sql.ts';
import type { ProductView } from './parity-contract.ts';
import type { PublishedResults } from './parity-months.ts';
import { showProducts } from './parity-products.ts';
import { type RunDatasetName, runDatasetsByName } from './query-results.ts';
import { type AskedRun, selectRun } from './query-run.ts';

/**
 * Writes the rows that a run has left of one dataset, with the columns that are computed of them, as far as the caller sees them.
 * Refuses as `selectRun`.
 */
export async function exportRows(
  workspace: Workspace,
  scope: Scope,
  asked: AskedRun & { readonly dataset: RunDatasetName },
  form: FileForm,
): Promise<WrittenExport> {
  const { columns: stored, derived, roles } = runDatasetsByName[asked.dataset];
  // A dataset without tags computes an empty one for queries.
  const columns = [...stored, ...derived.filter(({ name }) => name !== roles.tags)];
  const run = await selectRun(workspace, scope, asked);
  const { relation } = run[asked.dataset];
  return written(workspace, columns, (session) => copyToFile(session, relation, columns, form));
}

/** Writes the sums of a month per node or per type of node. */
export async function exportSums(
  workspace: Workspace,
  scope: Scope,
  asked: AskedRun & { readonly by: 'nodes' | 'types' },
  form: FileForm,
): Promise<WrittenExport> {
  const run = await selectRun(workspace, scope, asked);
  const columns = sumsColumns[asked.by];
  const relation = sumsRelation(run.allocation.relation, asked.by);
  return written(workspace, columns, (session) => copyToFile(session, relation, columns, form));
}

const productColumns: readonly DatasetColumn[] = [
  ...['NodeId', 'NodeName', 'ParentId', 'ApplicationId'].map(
    (name): DatasetColumn => ({ name, type: 'string' }),
  ),
  { name: 'Depth', type: 'integer' },
  { name: 'BillingCurrency', type: 'string' },
  ...['Direct', 'Shared', 'FromProducts', 'Holistic', 'Outflow', 'Retained', 'RollUp'].map(
    (name): DatasetColumn => ({ name, type: 'decimal' }),
  ),
];

/** Writes the products of published months with the tree that they form, parents before children. */
export async function exportProducts(
  workspace: Workspace,
  results: PublishedResults,
  form: FileForm,
): Promise<WrittenExport> {
  const { currencies } = await showProducts(results, { limit: Number.MAX_SAFE_INTEGER, trend: false });
  const rows = currencies.flatMap(({ currency, items }) =>
    items.flatMap((item) => productRows(item, currency, '', 0)),
  );
  return written(workspace, productColumns, async (session) => {
    await makeTable(session, 'exported_product', productColumns, rows);
    return copyToFile(session, 'exported_product', productColumns, form);
  });
}

function productRows(product: ProductView, currency: string, parent: string, depth: number): string[][] {
  const { node, name, application, direct, shared, fromProducts, holistic, outflow, retained, rollUp } =
    product;
  return [
    [
      ...[node, name, parent, application ?? '', String(depth), currency],
      ...[direct, shared, fromProducts, holistic, outflow, retained, rollUp],
    ],
    ...product.children.flatMap((child) => productRows(child, currency, node, depth + 1)),
  ];
}

async function written(
  workspace: Workspace,
  columns: readonly DatasetColumn[],
  write: (session: Session) => Promise<number>,
): Promise<WrittenExport> {
  const engine = await workspace.engine();
  const rows = await engine.session(write);
  return { rows, columns: columns.map(({ name }) => name), sums: [] };
}
