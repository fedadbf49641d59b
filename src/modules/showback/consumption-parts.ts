import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { RejectedCell } from './consumption-errors.ts';
import { quantityText, unitsOf } from './consumption-quantity.ts';
import type { ConsumptionKind } from './model.ts';

/** Facts of one product in an entity's month, by column; all columns are of one length. */
export interface FactColumns {
  readonly application: string[];
  readonly environment: string[];
  readonly region: string[];
  /** A finer name within the cell; empty: the whole. */
  readonly resource: string[];
  /** Decimal text in the product's unit. */
  readonly quantity: string[];
  /** Row of the file or list; 0: none. */
  readonly row: number[];
  /** Why this quantity; empty: the import says it. */
  readonly explanation: string[];
}

/** What one origin says of a product in an entity's month: the piece that is replaced as a whole. */
export interface FactPart {
  readonly entity: string;
  readonly period: string;
  readonly product: string;
  readonly kind: ConsumptionKind;
  /** Of the product. */
  readonly unit: string;
  /** Sorted by application, environment, region, resource; no key twice. */
  readonly columns: FactColumns;
  readonly facts: number;
  /** Σ, decimal text. */
  readonly quantity: string;
  /** The same by environment and region. */
  readonly cells: readonly PartCell[];
  /** SHA-256 of the facts: the same facts in another order or of another import have the same. */
  readonly hash: string;
}

/** Sums of a part in one environment and region. */
export interface PartCell {
  readonly environment: string;
  readonly region: string;
  readonly quantity: string;
  readonly applications: number;
  readonly facts: number;
}

/** A fact as it is collected. */
export interface GivenFact extends Pick<FactPart, 'entity' | 'period' | 'product' | 'kind' | 'unit'> {
  readonly application: string;
  readonly environment: string;
  readonly region: string;
  readonly resource: string;
  /** Decimal text in the product's unit, at most 12 decimals. */
  readonly quantity: string;
  /** Row of the file or list; 0: none. */
  readonly row: number;
  readonly explanation: string;
}

/** Collects facts into parts. */
export interface FactCollector {
  /** Takes a fact, or says why it does not go with those before. */
  readonly add: (fact: GivenFact) => RejectedCell | undefined;
  /** Every part in the order of entity, month, product, and the rows that say the same cell twice, all of them left out. */
  readonly finish: () => Promise<{ readonly parts: FactPart[]; readonly doubles: DoubleFact[] }>;
}

/** A row that says what another one says too. */
export interface DoubleFact extends RejectedCell {
  readonly entity: string;
}

interface OpenPart extends Omit<FactPart, 'facts' | 'quantity' | 'cells' | 'hash'> {
  readonly firstRow: number;
}

/** Longer work lets others come in between. */
const turnMs = 15;

/** Starts a collection. A product is measured or weighed in an entity's month, not both. */
export function collectFacts(): FactCollector {
  // By product, entity and month, in this order: products change most from row to row.
  const open = new Map<string, Map<string, Map<string, OpenPart>>>();
  return {
    add: (fact) => {
      const part = partFor(open, fact);
      if (part.kind === fact.kind) return addTo(part.columns, fact);
      const { product, period, row } = fact;
      const message = `row ${part.firstRow} says ${part.kind} for '${product}' in ${period}: a product is measured or weighed, not both`;
      return { row, field: 'kind', message };
    },
    finish: async () => {
      const parts: FactPart[] = [];
      const doubles: DoubleFact[] = [];
      let turn = performance.now();
      const found = [...open.values()].flatMap((byEntity) =>
        [...byEntity.values()].flatMap((byMonth) => [...byMonth.values()]),
      );
      for (const part of found.sort(compareParts)) {
        const sorted = sortedPart(part, doubles);
        if (sorted) parts.push(sorted);
        if (performance.now() - turn < turnMs) continue;
        await setImmediate();
        turn = performance.now();
      }
      return { parts, doubles };
    },
  };
}

function partFor(open: Map<string, Map<string, Map<string, OpenPart>>>, fact: GivenFact): OpenPart {
  const { entity, period, product, kind, unit, row } = fact;
  const byEntity = open.get(product) ?? new Map<string, Map<string, OpenPart>>();
  if (byEntity.size === 0) open.set(product, byEntity);
  const byMonth = byEntity.get(entity) ?? new Map<string, OpenPart>();
  if (byMonth.size === 0) byEntity.set(entity, byMonth);
  const found = byMonth.get(period);
  if (found) return found;
  const part: OpenPart = { entity, period, product, kind, unit, firstRow: row, columns: emptyColumns() };
  byMonth.set(period, part);
  return part;
}

function compareParts(a: OpenPart, b: OpenPart): number {
  if (a.entity !== b.entity) return a.entity < b.entity ? -1 : 1;
  if (a.period !== b.period) return a.period < b.period ? -1 : 1;
  return a.product < b.product ? -1 : 1;
}

function emptyColumns(): FactColumns {
  return {
    application: [],
    environment: [],
    region: [],
    resource: [],
    quantity: [],
    row: [],
    explanation: [],
  };
}

function addTo(columns: FactColumns, fact: GivenFact): undefined {
  columns.application.push(fact.application);
  columns.environment.push(fact.environment);
  columns.region.push(fact.region);
  columns.resource.push(fact.resource);
  columns.quantity.push(fact.quantity);
  columns.row.push(fact.row);
  columns.explanation.push(fact.explanation);
}

/** The part in the order of its keys; undefined where doubles were all that there was. */
function sortedPart(part: OpenPart, doubles: DoubleFact[]): FactPart | undefined {
  const { entity, period, product, kind, unit, columns } = part;
  const unsorted = columns.application.map((_, index) => index);
  const order = orderOf(columns, unsorted);
  const isDouble = doublesIn(part, order, doubles);
  const kept = isDouble === undefined ? order : order.filter((index) => !isDouble.has(index));
  if (kept.length === 0) return undefined;
  const pick = <T>(column: readonly T[]) => kept.map((index) => column[index] as T);
  const sorted: FactColumns =
    kept === unsorted
      ? columns
      : {
          application: pick(columns.application),
          environment: pick(columns.environment),
          region: pick(columns.region),
          resource: pick(columns.resource),
          quantity: pick(columns.quantity),
          row: pick(columns.row),
          explanation: pick(columns.explanation),
        };
  const { quantity, cells } = sumsOf(sorted);
  const hash = hashOf(kind, unit, sorted);
  return {
    entity,
    period,
    product,
    kind,
    unit,
    columns: sorted,
    facts: sorted.row.length,
    quantity,
    cells,
    hash,
  };
}

/** Sums of sorted facts: an application's lines stand together. */
function sumsOf({
  application,
  environment,
  region,
  quantity,
}: FactColumns): Pick<FactPart, 'quantity' | 'cells'> {
  const open = new Map<
    string,
    { at: number; units: bigint; facts: number; applications: number; last: string }
  >();
  let total = 0n;
  for (let i = 0; i < quantity.length; i++) {
    const key = `${environment[i]}\n${region[i]}`;
    let cell = open.get(key);
    if (!cell) {
      cell = { at: i, units: 0n, facts: 0, applications: 0, last: '' };
      open.set(key, cell);
    }
    const units = unitsOf(quantity[i] as string);
    total += units;
    cell.units += units;
    cell.facts++;
    if (application[i] === cell.last) continue;
    cell.applications++;
    cell.last = application[i] as string;
  }
  const cells = [...open.values()].map(({ at, units, facts, applications }) => ({
    ...{ environment: environment[at] as string, region: region[at] as string },
    ...{ quantity: quantityText(units), applications, facts },
  }));
  return { quantity: quantityText(total), cells };
}

/** Rows in the order of their keys; the list itself where that is how they stand. */
function orderOf(columns: FactColumns, rows: number[]): number[] {
  const isSorted = rows.every((index) => index === 0 || compareKeys(columns, index - 1, index) <= 0);
  return isSorted ? rows : [...rows].sort((a, b) => compareKeys(columns, a, b) || a - b);
}

function compareKeys(
  { application, environment, region, resource }: FactColumns,
  a: number,
  b: number,
): number {
  for (const column of [application, environment, region, resource]) {
    const [x, y] = [column[a] as string, column[b] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Rows of one cell name each other: which of them is right, nobody can tell. */
function doublesIn(
  { entity, product, period, columns }: OpenPart,
  order: readonly number[],
  doubles: DoubleFact[],
): ReadonlySet<number> | undefined {
  let found: Set<number> | undefined;
  const tell = (index: number, other: number) => {
    const { application, environment, region, resource, row } = columns;
    const named = [environment[index], region[index], resource[index]]
      .filter((name) => name !== '')
      .join(', ');
    const message = `'${product}' of '${application[index]}' in ${period} (${named}) stands in row ${row[other]} too: add the two up, or name their resources`;
    doubles.push({ row: row[index] as number, field: '', message, entity });
  };
  for (let place = 1; place < order.length; place++) {
    const [before, index] = [order[place - 1] as number, order[place] as number];
    if (compareKeys(columns, before, index) !== 0) continue;
    found ??= new Set();
    if (!found.has(before)) tell(before, index);
    tell(index, before);
    found.add(before).add(index);
  }
  return found;
}

const betweenFields = '\u001f';

function hashOf(kind: ConsumptionKind, unit: string, columns: FactColumns): string {
  const { application, environment, region, resource, quantity, explanation } = columns;
  const hash = createHash('sha256').update(`${kind}${betweenFields}${unit}\n`);
  for (let start = 0; start < application.length; start += 2000) {
    let text = '';
    const end = Math.min(start + 2000, application.length);
    for (let i = start; i < end; i++)
      text += `${application[i]}${betweenFields}${environment[i]}${betweenFields}${region[i]}${betweenFields}${resource[i]}${betweenFields}${quantity[i]}${betweenFields}${explanation[i]}\n`;
    hash.update(text);
  }
  return hash.digest('hex');
}
