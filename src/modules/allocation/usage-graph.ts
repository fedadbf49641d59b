import type { Tx } from '../../platform/records/index.ts';
import { graphDocument, requireGraph } from './graphs.ts';
import { type GraphDocument, graphDocumentSchema } from './model.ts';
import { parseTemplate } from './templates.ts';

/** What usage needs of a graph: whose it is, and the version that people work on. */
export interface UsageGraph {
  readonly id: string;
  /** Null: the installation's. */
  readonly entity: string | null;
  /** The open draft, else the newest published version. */
  readonly document: GraphDocument;
}

/** A graph that the caller sees. Refusal: `allocation.unknownGraph`. */
export async function readUsageGraph(tx: Tx, id: string): Promise<UsageGraph> {
  const { entity, draft, published } = await requireGraph(tx, id);
  if (!draft && !published) return { id, entity, document: graphDocumentSchema.parse({}) };
  const { document } = await graphDocument(tx, id, draft ? 'draft' : 'published');
  return { id, entity, document };
}

/**
 * What the ids of nodes look like that the rules may make of a bill, as one pattern (RE2): `app:{Tags.app}` makes `app:.+`.
 * Undefined: the rules make none.
 */
export function madeByRules({ rules }: GraphDocument): string | undefined {
  const patterns = rules.flatMap(({ node }) => {
    const parts = parseTemplate(node);
    const isFixed = parts.every((part) => typeof part === 'string');
    return isFixed ? [] : [parts.map((part) => (typeof part === 'string' ? escaped(part) : '.+')).join('')];
  });
  return patterns.length === 0 ? undefined : [...new Set(patterns)].sort().join('|');
}

/** Ids of nodes that the graph has, and those that its rules name as they are, each with its application. */
export function knownNodes({ nodes, rules }: GraphDocument): ReadonlyMap<string, string | null> {
  const named = rules.filter(({ node }) => !/[{}]/.test(node)).map(({ node }) => [node, null] as const);
  return new Map([...named, ...nodes.map(({ id, application }) => [id, application ?? null] as const)]);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
