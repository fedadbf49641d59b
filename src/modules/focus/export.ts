import { randomUUID } from 'node:crypto';
import { link, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addDecimal, formatDecimal, type Issue, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { Selection } from '../../platform/warehouse/index.ts';
import { type Engine, identifier, type Row, syncFile, syncFolder } from '../../platform/warehouse/index.ts';
import { type FocusColumn, type FocusVersion, storedVersion } from './column.ts';
import { provenanceColumns, rowIdColumn } from './dataset.ts';
import { errors } from './errors.ts';
import { columnsIn } from './standard.ts';
import { compileExport, compileExportReport, type ExportColumn, type LeftOut } from './warehouse.ts';

export interface FocusExportOptions {
  readonly version: FocusVersion;
  readonly format: 'csv' | 'parquet';
  /** Adds the nine provenance columns and `x_RowId`. */
  readonly provenance: boolean;
  /** Adds the source's own `x_` columns. */
  readonly custom?: boolean | undefined;
  /** Where to; the folder must exist. */
  readonly file: string;
  readonly overwrite: boolean;
  /** CSV: leaves text that begins like a formula as it is. Only for files that no spreadsheet opens. */
  readonly verbatim?: boolean | undefined;
}

/** A finished export: the file is whole and on disk. */
export interface FocusExport {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly string[];
  /** What the target version lacks, what was derived, what is mandatory there and empty here; amounts are BilledCost. */
  readonly report: readonly Issue[];
}

/**
 * Writes stored cost rows as Cost and Usage of any version, CSV (UTC times with Z, plain decimals, JSON text) or Parquet
 * (decimal(38, 12), timestamps in UTC). The file appears at once or not at all. Nothing is invented: what the version
 * demands and the rows lack stays empty and is reported.
 *
 * @throws Refusal `focus.fileExists`, `focus.folderMissing`
 */
export async function exportFocus(
  engine: Engine,
  selection: Selection,
  options: FocusExportOptions,
): Promise<FocusExport> {
  await refuseUnlessFree(options);
  const columns = planColumns(selection, options);
  const report = await reportExport(engine, selection, columns, options);
  const verbatim = options.verbatim ?? false;
  const temporary = join(dirname(options.file), `.${basename(options.file)}.${randomUUID()}.part`);
  try {
    const sql = compileExport(selection.relation, columns, {
      format: options.format,
      verbatim,
      file: temporary,
    });
    const [written] = await engine.rows(sql);
    const bytes = await settle(temporary, options);
    return {
      file: options.file,
      rows: Number(written?.['Count'] ?? 0),
      bytes,
      columns: columns.map((column) => column.name),
      report,
    };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function refuseUnlessFree(options: FocusExportOptions): Promise<void> {
  const folder = dirname(options.file);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw errors.folderMissing({ folder });
  const exists = await stat(options.file).then(
    () => true,
    () => false,
  );
  if (exists && !options.overwrite) throw errors.fileExists({ file: options.file });
}

/** The columns of the version in the standard's order, then the source's own, then provenance. */
function planColumns(selection: Selection, options: FocusExportOptions): ExportColumn[] {
  const stored = new Map([...selection.columns.keys()].map((name) => [name.toLowerCase(), name]));
  const find = (name: string): string[] => {
    const found = stored.get(name.toLowerCase());
    return found === undefined ? [] : [identifier(found)];
  };
  const standard = columnsIn(options.version).map((column) => ({
    name: column.name,
    type: column.type,
    from: storedSources(column.name).flatMap(find),
  }));
  const custom = customColumns(selection, options.version).map((name) => ({
    name,
    type: selection.columns.get(name) ?? 'string',
    from: [identifier(name)],
  }));
  const provenance = [...provenanceColumns, rowIdColumn].map(({ name, type }) => ({
    name,
    type,
    from: find(name),
  }));
  return [...standard, ...(options.custom ? custom : []), ...(options.provenance ? provenance : [])];
}

/**
 * Stored columns that give a column of the target version. ProviderName and PublisherName left the standard in 1.4: the
 * bill's own values were kept aside on import; rows that never had them take ServiceProviderName, which replaced both.
 */
function storedSources(name: string): readonly string[] {
  if (name === 'ProviderName' || name === 'PublisherName') return [`x_${name}`, 'ServiceProviderName'];
  return [name];
}

const provenanceNames = new Set([...provenanceColumns.map((column) => column.name), rowIdColumn.name]);

/** The source's own columns; x_ProviderName only where the version has no ProviderName to put it in. */
function customColumns(selection: Selection, version: FocusVersion): string[] {
  const restored = new Set(columnsIn(version).map((column) => `x_${column.name}`));
  return [...selection.columns.keys()].filter(
    (name) => /^x_/i.test(name) && !provenanceNames.has(name) && !restored.has(name),
  );
}

async function reportExport(
  engine: Engine,
  selection: Selection,
  columns: readonly ExportColumn[],
  options: FocusExportOptions,
): Promise<Issue[]> {
  const target = columnsIn(options.version);
  const lost = missingColumns(selection, target, columns);
  const demanded = target
    .filter((column) => mandatory(column, options.version))
    .flatMap((column) => columns.filter(({ name }) => name === column.name));
  const isText = (column: ExportColumn): boolean => column.type === 'string' || column.type === 'json';
  const guarded = options.format === 'csv' && !options.verbatim ? columns.filter(isText) : [];
  const rows = await engine.rows(compileExportReport(selection.relation, lost, demanded, guarded));
  return [
    ...lost.flatMap((column, index) => explainLost(column, index, rows, options.version)),
    ...explainDerived(columns),
    ...demanded.flatMap((column, index) => explainNull(column.name, index, rows, options.version)),
    ...explainCustom(selection, options),
    ...explainGuarded(rows),
  ];
}

/** Columns of the stored version that the target version does not have. ProviderName carries what ServiceProviderName says. */
function missingColumns(
  selection: Selection,
  target: readonly FocusColumn[],
  columns: readonly ExportColumn[],
): LeftOut[] {
  const there = new Set(target.map((column) => column.name));
  return columnsIn(storedVersion)
    .map((column) => column.name)
    .filter((name) => !there.has(name) && selection.columns.has(name))
    .map((name) => ({
      name,
      carrier:
        name === 'ServiceProviderName' ? columns.find((column) => column.name === 'ProviderName') : undefined,
    }));
}

function mandatory(column: FocusColumn, version: FocusVersion): boolean {
  const level = column.levels[version];
  return level?.level === 'mandatory' && !level.nullable;
}

function explainLost(
  { name, carrier }: LeftOut,
  index: number,
  rows: readonly Row[],
  version: FocusVersion,
): Issue[] {
  const found = rows.filter((row) => Number(row[`lost_${index}`]) > 0);
  if (found.length === 0) {
    const why = carrier ? `${carrier.name} carries its values` : 'no row has a value in it';
    const message = `FOCUS ${version} has no ${name}; ${why}, so nothing is lost.`;
    return [{ code: 'focus.export_column_absent', severity: 'info', path: name, message, rows: 0 }];
  }
  return found.map((row) => ({
    code: 'focus.export_column_lost',
    severity: 'warning',
    path: name,
    message: `FOCUS ${version} has no ${name}; the values of ${row[`lost_${index}`]} rows are left out. Export a newer version to keep them.`,
    ...atStake(row, `lost_${index}`, `lostCost_${index}`),
  }));
}

function explainNull(name: string, index: number, rows: readonly Row[], version: FocusVersion): Issue[] {
  return rows
    .filter((row) => Number(row[`null_${index}`]) > 0)
    .map((row) => ({
      code: 'focus.export_value_missing',
      severity: 'warning',
      path: name,
      message: `FOCUS ${version} demands ${name}; ${row[`null_${index}`]} rows have none and stay empty.`,
      ...atStake(row, `null_${index}`, `nullCost_${index}`),
    }));
}

/** Removed columns that no import kept aside come from their successor. */
function explainDerived(columns: readonly ExportColumn[]): Issue[] {
  return columns
    .filter(({ name }) => storedSources(name).length > 1)
    .map(({ name, from }) => {
      const kept = from.length > 1;
      return {
        code: 'focus.export_column_derived',
        severity: 'info',
        path: name,
        message: kept
          ? `${name} is the bill's own; rows whose bill had none take ServiceProviderName, which replaced it in 1.3.`
          : `No bill here gave ${name}; it is ServiceProviderName, which replaced it in 1.3.`,
        params: { kept },
      } as const;
    });
}

function explainCustom(selection: Selection, options: FocusExportOptions): Issue[] {
  const names = customColumns(selection, options.version);
  if (options.custom || names.length === 0) return [];
  return [
    {
      code: 'focus.export_custom_left_out',
      severity: 'info',
      path: 'x_',
      message: `${names.length} columns of the sources' own are left out: ${names.join(', ')}. Ask for custom columns to keep them.`,
      params: { columns: names.join(',') },
    },
  ];
}

function explainGuarded(rows: readonly Row[]): Issue[] {
  const cells = rows.reduce((sum, row) => sum + Number(row['guarded'] ?? 0), 0);
  if (cells === 0) return [];
  return [
    {
      code: 'focus.export_text_guarded',
      severity: 'info',
      path: 'csv',
      message: `${cells} cells begin like a formula and got a leading apostrophe; export verbatim to read them back unchanged.`,
      params: { cells },
    },
  ];
}

function atStake(row: Row, rows: string, cost: string): Pick<Issue, 'rows' | 'costAtStake' | 'currency'> {
  const sum = addDecimal(zero, parseDecimal(String(row[cost] ?? '0')));
  const currency = row['currency'];
  return {
    rows: Number(row[rows]),
    costAtStake: formatDecimal(sum),
    ...(typeof currency === 'string' ? { currency } : {}),
  };
}

/** Makes the finished file durable and gives it its name; returns its size. */
async function settle(temporary: string, { file, overwrite }: FocusExportOptions): Promise<number> {
  await syncFile(temporary);
  const { size } = await stat(temporary);
  if (overwrite) await rename(temporary, file);
  else await renameUnlessTaken(temporary, file);
  await syncFolder(dirname(file));
  return size;
}

/** A rename replaces silently; a hard link refuses, even when the name was taken a moment ago. */
async function renameUnlessTaken(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw errors.fileExists({ file });
    // Some network and FAT folders have no hard links; there the check before the export must do.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw cause;
    await rename(temporary, file);
  }
}
