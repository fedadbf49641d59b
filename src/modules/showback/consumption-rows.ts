import type { Issue } from '../../platform/kernel/index.ts';
import { environments } from '../organization/index.ts';
import type { RejectedCell } from './consumption-errors.ts';
import { collectFacts, type FactPart } from './consumption-parts.ts';
import { readQuantity } from './consumption-quantity.ts';
import type { ConsumptionColumn } from './consumption-sheet.ts';
import { noRegion } from './model.ts';
import { explainUnits, type UnitFactor, unitFactor } from './units.ts';

/** What rows are held against: what the caller may bring facts of. */
export interface FactReference {
  readonly applications: ReadonlyMap<string, KnownApplication>;
  readonly products: ReadonlyMap<string, KnownProduct>;
}

export interface KnownApplication {
  readonly entity: string;
  readonly environments: readonly string[];
}

export interface KnownProduct {
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
  /** Takes a row: the text of a column, empty where it has none. */
  readonly take: (row: number, cellOf: (column: ConsumptionColumn) => string, line: string) => void;
  /** A row that could not even be cut into cells. */
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

/** Starts to read rows. `months`: rows of others are rejected; absent: any. A row without a month is of the only one. */
export function readRows(reference: FactReference, months: readonly string[] | undefined): RowReader {
  const collector = collectFacts();
  const rejected: RejectedFact[] = [];
  /** By row, for what turns out only at the end. */
  const lines: string[] = [];
  const counts = { rows: 0, taken: 0, unknown: 0, rounded: 0 };
  const factorOf = rememberFactors();

  /** The quantity in the unit of its product, where it can be told. */
  function quantityOf(cellOf: CellOf, { unit }: KnownProduct, month: string, tell: Tell) {
    const given = cellOf('unit');
    const factor = given === '' ? one : factorOf(given, unit, month);
    if (typeof factor === 'string') {
      tell('unit', factor);
      return undefined;
    }
    const read = readQuantity(cellOf('quantity'), factor);
    if (typeof read !== 'string') return read;
    tell('quantity', read);
    return undefined;
  }

  return {
    take: (row, cellOf, line) => {
      counts.rows++;
      const before = rejected.length;
      const application = reference.applications.get(cellOf('application'));
      const entity = application?.entity ?? null;
      const tell = (field: string, message: string) =>
        void rejected.push({ row, field, message, entity, line });
      const product = reference.products.get(cellOf('product'));
      if (!application) tell('application', unknown('application', cellOf('application')));
      if (!product) tell('product', unknown('product', cellOf('product')));
      else if (!product.active) tell('product', `the product '${cellOf('product')}' is no longer in use`);
      const month = monthOf(cellOf('month'), months, tell);
      const kind = kindOf(cellOf('kind'), tell);
      const environment = environmentOf(cellOf('environment'), application, tell);
      const region = textOf('region', cellOf, tell) || noRegion;
      const resource = textOf('resource', cellOf, tell);
      const explanation = textOf('explanation', cellOf, tell);
      const quantity = product && month !== undefined ? quantityOf(cellOf, product, month, tell) : undefined;
      if (quantity && kind === 'INDIRECT' && quantity.units < 0n)
        tell('quantity', `${quantity.quantity} is no weight: a weight is 0 or more`);
      if (rejected.length > before || !application || !product || !quantity || month === undefined) return;
      const clash = collector.add({
        ...{
          entity: application.entity,
          period: month,
          product: cellOf('product'),
          kind,
          unit: product.unit,
        },
        ...{
          application: cellOf('application'),
          environment: environment.is,
          region,
          resource,
          row,
          explanation,
        },
        ...{ quantity: quantity.quantity, units: quantity.units },
      });
      if (clash) return tell(clash.field, clash.message);
      lines[row] = line;
      if (environment.from === 'application') counts.taken++;
      if (environment.from === 'nowhere') counts.unknown++;
      if (quantity.isRounded) counts.rounded++;
    },
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

type CellOf = (column: ConsumptionColumn) => string;
type Tell = (field: string, message: string) => void;

function unknown(what: string, id: string): string {
  return id === ''
    ? `there is no ${what}`
    : `there is no ${what} '${id.slice(0, 100)}' among those you may bring facts of`;
}

function monthOf(text: string, months: readonly string[] | undefined, tell: Tell): string | undefined {
  const month = text === '' && months?.length === 1 ? (months[0] as string) : text;
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    tell(
      'month',
      text === '' ? 'there is no month' : `'${text.slice(0, 60)}' is no month: write it as 2026-10`,
    );
    return undefined;
  }
  if (months !== undefined && !months.includes(month))
    tell('month', `this import is of ${months.join(', ')}, not of ${month}`);
  return month;
}

function kindOf(text: string, tell: Tell): 'DIRECT' | 'INDIRECT' {
  const kind = text.toUpperCase();
  if (kind === 'INDIRECT') return 'INDIRECT';
  if (kind !== 'DIRECT' && kind !== '')
    tell('kind', `'${text.slice(0, 60)}' is neither DIRECT (measured) nor INDIRECT (a weight)`);
  return 'DIRECT';
}

function environmentOf(
  text: string,
  application: KnownApplication | undefined,
  tell: Tell,
): TakenEnvironment {
  if (text === '') return environmentFor(application);
  if (!(environments as readonly string[]).includes(text))
    tell('environment', `'${text.slice(0, 60)}' is no environment: take ${environments.join(', ')}`);
  return { is: text, from: 'row' };
}

interface TakenEnvironment {
  readonly is: string;
  readonly from: 'row' | 'application' | 'nowhere';
}

/** The environment of a fact that names none: the only one of its application, else `unknown`. */
export function environmentFor(application: KnownApplication | undefined): TakenEnvironment {
  const [only, ...more] = application?.environments ?? [];
  return only !== undefined && more.length === 0
    ? { is: only, from: 'application' }
    : { is: 'unknown', from: 'nowhere' };
}

function textOf(column: keyof typeof longest, cellOf: CellOf, tell: Tell): string {
  const text = cellOf(column);
  if (text !== '' && (text.length > longest[column] || /\p{Cc}/u.test(text)))
    tell(column, `take at most ${longest[column]} characters on one line`);
  return text;
}

function findingsOf({
  taken,
  unknown: nowhere,
  rounded,
}: Readonly<Record<'taken' | 'unknown' | 'rounded', number>>): Issue[] {
  const rowsText = (count: number) => `${count} ${count === 1 ? 'row' : 'rows'}`;
  const told: readonly (readonly [number, Issue['severity'], string, string])[] = [
    [taken, 'info', 'environmentTaken', 'name no environment; the only one of their application was taken.'],
    [
      nowhere,
      'info',
      'environmentUnknown',
      "name no environment, and their application has not exactly one: 'unknown' was taken.",
    ],
    [
      rounded,
      'warning',
      'rounded',
      'do not divide in the unit of their product; they were rounded half-up at 12 decimals.',
    ],
  ];
  return told.flatMap(([rows, severity, code, sentence]) =>
    rows === 0
      ? []
      : [{ code: `consumption.${code}`, severity, path: '', message: `${rowsText(rows)} ${sentence}`, rows }],
  );
}
