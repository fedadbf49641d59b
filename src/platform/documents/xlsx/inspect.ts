import { posix } from 'node:path';
import { must } from '../../kernel/index.ts';
import { errors } from '../errors.ts';
import type { Parts } from './archive.ts';
import type { XlsxLimits } from './model.ts';
import { attributeOf, type Tag, tagsOf, UnfitXml } from './tags.ts';
import { columnLetters } from './text.ts';

/**
 * Looks at the sheets of a workbook before they are read: a reader makes room for everything up to the last cell, so
 * that one value in the last of 17 billion cells would take all memory; and it reads a cell that shows `#REF!`, or a
 * formula that was never calculated, as an empty one. Refusals: `documents.fileTooLarge`, `documents.unfitCell`,
 * `documents.unsoundFile`.
 */
export function inspectWorkbook(parts: Parts, file: string, limits: XlsxLimits): void {
  const sheets = sheetsOf(parts, file);
  if (sheets.length > limits.sheets) throw tooLarge(file, 'sheets', sheets.length, limits.sheets);
  for (const { name, path } of sheets) {
    const xml = textOf(parts, path, file);
    guarded(file, () => inspectSheet(xml, { file, sheet: name, limits }));
  }
}

interface SheetPart {
  readonly name: string;
  readonly path: string;
}

function sheetsOf(parts: Parts, file: string): SheetPart[] {
  const book = 'xl/workbook.xml';
  const relations = 'xl/_rels/workbook.xml.rels';
  const [sheets, targets] = guarded(file, () => [
    tagsNamed(textOf(parts, book, file), 'sheet'),
    tagsNamed(textOf(parts, relations, file), 'Relationship'),
  ]);
  return must(sheets, book).flatMap((tag) => {
    // `r:id`, besides which there is a `sheetId`.
    const id = attributeOf(tag, 'id');
    const target = must(targets, relations).find((relation) => attributeOf(relation, 'Id') === id);
    const path = target && attributeOf(target, 'Target');
    // A sheet of charts has no cells.
    if (path === undefined || /\bchartsheet$/.test(attributeOf(target as Tag, 'Type') ?? '')) return [];
    return [{ name: attributeOf(tag, 'name') ?? '', path: posix.resolve('/xl', path).slice(1) }];
  });
}

function tagsNamed(xml: string, name: string): Tag[] {
  return [...tagsOf(xml)].filter((tag) => tag.name === name && tag.kind !== 'close');
}

function textOf(parts: Parts, path: string, file: string): string {
  const bytes = parts.get(path);
  if (!bytes) throw errors.unsoundFile({ file, problem: `it holds no ${path}` });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw errors.unsoundFile({ file, problem: `${path} is not UTF-8` });
  }
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnfitXml) throw errors.unsoundFile({ file, problem: error.message });
    throw error;
  }
}

interface Inspection {
  readonly file: string;
  readonly sheet: string;
  readonly limits: XlsxLimits;
}

/** A cell that is being looked at, and what was found in it. */
interface OpenCell {
  readonly tag: Tag;
  formula: boolean;
  value: boolean;
}

function inspectSheet(xml: string, inspection: Inspection): void {
  let cell: OpenCell | undefined;
  let lastRow = 0;
  let lastColumn = 0;
  for (const tag of tagsOf(xml)) {
    if (tag.name === 'c' && tag.kind === 'open') cell = { tag, formula: false, value: false };
    else if (!cell) continue;
    else if (tag.kind !== 'close' && tag.name === 'f') cell.formula = true;
    else if (tag.kind !== 'close' && (tag.name === 'v' || tag.name === 'is')) cell.value = true;
    else if (tag.name === 'c') {
      const { row, column } = placeOf(cell.tag, inspection);
      refuseUnreadable(cell, xml.slice(cell.tag.end, tag.end), { row, column, inspection });
      if (cell.value) {
        lastRow = Math.max(lastRow, row);
        lastColumn = Math.max(lastColumn, column);
        refuseLarge(lastRow, lastColumn, inspection);
      }
      cell = undefined;
    }
  }
}

const address = /^([A-Z]{1,3})([1-9]\d{0,6})$/;

function placeOf(tag: Tag, { file, sheet }: Inspection): { readonly row: number; readonly column: number } {
  const match = address.exec(attributeOf(tag, 'r') ?? '');
  if (!match)
    throw errors.unsoundFile({ file, problem: `a cell of sheet '${sheet}' does not say where it is` });
  const [, letters = '', row = ''] = match;
  const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  return { row: Number(row), column };
}

function refuseUnreadable(
  cell: OpenCell,
  xml: string,
  {
    row,
    column,
    inspection,
  }: { readonly row: number; readonly column: number; readonly inspection: Inspection },
): void {
  const refuse = (problem: string) =>
    errors.unfitCell({ sheet: inspection.sheet, row, column: columnLetters(column), problem });
  if (attributeOf(cell.tag, 't') === 'e') {
    const shown = /<(?:\w+:)?v>([^<]{1,20})</.exec(xml)?.[1] ?? 'an error';
    throw refuse(`it shows ${shown}; mend the formula or write the value`);
  }
  if (cell.formula && !cell.value)
    throw refuse('its formula was never calculated; open the file in a spreadsheet program and save it');
}

function refuseLarge(row: number, column: number, { file, sheet, limits }: Inspection): void {
  if (row > limits.rows) throw tooLarge(file, `rows in sheet '${sheet}'`, row, limits.rows);
  const cells = row * column;
  if (cells > limits.cells)
    throw tooLarge(
      file,
      `cells up to ${columnLetters(column)}${row} of sheet '${sheet}'`,
      cells,
      limits.cells,
    );
}

function tooLarge(file: string, what: string, found: number, limit: number): Error {
  return errors.fileTooLarge({ file, what, found, limit });
}
