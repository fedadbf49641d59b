import { setImmediate as breathe } from 'node:timers/promises';
import { assert, type Caller, must } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import { applyChanges, type GraphChange } from './graph-changes.ts';
import { hashParts } from './graph-hash.ts';
import {
  countsOf,
  documentOf,
  emptyDocument,
  issuesIn,
  type Part,
  type PartCounts,
  partsOf,
  pathOf,
} from './graph-parts.ts';
import { readDraftRows, readParts, restoreParts, undoDraftParts, writePlan } from './graph-parts-sql.ts';
import { type PartChange, planRows } from './graph-plan.ts';
import {
  deleteDraftRow,
  insertDraft,
  publishDraftRow,
  updateDraft,
  updateGraph,
  type VersionRow,
} from './graph-sql.ts';
import {
  auditGraph,
  findingsOf,
  type Graph,
  lockActiveGraph,
  requireGraph,
  requireVersion,
} from './graphs.ts';
import type { GraphDocument, GraphFinding } from './model.ts';

/** What a change made of a draft. */
export interface DraftChanged extends PartCounts {
  readonly graph: string;
  readonly number: number;
  readonly state: 'draft' | 'published';
  readonly hash: string;
  /** Of the graph, after the change: what If-Match of the next one names. */
  readonly version: number;
  /** How many parts were put in, changed, taken out. A rule that only moved is changed. */
  readonly changed: { readonly added: number; readonly changed: number; readonly removed: number };
  /** Of the whole content after the change. Errors keep it from being published, not from being saved. */
  readonly findings: readonly GraphFinding[];
  readonly dryRun: boolean;
}

interface ChangeOptions {
  /** Tell everything, keep nothing. */
  readonly dryRun?: boolean;
}

const nothingChanged = { added: 0, changed: 0, removed: 0 };

/**
 * Opens a draft with the content of the newest published version; no row of it is copied. Refusal:
 * `allocation.draftOpen`.
 */
export async function openDraft(
  tx: Tx,
  caller: Caller,
  graphId: string,
  { note = null }: { readonly note?: string | null } = {},
): Promise<VersionRow> {
  const graph = await lockActiveGraph(tx, graphId);
  const draft = await beginDraft(tx, caller, graph, graph.published, note);
  await updateGraph(tx, graphId, {});
  await auditGraph(tx, caller, graph, 'draft.open', null, { number: draft.number, basedOn: draft.basedOn });
  return draft;
}

/** The row of a fresh draft with the content of `base`, which is the newest published version or is restored afterwards. */
async function beginDraft(
  tx: Tx,
  { actor }: Caller,
  graph: Graph,
  base: VersionRow | null,
  note: string | null,
): Promise<VersionRow> {
  if (graph.draft) {
    const { number, createdBy: by } = graph.draft;
    throw errors.draftOpen({ graph: graph.id, number, by });
  }
  const number = (graph.published?.number ?? 0) + 1;
  const content = base ?? { ...countsOf([]), hash: hashParts(emptyParts) };
  await insertDraft(tx, graph.id, {
    ...content,
    number,
    basedOn: base?.number ?? null,
    by: actor.name,
    note,
  });
  if (!base) await writePlan(tx, graph.id, number, planRows([], emptyParts, number));
  return must((await requireGraph(tx, graph.id)).draft, 'the draft that was just opened');
}

/** The method alone, with its defaults. */
const emptyParts: readonly Part[] = partsOf(emptyDocument);

/**
 * Brings the draft to what a document says, and opens one where none is open. Only rows that differ are written.
 * Refusals: `allocation.malformedGraph` with every part that cannot be kept; `allocation.graphRetired`.
 */
export async function replaceDraft(
  tx: Tx,
  caller: Caller,
  graphId: string,
  document: GraphDocument,
  options: ChangeOptions = {},
): Promise<DraftChanged> {
  return changeContent(tx, caller, graphId, 'draft.replace', options, () => partsOf(document));
}

/**
 * Puts parts into the draft and takes parts out, one after the other, all or nothing; opens a draft where none is open.
 * Refusals: as `replaceDraft`, and `allocation.unknownPart`.
 */
export async function changeDraft(
  tx: Tx,
  caller: Caller,
  graphId: string,
  changes: readonly GraphChange[],
  options: ChangeOptions = {},
): Promise<DraftChanged> {
  return changeContent(tx, caller, graphId, 'draft.change', options, (parts) =>
    applyChanges(graphId, parts, changes),
  );
}

async function changeContent(
  tx: Tx,
  caller: Caller,
  graphId: string,
  verb: string,
  { dryRun = false }: ChangeOptions,
  change: (parts: readonly Part[]) => readonly Part[],
): Promise<DraftChanged> {
  const graph = await lockActiveGraph(tx, graphId);
  const number = graph.draft?.number ?? (graph.published?.number ?? 0) + 1;
  const stored = await readDraftRows(tx, graphId, number);
  const rows = stored.length > 0 ? stored : emptyRows(number);
  const wanted = change(rows.filter(({ until }) => until === null));
  await breathe();
  const issues = issuesIn(wanted);
  if (issues.length > 0) throw errors.malformedGraph({ issues });
  const plan = planRows(rows, wanted, number);
  await breathe();
  const content = { hash: hashParts(wanted), ...countsOf(wanted) };
  const isChange = plan.changes.length > 0;
  if (!dryRun && (isChange || !graph.draft)) {
    if (!graph.draft) await beginDraft(tx, caller, graph, graph.published, null);
    await writePlan(tx, graphId, number, plan);
    await updateDraft(tx, graphId, content);
    await updateGraph(tx, graphId, {});
    const before = { number, hash: (graph.draft ?? graph.published)?.hash ?? null };
    await auditGraph(
      tx,
      caller,
      graph,
      verb,
      { ...before, ...partsSaid(plan.changes, 'before') },
      { number, ...content, ...partsSaid(plan.changes, 'after'), changed: tally(plan.changes) },
    );
  }
  const { version } = dryRun ? graph : await requireGraph(tx, graphId);
  const findings = await findingsOf(tx, graph, await documentAfterBreath(wanted));
  const changed = tally(plan.changes);
  return { graph: graphId, number, state: 'draft', ...content, version, changed, findings, dryRun };
}

/** A large graph takes some tenths of a second in all: other requests are answered between its steps. */
async function documentAfterBreath(parts: readonly Part[]): Promise<GraphDocument> {
  await breathe();
  const document = documentOf(parts);
  await breathe();
  return document;
}

/** What a first draft holds before anything is put into it. */
function emptyRows(number: number) {
  return emptyParts.map((part) => ({ ...part, since: number, until: null }));
}

/** So many parts are told in the audit log one by one; more by their number. */
const toldParts = 20;

function partsSaid(changes: readonly PartChange[], side: 'before' | 'after'): object {
  if (changes.length > toldParts) return {};
  const told = changes.flatMap((change) => {
    const part = change[side];
    return part === null ? [] : [[pathOf(part), { ...positionOf(part), ...JSON.parse(part.text) }] as const];
  });
  return { parts: Object.fromEntries(told) };
}

function positionOf({ position }: Part): object {
  return position === null ? {} : { position };
}

function tally(changes: readonly PartChange[]): DraftChanged['changed'] {
  return changes.reduce(
    ({ added, changed, removed }, { before, after }) => ({
      added: added + (before === null ? 1 : 0),
      changed: changed + (before !== null && after !== null ? 1 : 0),
      removed: removed + (after === null ? 1 : 0),
    }),
    nothingChanged,
  );
}

/** Takes the draft away with all that was changed in it. Refusal: `allocation.unknownVersion` where none is open. */
export async function discardDraft(tx: Tx, caller: Caller, graphId: string): Promise<VersionRow> {
  const graph = await lockActiveGraph(tx, graphId);
  const draft = await requireVersion(tx, graph, 'draft');
  await undoDraftParts(tx, graphId, draft.number);
  await deleteDraftRow(tx, graphId);
  await updateGraph(tx, graphId, {});
  const { number, hash, nodes, edges } = draft;
  await auditGraph(tx, caller, graph, 'draft.discard', { number, hash, nodes, edges }, null);
  return draft;
}

/**
 * Makes the draft the newest published version, which nobody can change from then on. Refusals: `allocation.invalidGraph` with
 * every finding when one is an error; `allocation.nothingToPublish` when it says what the last version says.
 */
export async function publishDraft(
  tx: Tx,
  caller: Caller,
  graphId: string,
  { note = null, dryRun = false }: { readonly note?: string | null; readonly dryRun?: boolean } = {},
): Promise<DraftChanged> {
  const graph = await lockActiveGraph(tx, graphId);
  const draft = await requireVersion(tx, graph, 'draft');
  const { number, hash, nodes, edges, groups, rules, metrics } = draft;
  const parts = await readParts(tx, graphId, number);
  assert(hashParts(parts) === hash, `the draft ${number} of graph ${graphId} is not what its hash says`);
  const { published } = graph;
  if (published?.hash === hash)
    throw errors.nothingToPublish({ graph: graphId, number, published: published.number });
  const findings = await findingsOf(tx, graph, await documentAfterBreath(parts));
  if (findings.some(({ severity }) => severity === 'error'))
    throw errors.invalidGraph({ graph: graphId, number, findings });
  if (!dryRun) {
    await publishDraftRow(tx, graphId, { note, by: caller.actor.name });
    await updateGraph(tx, graphId, {});
    const before = published && { number: published.number, hash: published.hash };
    await auditGraph(tx, caller, graph, 'publish', before, {
      number,
      hash,
      nodes,
      edges,
      note: note ?? draft.note,
    });
  }
  const { version } = dryRun ? graph : await requireGraph(tx, graphId);
  return {
    ...{ graph: graphId, number, hash, nodes, edges, groups, rules, metrics, version, findings, dryRun },
    state: dryRun ? 'draft' : 'published',
    changed: nothingChanged,
  };
}

/**
 * Opens a draft with the content of an earlier version: published, it undoes what came after, and the history keeps both.
 * Refusals: `allocation.unknownVersion`, `allocation.draftOpen`.
 */
export async function rollBack(
  tx: Tx,
  caller: Caller,
  graphId: string,
  { version, note }: { readonly version: number; readonly note?: string | null },
): Promise<VersionRow> {
  const graph = await lockActiveGraph(tx, graphId);
  const earlier = await requireVersion(tx, graph, version);
  const draft = await beginDraft(tx, caller, graph, earlier, note ?? `as version ${version} was`);
  await restoreParts(tx, graphId, draft.number, version);
  await updateGraph(tx, graphId, {});
  const before = graph.published && { number: graph.published.number, hash: graph.published.hash };
  const after = { number: draft.number, basedOn: version, hash: draft.hash };
  await auditGraph(tx, caller, graph, 'rollback', before, after);
  return draft;
}
