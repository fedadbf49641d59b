import { changeObjects, readForChange, refuseForeignList } from './change-objects.ts';
import { shown } from './documents.ts';
import { errors } from './errors.ts';
import { fieldsOf, type Kind } from './kinds.ts';
import type { StoredObject, Wanted } from './model.ts';
import type { Asking, OrganizationOptions } from './objects.ts';
import { type Change, momentOf, type Problem } from './plan.ts';
import { needsSecrets } from './secrets.ts';
import { type CellError, cellsOf, readSheet, type Sheet } from './sheet.ts';

export interface ImportRequest {
  /** The file's text. */
  readonly csv: string;
  /** `replace` retires what the file does not name; `upsert` leaves it. */
  readonly mode: 'upsert' | 'replace';
  /** Does everything but keep it. */
  readonly dryRun: boolean;
  /** The file says how things have been since this day; without it only what differs today is changed. */
  readonly validFrom?: string | undefined;
}

/** A cell that the file changes. */
export interface CellChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What a file changes, or would change. */
export interface ImportDiff {
  readonly created: readonly string[];
  readonly changed: readonly { readonly id: string; readonly fields: readonly CellChange[] }[];
  readonly retired: readonly string[];
  readonly restored: readonly string[];
  readonly unchanged: number;
  /** With one, nothing was kept. */
  readonly errors: readonly CellError[];
}

/** Thrown to undo a dry run; what it found is the answer. */
class DryRunEnd extends Error {
  readonly diff: ImportDiff;
  constructor(diff: ImportDiff) {
    super('the end of a dry run');
    this.diff = diff;
  }
}

/**
 * Brings objects to what a CSV file says, all or nothing: one transaction, an audit line for each object. A dry run does
 * the same and undoes it, so that it meets the same refusals. Refusal: `organization.importRefused` with every cell.
 */
export async function importObjects(
  options: OrganizationOptions,
  asking: Asking,
  request: ImportRequest,
): Promise<ImportDiff> {
  const { caller, kind } = asking;
  refuseForeignList(caller, kind);
  const sheet = readSheet(kind, request.csv);
  const changing = {
    ...asking,
    moment: momentOf(options.clock.now(), request.validFrom),
    secrets: needsSecrets(kind, sheet.wanted) ? await options.secrets() : undefined,
  };
  const work = (await options.records()).write(caller, async (tx) => {
    const asked = request.mode === 'replace' ? {} : { ids: [...sheet.rowOf.keys()] };
    const stored = await readForChange(tx, kind, { ...asked, alone: true });
    const wanted = [...sheet.wanted, ...(request.mode === 'replace' ? absent(sheet, stored) : [])];
    const outcome = await changeObjects(tx, changing, stored, wanted);
    const cellErrors = [...sheet.errors, ...outcome.problems.map((problem) => cellError(sheet, problem))];
    const diff = diffOf(kind, outcome, changing.moment, cellErrors);
    if (request.dryRun) throw new DryRunEnd(diff);
    if (cellErrors.length > 0) throw errors.importRefused({ errors: diff.errors });
    return diff;
  });
  return work.catch((error: unknown) => {
    if (error instanceof DryRunEnd) return error.diff;
    throw error;
  });
}

function absent({ rowOf }: Sheet, stored: ReadonlyMap<string, StoredObject>): Wanted[] {
  return [...stored.values()]
    .filter(({ id, retiredAt }) => retiredAt === null && !rowOf.has(id))
    .map(({ id }) => ({ id, values: {}, active: false }));
}

/** Row 0 is an object that the file does not name. */
function cellError({ rowOf }: Sheet, { id, field, refusal }: Problem): CellError {
  return { row: rowOf.get(id) ?? 0, field, message: refusal.message };
}

function diffOf(
  kind: Kind,
  { changes, unchanged }: { readonly changes: readonly Change[]; readonly unchanged: number },
  { validFrom, today }: { readonly validFrom: string | undefined; readonly today: string },
  found: readonly CellError[],
): ImportDiff {
  const idsWhere = (test: (change: Change) => boolean) => changes.filter(test).map(({ after }) => after.id);
  const days = [...(validFrom === undefined ? [] : [validFrom]), today];
  return {
    created: idsWhere(({ before }) => before === null),
    changed: changes.flatMap(({ before, after }) => {
      const fields = before ? cellChanges(kind, before, after, days) : [];
      return fields.length > 0 ? [{ id: after.id, fields }] : [];
    }),
    retired: idsWhere(({ before, after }) => before?.retiredAt === null && after.retiredAt !== null),
    restored: idsWhere(({ before, after }) => typeof before?.retiredAt === 'string' && !after.retiredAt),
    unchanged,
    errors: [...found].sort((a, b) => a.row - b.row),
  };
}

/** The cells that differ on the first of these days on which any does. */
function cellChanges(
  kind: Kind,
  before: StoredObject,
  after: StoredObject,
  days: readonly string[],
): CellChange[] {
  for (const day of days) {
    const [old, now] = [before, after].map((object) => cellsOf(kind, shown(kind, object, day)));
    const columns = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].filter(
      (column) => column !== 'active',
    );
    const changed = columns.flatMap((field) => {
      const [was, is] = [old?.get(field) ?? '', now?.get(field) ?? ''];
      return was === is && !isResealed(kind, field, before, after) ? [] : [{ field, before: was, after: is }];
    });
    if (changed.length > 0) return changed;
  }
  return [];
}

/** Another text under the same mask. */
function isResealed(kind: Kind, field: string, before: StoredObject, after: StoredObject): boolean {
  return (
    fieldsOf(kind, 'own').some(([name, { sealed }]) => sealed && name === field) &&
    before.values[field] !== after.values[field]
  );
}
