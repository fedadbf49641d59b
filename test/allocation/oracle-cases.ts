import { expect } from 'vitest';
import { type SimulationResult, simulate } from '../../src/modules/allocation/index.ts';

/** A case as it was published: its inputs and expectations have a shape of their own. */
export interface OracleCase {
  readonly id: string;
  readonly topic: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly abs_tolerance: string;
  readonly derived_checks_not_published?: Readonly<Record<string, string>>;
}

/** What came of a case. `contrasted`: we give another answer on purpose, and `why` says which. */
export interface Verdict {
  readonly verdict: 'reproduced' | 'contrasted';
  readonly why: string;
}

type Amounts = Readonly<Record<string, string>>;
type Hours = Readonly<Record<string, number | string>>;
interface Node {
  readonly id: string;
  readonly type?: string;
  readonly direct?: string | number;
}
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly strategy?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
type Usage = { readonly node: string; readonly metric: string; readonly value: number | string };

interface Question {
  readonly nodes: readonly Node[];
  readonly edges?: readonly Edge[];
  readonly usage?: readonly object[];
  readonly [more: string]: unknown;
}

/** Asks the calculator; nodes are products unless they say otherwise. */
export function ask({ nodes, ...question }: Question): SimulationResult {
  const { result, findings } = simulate({
    currency: 'USD',
    nodes: nodes.map((node) => ({ type: 'product', ...node })),
    ...question,
  });
  if (result === null) throw new Error(findings.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
  return result;
}

export function nodeOf({ nodes }: SimulationResult, id: string): SimulationResult['nodes'][number] {
  const found = nodes.find((node) => node.id === id);
  if (!found) throw new Error(`no node ${id}`);
  return found;
}

/** Edges from a node that share by a metric, one for each receiver of `hours`. */
export function byMetric(from: string, metric: string, hours: Hours): { edges: Edge[]; usage: Usage[] } {
  return {
    edges: Object.keys(hours).map((to) => ({ from, to, strategy: 'proportional', params: { metric } })),
    usage: Object.entries(hours).map(([node, value]) => ({ node, metric, value })),
  };
}

/** Edges with percentages: `[['base', 'premium', '50%']]`. */
export function byPercent(rows: readonly (readonly [string, string, string])[]): Edge[] {
  return rows.map(([from, to, percent]) => ({ from, to, strategy: 'fixed_percent', params: { percent } }));
}

/** What rests on nodes, against what was published. */
export function expectRetained(result: SimulationResult, expected: Amounts, tolerance: string): void {
  for (const [id, amount] of Object.entries(expected))
    expectNear(nodeOf(result, id).retained, amount, tolerance);
}

/** Two amounts, no further apart than the source's own rounding. */
export function expectNear(found: string | number, published: string | number, tolerance: string): void {
  const away = Math.abs(Number(found) - Number(published));
  expect(away, `${found} against ${published}`).toBeLessThanOrEqual(Number(tolerance) + 1e-9);
}
