import { explain } from '../src/modules/allocation/explain.ts';
import { prepareExplanations } from '../src/modules/allocation/trace-cache.ts';
import { everything } from '../src/platform/kernel/index.ts';
import type { Workspace } from '../src/platform/warehouse/index.ts';

/**
 * A published run, and products of it that are asked for, each once: so that no answer was worked out before. The first half of them
 * warms the process up.
 */
export interface ExplainBench {
  readonly graph?: string;
  readonly month: string;
  readonly products: readonly string[];
}

/** Milliseconds of wall time; a median of the second half of the products. */
export interface ExplainTimes {
  /** What whoever publishes a large run waits for once. */
  readonly prepareMs: number;
  /** The first product: nothing of the run was read before by this process. */
  readonly firstMs: number;
  readonly medianMs: number;
}

/** Measures how long a product's month takes to be explained, from the figure to rules and paths. */
export async function benchExplain(
  workspace: Workspace,
  { graph = 'main', month, products }: ExplainBench,
): Promise<ExplainTimes> {
  const prepareMs = await timed(() => prepareExplanations(workspace, { graph, month }));
  const times: number[] = [];
  for (const node of products)
    times.push(await timed(() => explain(workspace, everything, { graph, month, node })));
  const [firstMs = 0] = times;
  const ordered = times.slice(Math.ceil(times.length / 2)).sort((a, b) => a - b);
  return { prepareMs, firstMs, medianMs: ordered[Math.floor(ordered.length / 2)] ?? firstMs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
