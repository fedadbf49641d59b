import { type Caller, everything, type Issue, must } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { DeriveResult } from './consumption-contract.ts';
import { consumptionErrors } from './consumption-errors.ts';
import type { ConsumptionWorld, ImportHooks } from './consumption-import.ts';
import { collectFacts } from './consumption-parts.ts';
import { quantityText, readQuantity, unitsOf } from './consumption-quantity.ts';
import { isEntityInUse, readReference } from './consumption-reference-sql.ts';
import { type Delivery, planDelivery, replaceConsumption } from './consumption-replace.ts';
import { changesOf, problemsOf, shownFinding } from './consumption-result.ts';
import { environmentFor, type FactReference } from './consumption-rows.ts';
import { type ConsumptionKind, noRegion, type OriginKind } from './model.ts';
import { type Origin, readOrigins } from './origin-sql.ts';
import { unitFactor } from './units.ts';

/** What is derived: the origins of one product that say the same, in one month. */
export interface DerivedOrigin {
  readonly month: string;
  readonly kind: Exclude<OriginKind, 'import'>;
  readonly source: string;
  readonly product: string;
  /** Of the product. */
  readonly unit: string;
  readonly definition: unknown;
  /** Whose facts are made. */
  readonly entities: readonly string[];
  /** False for applications that the asker knows nothing of: they are neither taken nor told. Null: none could be made. */
  readonly isShown: (application: string | null) => boolean;
}

/** A quantity that a deriver found for an application. Several for one cell are added up. */
export interface DerivedRow {
  readonly application: string;
  /** Null: the application's only environment, else `unknown`. */
  readonly environment: string | null;
  readonly region: string | null;
  /** Decimal text in the product's unit, of at most 12 decimals; a weight when the kind is INDIRECT. */
  readonly quantity: string;
  /** Why this quantity, as a sentence. */
  readonly explanation: string;
}

/** What a deriver found, and what it could not take, with its quantity. */
export interface DerivedRows {
  readonly kind: ConsumptionKind;
  readonly rows: readonly DerivedRow[];
  readonly findings: readonly Issue[];
}

/**
 * Makes facts of one kind of origin; writes nothing. It reads past the limits of whoever asks, so that the facts are the same
 * whoever does, and tells only what `isShown` says.
 */
export type Deriver = (
  world: ConsumptionWorld,
  caller: Caller,
  origin: DerivedOrigin,
) => Promise<DerivedRows>;

/** One for each kind that is derived; a kind without one is refused with `consumption.cannotDerive`. */
export type Derivers = Readonly<Partial<Record<DerivedOrigin['kind'], Deriver>>>;

/** Which facts are made again. */
export interface DeriveAsked {
  readonly month: string;
  readonly product?: string | undefined;
  readonly entity?: string | undefined;
  readonly dryRun: boolean;
}

/**
 * Makes the facts of a month anew whose origin is no import: each rule replaces what it said before of its products, and nothing
 * else. What it finds for applications that are unknown, or of entities for which nobody declared it, is told with its quantity.
 *
 * Refusals: `consumption.nothingToDerive`, `consumption.cannotDerive`, those of `replaceConsumption`, and of the derivers.
 */
export async function deriveConsumption(
  world: ConsumptionWorld,
  derivers: Derivers,
  caller: Caller,
  asked: DeriveAsked,
  { onStep = () => {}, signal }: ImportHooks = {},
): Promise<DeriveResult> {
  const { month, product = null, dryRun } = asked;
  const records = await world.records();
  const { reference, origins } = await records.read(caller, async (tx) => {
    if (asked.entity !== undefined && !(await isEntityInUse(tx, asked.entity)))
      throw consumptionErrors.unknownEntity({ entity: asked.entity });
    const found = await readReference(tx, asked.entity);
    const declared = await readOrigins(tx, {
      ...{ month, kinds: ['focus', 'allocation', 'derived'] },
      entities: asked.entity === undefined ? undefined : [asked.entity],
      products: product === null ? undefined : [product],
    });
    const isShown = (application: string | null) =>
      (caller.scope.kind === 'all' && asked.entity === undefined) ||
      (application !== null && found.applications.has(application));
    return { reference: found, origins: derivedOrigins(month, declared, found, isShown) };
  });
  if (origins.length === 0) throw consumptionErrors.nothingToDerive({ month, product });
  const missing = origins.find(({ kind }) => derivers[kind] === undefined);
  if (missing) throw consumptionErrors.cannotDerive({ kind: missing.kind });
  const derived: Derived[] = [];
  for (const origin of origins) {
    signal?.throwIfAborted();
    onStep(`${origin.kind} ${origin.product}`);
    derived.push(await deriveOne(world, derivers, caller, { origin, reference }));
  }
  onStep('replace');
  const items = await keep(world, caller, derived, dryRun);
  return { schemaVersion: 1, month, dryRun, items };
}

/** What a rule says, and what it leaves out. */
interface Derived {
  readonly delivery: Delivery;
  readonly findings: readonly Issue[];
}

/** All of them in one transaction: a rule that is refused leaves nothing of the others. */
async function keep(
  { records, workspace }: ConsumptionWorld,
  caller: Caller,
  derived: readonly Derived[],
  dryRun: boolean,
): Promise<DeriveResult['items']> {
  const work = async (tx: Tx) => {
    const items: DeriveResult['items'] = [];
    for (const { delivery, findings } of derived) {
      const done = dryRun
        ? { ...(await planDelivery(tx, delivery)), import: null }
        : await replaceConsumption(tx, caller, delivery, workspace.clock);
      items.push({
        ...{ kind: delivery.kind, source: delivery.source, product: delivery.products?.[0] ?? '' },
        ...{ import: done.import, changes: changesOf(done) },
        status: dryRun ? 'dry-run' : done.import === null ? 'unchanged' : 'imported',
        problems: dryRun ? problemsOf(done).map(({ code, message }) => ({ code, message })) : [],
        findings: findings.map(shownFinding),
      });
    }
    return items;
  };
  const opened = await records();
  return dryRun ? opened.read(caller, work) : opened.write(caller, work);
}

/** Origins that say the same of a product are one: a rule over the bill of a group is asked once. */
function derivedOrigins(
  month: string,
  origins: readonly Origin[],
  { products }: FactReference,
  isShown: DerivedOrigin['isShown'],
): DerivedOrigin[] {
  const groups = new Map<string, DerivedOrigin & { readonly entities: string[] }>();
  for (const { kind, source, product, definition, entity } of origins) {
    if (kind === 'import') continue;
    const key = JSON.stringify([kind, source, product, definition]);
    const { unit } = must(products.get(product), 'the product of an origin');
    const said = { month, kind, source, product, unit, definition, isShown };
    const group = groups.get(key) ?? { ...said, entities: [] };
    group.entities.push(entity);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function deriveOne(
  world: ConsumptionWorld,
  derivers: Derivers,
  caller: Caller,
  { origin, reference }: { readonly origin: DerivedOrigin; readonly reference: FactReference },
): Promise<Derived> {
  const { kind, source, product, month, entities } = origin;
  const derive = must(derivers[kind], 'the deriver of a kind');
  const found = await derive(world, { ...caller, scope: everything }, origin);
  const { parts, findings } = await partsOf(origin, found, reference);
  const rows = { read: found.rows.length, rejected: 0 };
  return {
    delivery: {
      kind,
      source,
      origin: `rule ${source}`,
      periods: [month],
      entities,
      products: [product],
      parts,
      rows,
    },
    findings: [...found.findings, ...findings],
  };
}

interface DerivedCell {
  readonly row: DerivedRow;
  readonly environment: string;
  readonly entity: string;
  readonly reasons: string[];
  units: bigint;
}

/** Facts of the applications of the origin's entities; everything else is a finding. */
async function partsOf(origin: DerivedOrigin, { kind, rows }: DerivedRows, { applications }: FactReference) {
  const { month, product, unit, entities } = origin;
  const collector = collectFacts();
  const unknown: DerivedRow[] = [];
  const foreign: DerivedRow[] = [];
  const cells = new Map<string, DerivedCell>();
  for (const row of rows) {
    const application = applications.get(row.application);
    if (!application) unknown.push(row);
    else if (!entities.includes(application.entity)) foreign.push(row);
    else {
      const environment = row.environment ?? environmentFor(application) ?? 'unknown';
      const key = `${row.application}\n${environment}\n${row.region ?? noRegion}`;
      const cell = cells.get(key) ?? { row, environment, entity: application.entity, units: 0n, reasons: [] };
      cell.units += unitsOf(row.quantity);
      cell.reasons.push(row.explanation);
      cells.set(key, cell);
    }
  }
  const negative = kind === 'INDIRECT' ? [...cells.values()].filter(({ units }) => units < 0n) : [];
  if (negative.length > 0) {
    const named = negative
      .slice(0, 10)
      .map(({ row, units }) => `${row.application} (${quantityText(units)})`);
    throw consumptionErrors.negativeWeights({ product, month, count: negative.length, applications: named });
  }
  for (const { row, environment, entity, units, reasons } of cells.values())
    collector.add({
      ...{ entity, period: month, product, kind, unit, application: row.application, environment },
      ...{ region: row.region ?? noRegion, resource: '', quantity: quantityText(units), row: 0 },
      explanation: reasons.join('; ').slice(0, 1000),
    });
  const { parts } = await collector.finish();
  return {
    parts,
    findings: [
      ...leftOut('unknownApplications', unknown, origin),
      ...leftOut('otherEntities', foreign, origin),
    ],
  };
}

function leftOut(
  code: 'unknownApplications' | 'otherEntities',
  rows: readonly DerivedRow[],
  origin: DerivedOrigin,
): Issue[] {
  if (rows.length === 0) return [];
  const sum = quantityText(rows.reduce((total, row) => total + unitsOf(row.quantity), 0n));
  const ids = [...new Set(rows.map(({ application }) => application))];
  const named = `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` and ${ids.length - 5} more` : ''}`;
  const why =
    code === 'unknownApplications'
      ? 'are no applications that you may bring facts of'
      : `are of entities for which '${origin.source}' is not declared`;
  const message = `${sum} ${origin.unit} of '${origin.product}' are left out: ${named} ${why}.`;
  return [
    { code: `consumption.${code}`, severity: 'warning', path: origin.product, message, rows: rows.length },
  ];
}

/**
 * A quantity of a bill in the product's unit: exact where it divides, else rounded half-up at 12 decimals. Undefined where the
 * units do not convert, or what comes out cannot be kept.
 */
export function convertedQuantity(
  quantity: string,
  from: string,
  to: string,
  month: string,
): string | undefined {
  const factor = unitFactor(from, to, month);
  const read = factor && readQuantity(quantity, factor);
  return read === undefined || typeof read === 'string' ? undefined : read.quantity;
}
