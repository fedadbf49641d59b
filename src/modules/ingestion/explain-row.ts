import type { Scope } from '../../platform/kernel/index.ts';
import { type Engine, type Lake, type Row, type Session, sourcesIn } from '../../platform/warehouse/index.ts';
import {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
} from '../focus/index.ts';
import { converterOf } from './choose-converter.ts';
import { type Converter, compileConversion, compileExplanation } from './convert/converter.ts';
import { ingestionErrors } from './errors.ts';
import { mainPartitions, snapshotsOf } from './months.ts';
import { readNativeRow, readStoredRow } from './months-sql.ts';
import { type OriginFile, originOf } from './origin.ts';

/** A converted column of a row and where its value comes from. */
export interface ExplainedColumn {
  readonly column: string;
  /** As stored, as text: decimals without trailing zeros, times ISO 8601. */
  readonly value: string;
  /** The name of the rule that gave it; null when today's rules give another value (an earlier version converted it). */
  readonly rule: string | null;
  readonly says: string;
}

/** A stored row beside the row of the bill that it was made from. */
export interface ExplainedRow {
  /** `import:file:row:part`. */
  readonly id: string;
  readonly source: string;
  readonly period: string;
  readonly dataset: string;
  readonly snapshot: string;
  /** False for a snapshot that has been replaced. */
  readonly current: boolean;
  /** Path or address of the bill's file, and the row in it, from 1, the header not counted. */
  readonly file: string;
  readonly row: number;
  /** 0, or 1 for the part synthesised from a commitment fee. */
  readonly part: number;
  readonly sha256: string;
  readonly format: string;
  /** Version of the rules that made the row, and of today's. */
  readonly converterVersion: string | null;
  readonly converterVersionNow: string;
  /** Every column of the file in its order → value as text; null for an empty cell. */
  readonly original: Readonly<Record<string, string | null>>;
  /** Every converted column that has a value. */
  readonly columns: readonly ExplainedColumn[];
}

const datasets = new Map(
  [costDataset, invoiceDetailDataset, contractCommitmentDataset, billingPeriodDataset].map((dataset) => [
    dataset.name,
    dataset,
  ]),
);

/**
 * Where a stored row comes from: file, row, original values, and the rule behind each converted column. Works for every
 * snapshot that is still in the history. Refuses with `ingestion.unknownRow` (and so for a row out of scope), and a scope
 * that shows no rows.
 */
export async function explainRow(
  engine: Engine,
  lake: Lake,
  scope: Scope,
  id: string,
): Promise<ExplainedRow> {
  sourcesIn(scope);
  const place = placeOf(id);
  const { stored, ...month } = await findStored(engine, lake, scope, place);
  const { source, period, dataset, snapshot } = month;
  const origin = originOf(await lake.describe(scope, { source, period, dataset, snapshot }));
  const file = origin.files.find(({ number }) => number === place.file);
  if (!file) throw ingestionErrors.unknownRow({ id });
  const { converter } = converterOf(file.choices);
  const native = lake.resolve(file.native);
  return engine.session(async (session) => {
    const original = await readNativeRow(session, native, file.choices.columns, place.row);
    if (!original) throw ingestionErrors.unknownRow({ id });
    return {
      id,
      ...month,
      file: file.uri,
      row: place.row,
      part: place.part,
      sha256: file.sha256,
      format: file.format,
      converterVersion: textOf(stored['x_ConverterVersion']),
      converterVersionNow: converter.version,
      original: Object.fromEntries(Object.entries(original).map(([name, value]) => [name, textOf(value)])),
      columns: await explainColumns(session, { converter, native, file, place, source, stored }),
    };
  });
}

interface Place {
  readonly id: string;
  readonly importId: string;
  readonly file: number;
  readonly row: number;
  readonly part: number;
}

function placeOf(id: string): Place {
  const found = /^([0-9a-z]{1,64}):(\d{1,9}):(\d{1,15}):(\d{1,9})$/.exec(id);
  if (!found) throw ingestionErrors.unknownRow({ id });
  const [, importId = '', file, row, part] = found;
  return { id, importId, file: Number(file), row: Number(row), part: Number(part) };
}

type Found = Pick<ExplainedRow, 'source' | 'period' | 'dataset' | 'snapshot' | 'current'> & {
  readonly stored: Row;
};

/** A snapshot bears the id of its import; an import of several months has made several. */
async function findStored(engine: Engine, lake: Lake, scope: Scope, place: Place): Promise<Found> {
  for (const partition of mainPartitions(await lake.visible(scope))) {
    const dataset = datasets.get(partition.dataset);
    const entry = snapshotsOf(partition).find((snapshot) => snapshot.id === place.importId);
    if (!entry || !dataset) continue;
    const { source, period } = partition;
    const { relation } = await lake.selectMonth(scope, dataset, { source, period, snapshot: entry.id });
    const stored = await engine.session((session) => readStoredRow(session, relation, place));
    if (stored) {
      const current = entry.id === partition.current?.id;
      return { stored, source, period, dataset: dataset.name, snapshot: entry.id, current };
    }
  }
  throw ingestionErrors.unknownRow({ id: place.id });
}

/** Names the rules, and converts the row again to see that they still give what is stored. */
async function explainColumns(
  session: Session,
  of: {
    readonly converter: Converter;
    readonly native: string;
    readonly file: OriginFile;
    readonly place: Place;
    readonly source: string;
    readonly stored: Row;
  },
): Promise<ExplainedColumn[]> {
  const { converter, native, file, place, source, stored } = of;
  const { row, part, importId } = place;
  const provenance = { source, file: file.uri, fileNumber: file.number, importId };
  const [names] = await session.rows(compileExplanation(converter, native), [row, part]);
  const derived = new Set(converter.dataset.derived.map(({ name }) => name));
  const known = new Set([...converter.dataset.columns.map(({ name }) => name), ...derived]);
  const extras = Object.keys(stored).filter((name) => !known.has(name));
  const where = [`centrail_row = ${row}`, `centrail_part = ${part}`];
  const [again] = await session.rows(compileConversion(converter, native, provenance, where, extras));
  const rules = new Map(converter.columns.map((column) => [column.column, column.rules]));
  return Object.entries(stored).flatMap(([column, cell]): ExplainedColumn[] => {
    const value = textOf(cell);
    if (value === null || derived.has(column)) return [];
    if (column === 'x_ConverterVersion' || textOf(again?.[column]) === value) {
      const rule = textOf(names?.[column]);
      const says = rules.get(column)?.find(({ id }) => id === rule)?.says;
      return [{ column, value, rule: rule ?? 'provenance', says: says ?? provenanceSays }];
    }
    const says = `Converted by version ${textOf(stored['x_ConverterVersion'])} of the rules; today's (${converter.version}) give ${textOf(again?.[column]) ?? 'nothing'}.`;
    return [{ column, value, rule: null, says }];
  });
}

const provenanceSays = 'Recorded by the import: where the row comes from.';

function textOf(cell: unknown): string | null {
  if (cell === null || cell === undefined) return null;
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}
