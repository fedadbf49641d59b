import { setImmediate as breathe } from 'node:timers/promises';
import { assert, type Caller, must } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { PriceLine } from './model.ts';
import { monthsWithRates, readCatalogue } from './price-catalogue-sql.ts';
import { priceErrors } from './price-errors.ts';
import type { PriceFinding } from './price-finding.ts';
import { findingsOf } from './price-findings.ts';
import { lineText, monthsText, mostLines, type NewLine } from './price-line.ts';
import { canonicalLine, hashLines } from './price-line-hash.ts';
import { copyLines, deleteAllLines, deleteLines, insertLines, readPriceLines } from './price-lines-sql.ts';
import { overlapsIn } from './price-overlaps.ts';
import { auditView, lockPricedView, type PricedView, requireVersion, requireView } from './price-views.ts';
import {
  deleteDraftRow,
  insertDraft,
  publishDraftRow,
  updateDraft,
  updateView,
  type VersionRow,
} from './price-views-sql.ts';

/** How many lines were put in, said otherwise, taken out. */
export interface LinesChanged {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What a change made of a draft. */
export interface DraftChanged {
  readonly view: string;
  readonly number: number;
  readonly state: 'draft' | 'published';
  readonly hash: string;
  /** Of the view, after the change: what If-Match of the next one names. */
  readonly version: number;
  /** How many lines it has. */
  readonly lines: number;
  readonly changed: LinesChanged;
  /** Of all lines after the change. Errors keep it from being published, not from being saved. */
  readonly findings: readonly PriceFinding[];
  readonly dryRun: boolean;
}

/** When it is, and whether anything is kept. */
export interface ChangeOptions {
  readonly now: Date;
  /** Tell everything, keep nothing. */
  readonly dryRun?: boolean;
}

/** One change of lines: a new one, another one in the place of one, or one less. */
export type LineChange =
  | { readonly add: NewLine }
  | { readonly change: number; readonly line: NewLine }
  | { readonly remove: number };

const nothingChanged: LinesChanged = { added: 0, changed: 0, removed: 0 };

/**
 * Opens a draft with the lines of the newest published version, or an empty one. Refusal: `price.draftOpen`, and those of
 * `lockPricedView`.
 */
export async function openDraft(
  tx: Tx,
  caller: Caller,
  viewId: string,
  { now, empty = false, note = null }: { now: Date; empty?: boolean; note?: string | null },
): Promise<VersionRow> {
  const view = await lockPricedView(tx, viewId);
  if (view.draft) {
    const { number, createdBy: by } = view.draft;
    throw priceErrors.draftOpen({ view: viewId, number, by });
  }
  const draft = await beginDraft(tx, caller, view, { now, note, base: empty ? null : view.published });
  await updateView(tx, viewId, {});
  await auditView(tx, caller, view, 'draft.open', null, { number: draft.number, basedOn: draft.basedOn });
  return draft;
}

async function beginDraft(
  tx: Tx,
  { actor }: Caller,
  view: PricedView,
  { now, note, base }: { now: Date; note: string | null; base: VersionRow | null },
): Promise<VersionRow> {
  const number = (view.published?.number ?? 0) + 1;
  const content = base ?? { hash: hashLines([]), lines: 0 };
  const doing = { by: actor.name, at: now.toISOString() };
  await insertDraft(tx, view, { ...content, number, basedOn: base?.number ?? null, note }, doing);
  if (base) await copyLines(tx, view.id, base.number, number);
  return must((await requireView(tx, view.id)).draft, 'the draft that was just opened');
}

/**
 * Makes the draft these lines, numbered in their order, and opens one where none is open; lines that say what is there already
 * change nothing. Refusals: `price.overlap`, `price.tooManyLines`, and those of `lockPricedView`.
 */
export async function replaceLines(
  tx: Tx,
  caller: Caller,
  viewId: string,
  lines: readonly NewLine[],
  options: ChangeOptions,
): Promise<DraftChanged> {
  const change = (before: readonly PriceLine[]) =>
    hashLines(before) === hashLines(lines)
      ? before
      : lines.map((line, index) => ({ ...line, number: index + 1 }));
  return changeContent(tx, caller, { viewId, verb: 'draft.replace', ...options, change });
}

/**
 * Adds, changes and removes lines of the draft one after the other, all or nothing; opens one with the published lines where none is
 * open. A new line gets the number after the last. Refusals: as `replaceLines`, and `price.unknownLine`.
 */
export async function changeLines(
  tx: Tx,
  caller: Caller,
  viewId: string,
  changes: readonly LineChange[],
  options: ChangeOptions,
): Promise<DraftChanged> {
  const change = (before: readonly PriceLine[]) => {
    const lines = new Map(before.map((line) => [line.number, line]));
    let last = before.at(-1)?.number ?? 0;
    for (const one of changes) {
      if ('add' in one) lines.set(++last, { ...one.add, number: last });
      else applyTo(lines, viewId, one);
    }
    return [...lines.values()].sort((a, b) => a.number - b.number);
  };
  return changeContent(tx, caller, { viewId, verb: 'draft.change', ...options, change });
}

function applyTo(
  lines: Map<number, PriceLine>,
  view: string,
  change: Exclude<LineChange, { readonly add: NewLine }>,
): void {
  const number = 'remove' in change ? change.remove : change.change;
  if (!lines.has(number)) throw priceErrors.unknownLine({ view, version: 'draft', line: number });
  if ('remove' in change) lines.delete(number);
  else lines.set(number, { ...change.line, number });
}

/** A change of the lines of a draft. */
export interface ContentChange extends ChangeOptions {
  readonly viewId: string;
  /** For the audit log: `draft.replace`. */
  readonly verb: string;
  /** From the lines of the draft, or the published ones where none is open, to those that it is to have. */
  readonly change: (lines: readonly PriceLine[]) => readonly PriceLine[];
  /** Throws where what was found keeps the change from being made. */
  readonly accept?: (findings: readonly PriceFinding[]) => void;
}

/** Changes the lines of a draft, and opens one where none is open; where nothing changes, nothing is written. */
export async function changeContent(
  tx: Tx,
  caller: Caller,
  { viewId, verb, now, dryRun = false, change, accept }: ContentChange,
): Promise<DraftChanged> {
  const view = await lockPricedView(tx, viewId);
  const base = view.draft ?? view.published;
  const before = base ? await readPriceLines(tx, { view: viewId, version: base.number }) : [];
  const after = change(before);
  refuseUnfit(viewId, after);
  await breathe();
  const plan = planOf(before, after);
  const content = { hash: hashLines(after), lines: after.length };
  await breathe();
  const findings = await findingsIn(tx, view, after, now);
  accept?.(findings);
  const number = view.draft?.number ?? (view.published?.number ?? 0) + 1;
  const told = { view: viewId, ...content, changed: plan.changed, findings, dryRun };
  const isChange = plan.remove.length + plan.put.length > 0;
  if (dryRun || !isChange) {
    const { number: at, state } = isChange || !base ? ({ number, state: 'draft' } as const) : base;
    return { ...told, number: at, state, version: view.version };
  }
  if (!view.draft) await beginDraft(tx, caller, view, { now, note: null, base: view.published });
  await writeLines(tx, view, number, plan);
  await updateDraft(tx, viewId, content, { by: caller.actor.name, at: now.toISOString() });
  await updateView(tx, viewId, {});
  const was = { number, hash: base?.hash ?? null, ...said(plan, 'before') };
  const is = { number, ...content, changed: plan.changed, ...said(plan, 'after') };
  await auditView(tx, caller, view, verb, was, is);
  return { ...told, number, state: 'draft', version: (await requireView(tx, viewId)).version };
}

function refuseUnfit(view: string, lines: readonly PriceLine[]): void {
  if (lines.length > mostLines)
    throw priceErrors.tooManyLines({ view, lines: lines.length, most: mostLines });
  const overlaps = overlapsIn(lines);
  if (overlaps.length === 0) return;
  const named = ({ number, validFrom, validTo, ...line }: PriceLine) =>
    `line ${number} (${lineText({ ...line, validFrom, validTo })}, ${monthsText(validFrom, validTo)})`;
  throw priceErrors.overlap({
    view,
    overlaps: overlaps.slice(0, 100).map(({ first, second, from, to }) => ({
      first: named(first),
      second: named(second),
      months: monthsText(from, to),
    })),
  });
}

interface LinePlan {
  /** Numbers that go, those that are said otherwise included. */
  readonly remove: readonly number[];
  /** Lines that come, those that are said otherwise included. */
  readonly put: readonly PriceLine[];
  readonly changed: LinesChanged;
  /** Each line that differs, before and after. */
  readonly told: readonly { readonly before: PriceLine | null; readonly after: PriceLine | null }[];
}

function planOf(before: readonly PriceLine[], after: readonly PriceLine[]): LinePlan {
  const old = new Map(before.map((line) => [line.number, line]));
  const now = new Map(after.map((line) => [line.number, line]));
  const put = after.filter((line) => {
    const was = old.get(line.number);
    return was === undefined || canonicalLine(was) !== canonicalLine(line);
  });
  const replaced = put.filter(({ number }) => old.has(number));
  const gone = before.filter(({ number }) => !now.has(number));
  return {
    remove: [...gone, ...replaced].map(({ number }) => number),
    put,
    changed: { added: put.length - replaced.length, changed: replaced.length, removed: gone.length },
    told: [
      ...gone.map((line) => ({ before: line, after: null })),
      ...put.map((line) => ({ before: old.get(line.number) ?? null, after: line })),
    ],
  };
}

async function writeLines(
  tx: Tx,
  { id, entity }: PricedView,
  version: number,
  { remove, put }: LinePlan,
): Promise<void> {
  const at = { view: id, version, entity };
  await deleteLines(tx, at, remove);
  await insertLines(tx, at, put);
}

/** So many lines are told in the audit log one by one; more by their number. */
const toldLines = 20;

function said({ told }: LinePlan, side: 'before' | 'after'): object {
  if (told.length > toldLines) return {};
  return { changes: told.flatMap((one) => one[side] ?? []) };
}

/** All that is to be said of lines of a view, as the catalogue and the rates are. */
export async function findingsIn(
  tx: Tx,
  { currency, rateType, entity }: Pick<PricedView, 'currency' | 'rateType' | 'entity'>,
  lines: readonly PriceLine[],
  now: Date,
): Promise<PriceFinding[]> {
  const bases = [...new Set(lines.map((line) => line.currency))].filter((base) => base !== currency);
  const rateMonths = await monthsWithRates(tx, { bases, quote: currency, type: rateType });
  const catalogue = await readCatalogue(tx);
  await breathe();
  const currentMonth = now.toISOString().slice(0, 7);
  return findingsOf(lines, { catalogue, currency, rateType, entity, currentMonth, rateMonths });
}

/** Takes the draft away with all that was changed in it. Refusal: `price.unknownVersion` where none is open. */
export async function discardDraft(tx: Tx, caller: Caller, viewId: string): Promise<VersionRow> {
  const view = await lockPricedView(tx, viewId);
  const draft = await requireVersion(tx, view, 'draft');
  const { number, hash, lines } = draft;
  await deleteAllLines(tx, { view: viewId, version: number });
  await deleteDraftRow(tx, viewId);
  await updateView(tx, viewId, {});
  await auditView(tx, caller, view, 'draft.discard', { number, hash, lines }, null);
  return draft;
}

/**
 * Makes the draft the newest published version, which nobody can change from then on. Refusals: `price.invalidVersion` with every
 * finding when one is an error; `price.nothingToPublish` when it says what the last version says.
 */
export async function publishDraft(
  tx: Tx,
  caller: Caller,
  viewId: string,
  { now, note = null, dryRun = false }: ChangeOptions & { readonly note?: string | null },
): Promise<DraftChanged> {
  const view = await lockPricedView(tx, viewId);
  const draft = await requireVersion(tx, view, 'draft');
  const { number, hash } = draft;
  const lines = await readPriceLines(tx, { view: viewId, version: number });
  assert(hashLines(lines) === hash, `the draft ${number} of price view ${viewId} is not what its hash says`);
  const { published } = view;
  if (published?.hash === hash)
    throw priceErrors.nothingToPublish({ view: viewId, number, published: published.number });
  const findings = await findingsIn(tx, view, lines, now);
  if (findings.some(({ severity }) => severity === 'error'))
    throw priceErrors.invalidVersion({ view: viewId, number, findings });
  if (!dryRun) {
    const supersedes = published?.number ?? null;
    const doing = { by: caller.actor.name, at: now.toISOString() };
    await publishDraftRow(tx, viewId, { note, supersedes }, doing);
    await updateView(tx, viewId, {});
    const before = published && { number: published.number, hash: published.hash };
    const after = { number, hash, lines: draft.lines, note: note ?? draft.note, supersedes };
    await auditView(tx, caller, view, 'publish', before, after);
  }
  const { version } = dryRun ? view : await requireView(tx, viewId);
  return {
    ...{ view: viewId, number, hash, lines: draft.lines, version, findings, dryRun },
    state: dryRun ? 'draft' : 'published',
    changed: nothingChanged,
  };
}
