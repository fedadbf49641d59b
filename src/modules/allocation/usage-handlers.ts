import { basename, join } from 'node:path';
import { z } from 'zod';
import type { PrometheusEndpoint } from '../../platform/config/index.ts';
import {
  type Accepted,
  handler,
  keyOf,
  type RunContext,
  type RunHandler,
  scopeSchema,
} from '../../platform/jobs/index.ts';
import { type Caller, type Scope, systemCaller } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from '../ingestion/index.ts';
import { fetchUsage } from './prometheus-fetch.ts';
import {
  type CheckedUsageFetch,
  type CheckedUsageImport,
  type UsageResult,
  usageFetchRequestSchema,
  usageImportRequestSchema,
} from './usage-contract.ts';
import { usageErrors } from './usage-errors.ts';
import { readUsageGraph, type UsageGraph } from './usage-graph.ts';
import { importUsage } from './usage-import.ts';
import { keepUpload, uploadPath } from './usage-upload.ts';

/** The kind of a run that imports usage from a file. */
export const usageImportKind = 'usage.import';
/** The kind of a run that fetches usage from a monitoring system. */
export const usageFetchKind = 'usage.fetch';

/** What the handlers of usage need of the program around them. */
export interface UsageWork {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
  /** Folders that may be read: by the owner of the workspace folder, or by others in their scope. */
  readonly rootsOf: (isOwner: boolean, scope: Scope) => readonly string[];
  /** Monitoring systems of the configuration. */
  readonly endpoints: readonly PrometheusEndpoint[];
}

const keptImportSchema = z.object({
  /** Without the text, which lies in `raw/`. */
  request: z.object({
    graph: z.string(),
    source: z.string(),
    month: z.string().optional(),
    wide: z.boolean(),
    dryRun: z.boolean(),
    strict: z.boolean(),
  }),
  name: z.string(),
  /** A path as it was asked for, or the SHA-256 of a text that was sent. */
  file: z.union([z.object({ path: z.string() }), z.object({ upload: z.string() })]),
  isOwner: z.boolean(),
  scope: scopeSchema,
});
type KeptImport = z.infer<typeof keptImportSchema>;

const keptFetchSchema = z.object({ request: usageFetchRequestSchema });
type KeptFetch = z.infer<typeof keptFetchSchema>;

/**
 * Imports and fetches of usage as runs. One that was interrupted begins again: what it had published is recognised by its content.
 * The same is under way once.
 */
export function usageHandlers(work: UsageWork): readonly RunHandler[] {
  return [
    handler<CheckedUsageImport, KeptImport, UsageResult>({
      kind: usageImportKind,
      resumable: () => true,
      asked: usageImportRequestSchema,
      input: keptImportSchema,
      accept: (request, caller) => acceptImport(work, request, caller),
      run: (kept, context) => runImport(work, kept, context),
    }),
    handler<CheckedUsageFetch, KeptFetch, UsageResult>({
      kind: usageFetchKind,
      resumable: () => true,
      asked: usageFetchRequestSchema,
      input: keptFetchSchema,
      accept: (request, caller) => acceptFetch(work, request, caller),
      run: (kept, context) => runFetch(work, kept, context),
    }),
  ];
}

async function acceptImport(
  work: UsageWork,
  { path, csv, name, ...request }: CheckedUsageImport,
  { actor, scope }: Caller,
): Promise<Accepted<KeptImport>> {
  const graph = await graphOf(work, { actor, scope }, request.graph);
  const kept = {
    request,
    name: path === undefined ? (name ?? 'usage.csv') : basename(path),
    file: path === undefined ? { upload: await keepUpload(work.workspace, csv ?? '') } : { path },
    isOwner: actor.kind === 'owner',
    scope,
  };
  return { input: kept, key: keyOf(kept), entity: graph.entity };
}

async function acceptFetch(
  work: UsageWork,
  request: CheckedUsageFetch,
  caller: Caller,
): Promise<Accepted<KeptFetch>> {
  const graph = await graphOf(work, caller, request.graph);
  const mayAsk = ({ entity }: PrometheusEndpoint) =>
    caller.scope.kind === 'all' || (entity !== undefined && caller.scope.entities.includes(entity));
  findEndpoint(work.endpoints.filter(mayAsk), request.endpoint);
  const kept = { request };
  return { input: kept, key: keyOf(kept), entity: graph.entity };
}

function findEndpoint(endpoints: readonly PrometheusEndpoint[], name: string): PrometheusEndpoint {
  const found = endpoints.find((endpoint) => endpoint.name === name);
  if (found) return found;
  throw usageErrors.unknownEndpoint({ endpoint: name, known: endpoints.map((endpoint) => endpoint.name) });
}

async function graphOf({ records }: UsageWork, caller: Caller, graph: string): Promise<UsageGraph> {
  return (await records()).read(caller, (tx) => readUsageGraph(tx, graph));
}

async function runImport(work: UsageWork, kept: KeptImport, context: RunContext): Promise<UsageResult> {
  const { workspace, rootsOf } = work;
  const { request, name, file, isOwner, scope } = kept;
  const graph = await graphOf(work, systemCaller, request.graph);
  const place =
    'path' in file
      ? { path: file.path, roots: rootsOf(isOwner, scope) }
      : {
          path: uploadPath(workspace.root, file.upload),
          roots: [join(workspace.root, 'raw')],
          raw: file.upload,
        };
  const result = await importUsage(workspace, graph, { ...request, ...place, name }, (step) => {
    context.signal.throwIfAborted();
    context.step(step);
  });
  return told(workspace, result, context);
}

async function runFetch(work: UsageWork, { request }: KeptFetch, context: RunContext): Promise<UsageResult> {
  const { workspace, endpoints } = work;
  const graph = await graphOf(work, systemCaller, request.graph);
  const endpoint = findEndpoint(endpoints, request.endpoint);
  context.step('fetch');
  const result = await fetchUsage(workspace, {
    ...{ graph, endpoint, request, signal: context.signal },
    onDays: (done, total) =>
      context.progress({ label: `fetch from ${endpoint.name}`, done, total, unit: 'items' }),
  });
  return told(workspace, result, context);
}

/** Tells the run its rows and findings, and brings the views up to what was published. */
async function told(workspace: Workspace, result: UsageResult, context: RunContext): Promise<UsageResult> {
  const changed = result.months.filter(({ status }) => status === 'imported' || status === 'replaced');
  const rowsOf = (months: UsageResult['months']) => months.reduce((sum, { rows }) => sum + rows, 0);
  context.rows({ in: rowsOf(result.months), out: rowsOf(changed) });
  const stale = changed.length > 0 ? await refreshAfterChange(workspace) : undefined;
  const findings = [...result.findings, ...(stale ? [stale] : [])];
  for (const { severity, path, message } of findings.slice(0, 20))
    context.log(severity, `${path}: ${message}`);
  return { ...result, findings };
}
