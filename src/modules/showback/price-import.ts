import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { PriceLine } from './model.ts';
import { diffLines, type LineDiff } from './price-diff.ts';
import { type ChangeOptions, changeContent, type DraftChanged } from './price-drafts.ts';
import { type CellError, priceErrors } from './price-errors.ts';
import type { PriceFinding } from './price-finding.ts';
import { lineKey, lineText, monthsText, type NewLine, newLine } from './price-line.ts';
import { hashLines } from './price-line-hash.ts';
import { type Overlap, overlapsIn } from './price-overlaps.ts';
import type { LineSheet } from './price-sheet.ts';

/** What a file made of a draft, or would make of it. */
export interface LinesImported extends DraftChanged {
  readonly mode: 'replace' | 'upsert';
  /** Records of the file. */
  readonly rows: number;
  readonly diff: LineDiff;
  /** Every cell that does not fit; of a dry run only, else it is refused. */
  readonly errors: readonly CellError[];
}

/** A file for the draft of a view. */
export interface LineImport {
  readonly view: string;
  /** Of the view: that of lines that name none. */
  readonly currency: string;
  readonly mode: 'replace' | 'upsert';
  readonly sheet: LineSheet;
}

/** A line that came from a row of the file, or was there before: row 0. */
interface SheetLine extends PriceLine {
  readonly row: number;
}

/**
 * Brings a draft to what a file says, all or nothing, and opens one where none is open. `replace`: its lines are those of the file;
 * `upsert`: lines of the file take the place of those that price the same from the same month on, or are added. Lines that say what
 * is there already open no draft.
 *
 * A row that cannot be read, that overlaps with another, or whose line has a finding that keeps it from being published does not fit.
 * Refusals: `price.linesRefused` with every such row (a dry run answers them), and those of `changeLines`.
 */
export async function importLines(
  tx: Tx,
  caller: Caller,
  { view, currency, mode, sheet }: LineImport,
  { now, dryRun = false }: ChangeOptions,
): Promise<LinesImported> {
  let diff = diffLines([], []);
  let merged: readonly SheetLine[] = [];
  let errors: readonly CellError[] = sheet.errors;
  const change = (before: readonly PriceLine[]) => {
    const lines = sheet.lines.map(({ row, line }) => ({ row, line: newLine(line, currency) }));
    merged = mode === 'replace' ? inOrder(lines) : merge(before, lines);
    const { fitting, overlapping } = withoutOverlaps(merged);
    errors = [...errors, ...overlapping];
    const after = hashLines(before) === hashLines(fitting) ? before : fitting;
    diff = diffLines(before, after);
    return after;
  };
  const done = await changeContent(tx, caller, {
    ...{ viewId: view, verb: 'draft.import', now, dryRun, change },
    accept: (findings) => {
      errors = [...errors, ...findingErrors(findings, merged)].sort((a, b) => a.row - b.row);
      if (errors.length > 0 && !dryRun) throw priceErrors.linesRefused({ rows: sheet.rows, errors });
    },
  });
  return { ...done, mode, rows: sheet.rows, diff, errors };
}

interface RowLine {
  readonly row: number;
  readonly line: NewLine;
}

function inOrder(lines: readonly RowLine[]): SheetLine[] {
  return lines.map(({ row, line }, index) => ({ ...line, row, number: index + 1 }));
}

function merge(before: readonly PriceLine[], lines: readonly RowLine[]): SheetLine[] {
  const known = new Map(before.map((line) => [lineKey(line), line.number]));
  const named = new Set(lines.map(({ line }) => lineKey(line)));
  const kept = before.filter((line) => !named.has(lineKey(line))).map((line) => ({ ...line, row: 0 }));
  let last = before.at(-1)?.number ?? 0;
  const taken = new Set<number>();
  const given = lines.map(({ row, line }) => {
    const old = known.get(lineKey(line));
    // A second row of the same line gets a number of its own: it overlaps, and says so.
    const number = old === undefined || taken.has(old) ? ++last : old;
    taken.add(number);
    return { ...line, row, number };
  });
  return [...kept, ...given].sort((a, b) => a.number - b.number);
}

/** Takes rows out until no two lines share a month; of two rows, the one further down goes. */
function withoutOverlaps(lines: readonly SheetLine[]): {
  readonly fitting: readonly PriceLine[];
  readonly overlapping: readonly CellError[];
} {
  const overlapping: CellError[] = [];
  let left = lines;
  for (let found = overlapsIn(left); found.length > 0; found = overlapsIn(left)) {
    const errors = found.map(overlapError);
    const rows = new Set(errors.map(({ row }) => row));
    left = left.filter(({ row }) => !rows.has(row));
    overlapping.push(...errors);
  }
  return { fitting: left.map(({ row: _, ...line }) => line), overlapping };
}

function overlapError({ first, second, from, to }: Overlap<SheetLine>): CellError {
  // One of the two is of the file: lines that were there do not overlap.
  const [one, other] = second.row > first.row ? [second, first] : [first, second];
  const named = other.row === 0 ? `line ${other.number} of the draft` : `row ${other.row}`;
  const message = `${lineText(one)} has a price from ${named} already: ${monthsText(from, to)}.`;
  return { row: one.row, field: 'validFrom', message };
}

/** What keeps a line from being published is told of its row; of lines that were there before, it stays a finding. */
function findingErrors(findings: readonly PriceFinding[], lines: readonly SheetLine[]): CellError[] {
  const rowOf = new Map(lines.map(({ number, row }) => [number, row]));
  return findings.flatMap(({ code, severity, line, message }) => {
    const row = line === null ? 0 : (rowOf.get(line) ?? 0);
    if (severity !== 'error' || row === 0) return [];
    const said = message.slice(message.indexOf('): ') + 3);
    return [{ row, field: fieldOf[code] ?? '', message: said }];
  });
}

const fieldOf: Readonly<Record<string, string>> = {
  unknownTarget: 'target',
  unknownEntity: 'entity',
  entityOfAnother: 'entity',
  poolWithoutEntity: 'entity',
  unitDoesNotConvert: 'unit',
};
