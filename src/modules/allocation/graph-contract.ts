import { z } from 'zod';
import type { GraphDiff } from './diff-documents.ts';
import { graphChangeSchema } from './graph-changes.ts';
import {
  type AttributionRule,
  type GraphDocument,
  type GraphEdge,
  type GraphFinding,
  type GraphMetric,
  type GraphNode,
  graphDocumentSchema,
  nodeIdSchema,
  nodeTypes,
  type SiblingGroup,
  strategyNames,
} from './model.ts';

/** The forms of the API over graphs: requests and answers. */

/** Ids of graphs; partitions of the lake are named after them. */
export const graphIdSchema = z
  .string()
  .max(40)
  .regex(
    /^[A-Za-z0-9]([._-]?[A-Za-z0-9])*$/,
    'take 1 to 40 letters and digits, with single . _ - between them',
  )
  .meta({ example: 'main' });

/** A version's number, or `published` for the newest published one, or `draft`. */
const versionRefSchema = z
  .string()
  .regex(/^(published|draft|[1-9]\d{0,8})$/, 'name a version by its number, or as published or draft')
  .meta({ example: 'published' });

const entityIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : - after the first');
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]+$/u, 'control characters are not allowed');

export const graphParamsSchema = z.strictObject({ graph: graphIdSchema });
export const versionParamsSchema = z.strictObject({ graph: graphIdSchema, version: versionRefSchema });
export const nodeParamsSchema = z.strictObject({
  graph: graphIdSchema,
  version: versionRefSchema,
  node: nodeIdSchema,
});

const page = {
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(1000).optional(),
};
const text = z.string().min(1).max(200).optional();
const nodeFilter = nodeIdSchema.optional();
export const pageQuerySchema = z.strictObject(page);
export const graphQuerySchema = z.strictObject({
  ...page,
  entity: entityIdSchema.optional(),
  active: z.stringbool().optional(),
});
export const nodeQuerySchema = z.strictObject({
  ...page,
  text,
  type: z.enum(nodeTypes).optional(),
  application: text,
});
export const edgeQuerySchema = z.strictObject({
  ...page,
  text,
  from: nodeFilter,
  to: nodeFilter,
  /** Either end. */
  node: nodeFilter,
  strategy: z.enum(strategyNames).optional(),
  group: z.string().max(100).optional(),
});
export const groupQuerySchema = z.strictObject({ ...page, text, node: nodeFilter });
export const ruleQuerySchema = z.strictObject({ ...page, text, node: text });
export const metricQuerySchema = z.strictObject({ ...page, text });
export const diffQuerySchema = z.strictObject({
  from: versionRefSchema.default('published'),
  to: versionRefSchema.default('draft'),
});

export const newGraphSchema = z.strictObject({
  id: graphIdSchema,
  label: line(200),
  /** Whose bills it allocates; null: the installation's, over all bills. */
  entity: entityIdSchema.nullable().default(null),
});
export const graphPatchSchema = z.strictObject({
  label: line(200).optional(),
  /** False retires the graph: it stays with all its versions, and is not changed until it is restored. */
  active: z.boolean().optional(),
});

const dryRun = z.boolean().default(false);
const note = line(1000).optional();
export const draftSchema = z.strictObject({ document: graphDocumentSchema, dryRun });
export const changesSchema = z.strictObject({
  changes: z.array(graphChangeSchema).min(1).max(10_000),
  dryRun,
});
export const openingSchema = z.strictObject({ note });
export const publicationSchema = z.strictObject({ note, dryRun });
export const rollbackSchema = z.strictObject({ version: z.int().min(1).max(999_999_999), note });

/** A value that is answered as it is kept; documents go in by the schemas of model.ts. */
function shown<T>(description: string): z.ZodType<T> {
  return z.unknown().meta({ description }) as unknown as z.ZodType<T>;
}

const counts = { nodes: z.int(), edges: z.int(), groups: z.int(), rules: z.int(), metrics: z.int() };
const versionSchema = z.object({
  number: z.int(),
  state: z.enum(['draft', 'published']),
  /** SHA-256 of the canonical JSON of the document. */
  hash: z.string(),
  ...counts,
  basedOn: z.int().nullable(),
  note: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  changedAt: z.string(),
  publishedAt: z.string().nullable(),
  publishedBy: z.string().nullable(),
});
export const graphSchema = z.object({
  id: z.string(),
  label: z.string(),
  entity: z.string().nullable(),
  active: z.boolean(),
  retiredAt: z.string().nullable(),
  /** Raised by every change of the graph, its draft included. The ETag is `"v7"` for 7. */
  version: z.int(),
  /** The newest published version. */
  published: versionSchema.nullable(),
  draft: versionSchema.nullable(),
});
export type GraphAnswer = z.infer<typeof graphSchema>;
export type VersionAnswer = z.infer<typeof versionSchema>;

const next = z.string().optional();
const totals = z.object({ count: z.int() });
const noContext = z.object({});
const versionContext = z.object({ graph: z.string(), number: z.int(), state: z.string(), hash: z.string() });

export const graphListSchema = z.object({ context: noContext, items: z.array(graphSchema), next });
export type GraphList = z.infer<typeof graphListSchema>;
export const versionListSchema = z.object({
  context: z.object({ graph: z.string() }),
  items: z.array(versionSchema),
  next,
});
export type VersionList = z.infer<typeof versionListSchema>;

export const documentSchema = z.object({
  graph: z.string(),
  entity: z.string().nullable(),
  number: z.int(),
  state: z.enum(['draft', 'published']),
  hash: z.string(),
  version: z.int(),
  document: shown<GraphDocument>('the document, as PUT …/draft takes it, with its defaults filled in'),
});
export type DocumentAnswer = z.infer<typeof documentSchema>;

function partList<T>(item: z.ZodType<T>) {
  return z.object({ context: versionContext, items: z.array(item), totals, next });
}
const edge = shown<GraphEdge & { readonly id: string }>('an edge with its strategy, as in a document');
const group = shown<SiblingGroup>('a sibling group, as in a document');
export const nodeListSchema = partList(shown<GraphNode>('a node, as in a document'));
export const edgeListSchema = partList(edge);
export const groupListSchema = partList(group);
export const ruleListSchema = partList(
  shown<AttributionRule & { readonly position: number }>(
    'a rule, as in a document, with its place: 1 is the first',
  ),
);
export const metricListSchema = partList(shown<GraphMetric>('a metric, as in a document'));
export type NodeList = z.infer<typeof nodeListSchema>;
export type EdgeList = z.infer<typeof edgeListSchema>;

const someEdges = z.object({ items: z.array(edge), totals });
export const nodeDetailSchema = z.object({
  context: versionContext,
  node: shown<GraphNode>('the node, as in a document'),
  /** What it gets cost from, and what it passes cost on to: 1000 edges of each at most; the list of edges has them all. */
  edgesIn: someEdges,
  edgesOut: someEdges,
  groups: z.array(group),
});
export type NodeDetail = z.infer<typeof nodeDetailSchema>;

/** What was found in a version: code, severity, path, message, params. */
const findingSchema = shown<GraphFinding>(
  'code, severity (error, warning, info), path (edges/a -> b/params/cap), message, params',
);
export const findingListSchema = z.object({
  context: versionContext,
  items: z.array(findingSchema),
  totals: z.object({ errors: z.int(), warnings: z.int(), infos: z.int() }),
});
export type FindingList = z.infer<typeof findingListSchema>;

export const diffSchema = z.object({
  context: z.object({ graph: z.string(), from: z.int(), to: z.int() }),
  diff: shown<GraphDiff>('what the second version has that the first has not, and the other way round'),
});
export type DiffAnswer = z.infer<typeof diffSchema>;

export const draftAnswerSchema = z.object({
  graph: z.string(),
  number: z.int(),
  state: z.enum(['draft', 'published']),
  hash: z.string(),
  /** Of the graph, after the change: the ETag of the next one. */
  version: z.int(),
  ...counts,
  /** How many parts the change put, changed and removed. */
  changed: z.object({ added: z.int(), changed: z.int(), removed: z.int() }),
  /** Of the whole content after the change. */
  findings: z.array(findingSchema),
  dryRun: z.boolean(),
});
export type DraftAnswer = z.infer<typeof draftAnswerSchema>;
