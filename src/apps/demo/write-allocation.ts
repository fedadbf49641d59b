import {
  computeAndPublish,
  createGraph,
  graphDocumentSchema,
  importUsage,
  publishDraft,
  readUsageGraph,
  replaceDraft,
} from '../../modules/allocation/index.ts';
import { ownerCaller, type Period } from '../../platform/kernel/index.ts';
import { openRecords, type Records, sealNow } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { demoGraph } from './demo-graph.ts';
import { group, months } from './group.ts';

/** A month of the demo in one currency: what the bills cost, where it went, and whether the books of the run balance. */
export interface AllocationLine {
  readonly month: string;
  readonly currency: string;
  /** Decimal strings; total = allocated + unallocated. */
  readonly total: string;
  readonly allocated: string;
  readonly unallocated: string;
  /** Of charges, 0 … 1; null without charges. */
  readonly coverage: string | null;
  /** Every check of the run holds, to the last decimal. */
  readonly balances: boolean;
}

/** What the demo allocated. */
export interface DemoAllocation {
  readonly graph: string;
  readonly nodes: number;
  readonly edges: number;
  /** Every month published, per currency. */
  readonly months: readonly AllocationLine[];
}

interface Writing {
  readonly workspace: Workspace;
  /** Files of usage, one per month. */
  readonly usage: readonly string[];
  readonly onStep: (text: string) => void;
  /** Which months to compute; those of the demo when absent. */
  readonly only?: readonly Period[];
}

const graph = 'main';
const caller = ownerCaller(null);

/** Publishes the demo's graph, imports its usage, and computes and publishes every month, as a person would by commands. */
export async function writeAllocation({
  workspace,
  usage,
  onStep,
  only = months,
}: Writing): Promise<DemoAllocation> {
  const records = await openRecords({ root: workspace.root });
  try {
    const document = graphDocumentSchema.parse(demoGraph());
    await writeGraph(records, document);
    await importAll(workspace, records, { usage, onStep });
    const lines: AllocationLine[] = [];
    for (const month of only) {
      onStep(`allocating ${month}`);
      lines.push(...(await allocate(workspace, records, month)));
    }
    await sealNow(records);
    return { graph, nodes: document.nodes.length, edges: document.edges.length, months: lines };
  } finally {
    await records.close();
  }
}

async function writeGraph(
  records: Records,
  document: ReturnType<typeof graphDocumentSchema.parse>,
): Promise<void> {
  await records.write(caller, async (tx) => {
    await createGraph(tx, caller, { id: graph, label: group, entity: null });
    await replaceDraft(tx, caller, graph, document);
    await publishDraft(tx, caller, graph, { note: 'the graph of the demo' });
  });
}

async function importAll(
  workspace: Workspace,
  records: Records,
  { usage, onStep }: Pick<Writing, 'usage' | 'onStep'>,
): Promise<void> {
  const known = await records.read(caller, (tx) => readUsageGraph(tx, graph));
  for (const path of usage) {
    onStep('importing usage');
    const how = { source: 'metrics', wide: false, dryRun: false, strict: false };
    await importUsage(workspace, known, { path, roots: ['/'], name: path.replace(/^.*\//, ''), ...how });
  }
}

async function allocate(workspace: Workspace, records: Records, month: string): Promise<AllocationLine[]> {
  const outcome = await computeAndPublish({ workspace, records }, caller, { graph, month, publish: true });
  const balances = outcome.refused === null && outcome.checks.every(({ ok }) => ok);
  return outcome.currencies.map(({ currency, total, allocated, unallocated, coverage }) => ({
    ...{ month, currency, total, allocated, unallocated, coverage, balances },
  }));
}
