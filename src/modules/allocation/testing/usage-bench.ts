import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everything, fixedClock } from '../../../platform/kernel/index.ts';
import { openWorkspace, type Row, type Workspace } from '../../../platform/warehouse/index.ts';
import { usageDataset } from '../datasets.ts';
import { type GraphDocumentInput, graphDocumentSchema } from '../model.ts';
import type { UsageResult } from '../usage-contract.ts';
import type { UsageGraph } from '../usage-graph.ts';
import { importUsage, type UsageFile } from '../usage-import.ts';

/** A workspace in a temporary folder, on 2026-11-21 at 10:00 UTC, with a place for files beside. */
export interface UsageBench {
  /** Files are written here; the only allowed root. */
  readonly folder: string;
  readonly workspace: Workspace;
  /** Imports a text as a file of source `csv` into the graph. */
  readonly importCsv: (text: string | Buffer, how?: Partial<UsageFile>) => Promise<UsageResult>;
  /** Every current usage row, in the order of metric, day, node and labels; columns as SQL. */
  readonly rows: (columns: string) => Promise<Row[]>;
  readonly close: () => Promise<void>;
}

/** A graph of three nodes, one of them an application's, whose rules make `app:…`. */
export function usageGraph(document: Partial<GraphDocumentInput> = {}): UsageGraph {
  return {
    id: 'main',
    entity: null,
    document: graphDocumentSchema.parse({
      nodes: [
        { id: 'checkout', type: 'product', application: 'shop' },
        { id: 'search', type: 'product' },
        { id: 'db', type: 'shared' },
      ],
      rules: [{ id: 'apps', node: 'app:{Tags.app}' }],
      metrics: [{ id: 'requests', from: 'usage', unit: 'request' }],
      ...document,
    }),
  };
}

/** Opens a bench; close it after the tests. */
export async function openUsageBench(graph: UsageGraph = usageGraph()): Promise<UsageBench> {
  const root = await mkdtemp(join(tmpdir(), 'finops-usage-'));
  const folder = join(root, 'files');
  await mkdir(folder);
  const clock = fixedClock('2026-11-21T10:00:00Z');
  const workspace = openWorkspace({ root: join(root, 'data'), threads: 1, clock });
  const engine = await workspace.engine();
  return {
    folder,
    workspace,
    importCsv: async (text, how = {}) => {
      const name = how.name ?? 'usage.csv';
      const path = join(folder, name);
      await writeFile(path, text);
      const choices = { source: 'csv', wide: false, dryRun: false, strict: false };
      return importUsage(workspace, graph, { path, roots: [folder], name, ...choices, ...how });
    },
    rows: async (columns) => {
      const { relation } = await workspace.lake.select(everything, usageDataset);
      return engine.rows(
        `select ${columns} from ${relation} order by "Metric", "Day", "NodeId", "Labels", "UsageSource"`,
      );
    },
    close: async () => {
      await workspace.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
