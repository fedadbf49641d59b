import type { Issue } from '../../platform/kernel/index.ts';
import { environments } from '../organization/index.ts';
import { type ColumnPlaces, cellText } from './consumption-columns.ts';
import type { RejectedCell } from './consumption-errors.ts';
import { collectFacts, type FactCollector, type FactPart } from './consumption-parts.ts';
import { isPlainQuantity, readQuantity } from './consumption-quantity.ts';
import { type ConsumptionKind, noRegion } from './model.ts';
import { explainUnits, type UnitFactor, unitFactor } from './units.ts';

/** What rows are held against: what the caller may bring facts of. */
export interface FactReference {
  readonly applications: ReadonlyMap<string, KnownApplication>;
  readonly products: ReadonlyMap<string, KnownProduct>;
}

export interface KnownApplication {
  readonly id: string;
  readonly entity: string;
  readonly environments: readonly string[];
}

export interface KnownProduct {
  readonly id: string;
  readonly unit: string;
  readonly active: boolean;
}

/** A row that is not taken: why, and whose it would be. */
export interface RejectedFact extends RejectedCell {
  readonly entity: string | null;
  /** As it stands in the file. */
  readonly line: string;
}

/** Reads rows one by one. */
export interface RowReader {
  /** Takes a row that has a cell for each column. */
  readonly take: (row: number, cells: readonly string[], line: string) => void;
  /** A row that could not be cut into cells, or not into as many. */
  readonly reject: (row: number, message: string, line: string) => void;
  readonly finish: () => Promise<ReadRows>;
}

export interface ReadRows {
  readonly parts: readonly FactPart[];
  /** By row. */
  readonly rejected: readonly RejectedFact[];
  readonly rows: number;
  /** What was taken for granted, and what was rounded. */
  readonly findings: readonly Issue[];
}

/** Longest texts of a fact. */
const longest = { region: 100, resource: 200, explanation: 1000 } as const;

/** What is known while rows are read. */
interface Reading {
  readonly reference: FactReference;
  readonly at: ColumnPlaces;
  readonly collector: FactCollector;
  readonly rejected: RejectedFact[];
  /** By row, for what turns out only at the end. */
  readonly lines: string[];
  readonly counts: { rows: number; taken: number; unknown: number; rounded: number };
  readonly monthOf: (reading: Reading, text: string) => string | undefined;
  readonly factorOf: (unit: string, productUnit: string, month: string) => UnitFactor | string;
  /** Of the row that is being read; the last two count once it is taken. */
  now: { readonly row: number; readonly line: string; readonly entity: string | null };
  guessed: 'taken' | 'unknown' | undefined;
  isRounded: boolean;
}

/**
 * Starts to read rows. `months`: rows of others are rejected; absent: any. A row without a month is of the only one. Hundreds of
 * thousands of rows come through here: what does not fit costs, what fits does not.
 */
export function readRows(
  reference: FactReference,
  at: ColumnPlaces,
  months: readonly string[] | undefined,
): RowReader {
  const reading: Reading = {
    ...{ reference, at, collector: collectFacts(), rejected: [], lines: [], factorOf: rememberFactors() },
    ...{ counts: { rows: 0, taken: 0, unknown: 0, rounded: 0 }, monthOf: monthReader(months) },
    ...{ now: { row: 0, line: '', entity: null }, guessed: undefined, isRounded: false },
  };
  const { rejected, counts, collector, lines } = reading;
  return {
    take: (row, cells, line) => takeRow(reading, row, cells, line),
    reject: (row, message, line) => {
      counts.rows++;
      rejected.push({ row, field: '', message, line, entity: null });
    },
    finish: async () => {
      const { parts, doubles } = await collector.finish();
      for (const double of doubles) rejected.push({ ...double, line: lines[double.row] ?? '' });
      rejected.sort((a, b) => a.row - b.row);
      return { parts, rejected, rows: counts.rows, findings: findingsOf(counts) };
    },
  };
}

function tell({ rejected, now }: Reading, field: string, message: string): void {
  rejected.push({ ...now, field, message });
}

function takeRow(reading: Reading, row: number, cells: readonly string[], line: string): void {
  const { reference, at, rejected, counts } = reading;
  counts.rows++;
  const before = rejected.length;
  const applicationId = cellText(cells, at.application);
  const productId = cellText(cells, at.product);
  const application = reference.applications.get(applicationId);
  const product = reference.products.get(productId);
  reading.now = { row, line, entity: application?.entity ?? null };
  reading.guessed = undefined;
  reading.isRounded = false;
  if (!application) tell(reading, 'application', unknown('application', applicationId));
  if (!product) tell(reading, 'product', unknown('product', productId));
  else if (!product.active) tell(reading, 'product', `the product '${productId}' is no longer in use`);
  const period = reading.monthOf(reading, cellText(cells, at.month));
  const kind = kindOf(reading, cellText(cells, at.kind));
  const environment = environmentOf(reading, cellText(cells, at.environment), application);
  const region = shortText(reading, 'region', cellText(cells, at.region)) || noRegion;
  const resource = shortText(reading, 'resource', cellText(cells, at.resource));
  const explanation = shortText(reading, 'explanation', cellText(cells, at.explanation));
  const quantity = product && period !== undefined ? quantityOf(reading, cells, product, period) : undefined;
  if (kind === 'INDIRECT' && quantity?.startsWith('-'))
    tell(reading, 'quantity', `${quantity} is no weight: a weight is 0 or more`);
  if (rejected.length > before || !application || !product || period === undefined || quantity === undefined)
    return;
  const clash = reading.collector.add({
    entity: application.entity,
    period,
    product: product.id,
    kind,
    unit: product.unit,
    application: application.id,
    environment,
    region,
    resource,
    quantity,
    row,
    explanation,
  });
  if (clash) {
    tell(reading, clash.field, clash.message);
    return;
  }
  reading.lines[row] = line;
  if (reading.guessed) counts[reading.guessed]++;
  if (reading.isRounded) counts.rounded++;
}

/** The quantity in the product's unit; undefined where it is none, which is told. */
function quantityOf(
  reading: Reading,
  cells: readonly string[],
  product: KnownProduct,
  month: string,
): string | undefined {
  const unit = cellText(cells, reading.at.unit);
  const text = cellText(cells, reading.at.quantity);
  const isSame = unit === '' || unit === product.unit;
  if (isSame && isPlainQuantity(text)) return text;
  const factor = isSame ? one : reading.factorOf(unit, product.unit, month);
  if (typeof factor === 'string') {
    tell(reading, 'unit', factor);
    return undefined;
  }
  const read = readQuantity(text, factor);
  if (typeof read === 'string') {
    tell(reading, 'quantity', read);
    return undefined;
  }
  reading.isRounded = read.isRounded;
  return read.quantity;
}

function environmentOf(reading: Reading, text: string, application: KnownApplication | undefined): string {
  if (text !== '') {
    if (!(environments as readonly string[]).includes(text))
      tell(
        reading,
        'environment',
        `'${text.slice(0, 60)}' is no environment: take ${environments.join(', ')}`,
      );
    return text;
  }
  const taken = environmentFor(application);
  reading.guessed = taken === undefined ? 'unknown' : 'taken';
  return taken ?? 'unknown';
}

const one: UnitFactor = { numerator: 1n, denominator: 1n };

/** Factors between units, each looked up once; a text says why there is none. */
function rememberFactors(): (unit: string, productUnit: string, month: string) => UnitFactor | string {
  const factors = new Map<string, UnitFactor | string>();
  return (unit, productUnit, month) => {
    const key = `${unit}\n${productUnit}\n${month}`;
    const known = factors.get(key);
    if (known !== undefined) return known;
    const factor =
      unitFactor(unit, productUnit, month) ?? explainUnits(unit, productUnit) ?? 'they do not convert';
    factors.set(key, factor);
    return factor;
  };
}

function unknown(what: string, id: string): string {
  return id === ''
    ? `there is no ${what}`
    : `there is no ${what} '${id.slice(0, 100)}' among those you may bring facts of`;
}

/** Months come in stretches: the one before is known. */
function monthReader(months: readonly string[] | undefined): Reading['monthOf'] {
  let last: string | undefined;
  return (reading, text) => {
    const month = text === '' && months?.length === 1 ? (months[0] as string) : text;
    if (month === last) return last;
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      const problem =
        text === '' ? 'there is no month' : `'${text.slice(0, 60)}' is no month: write it as 2026-10`;
      tell(reading, 'month', problem);
      return undefined;
    }
    if (months === undefined || months.includes(month)) last = month;
    else tell(reading, 'month', `this import is of ${months.join(', ')}, not of ${month}`);
    return month;
  };
}

function kindOf(reading: Reading, text: string): ConsumptionKind {
  if (text === '' || text === 'DIRECT') return 'DIRECT';
  const kind = text.toUpperCase();
  if (kind === 'INDIRECT') return 'INDIRECT';
  if (kind !== 'DIRECT')
    tell(reading, 'kind', `'${text.slice(0, 60)}' is neither DIRECT (measured) nor INDIRECT (a weight)`);
  return 'DIRECT';
}

/** The environment of a fact that names none: the only one of its application; undefined where it has not exactly one. */
export function environmentFor(application: KnownApplication | undefined): string | undefined {
  return application?.environments.length === 1 ? application.environments[0] : undefined;
}

function shortText(reading: Reading, column: keyof typeof longest, text: string): string {
  if (text !== '' && (text.length > longest[column] || /\p{Cc}/u.test(text)))
    tell(reading, column, `take at most ${longest[column]} characters on one line`);
  return text;
}

function findingsOf(counts: Readonly<Record<'taken' | 'unknown' | 'rounded', number>>): Issue[] {
  const told: readonly (readonly [number, Issue['severity'], string, string])[] = [
    [
      counts.taken,
      'info',
      'environmentTaken',
      'name no environment; the only one of their application was taken.',
    ],
    [
      counts.unknown,
      'info',
      'environmentUnknown',
      "name no environment, and their application has not exactly one: 'unknown' was taken.",
    ],
    [
      counts.rounded,
      'warning',
      'rounded',
      'do not divide in the unit of their product; they were rounded half-up at 12 decimals.',
    ],
  ];
  return told.flatMap(([rows, severity, code, sentence]) => {
    if (rows === 0) return [];
    const message = `${rows} ${rows === 1 ? 'row' : 'rows'} ${sentence}`;
    return [{ code: `consumption.${code}`, severity, path: '', message, rows }];
  });
}
