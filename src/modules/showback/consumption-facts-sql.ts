import { type RawBuilder, sql } from 'kysely';
import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { FactPart } from './consumption-parts.ts';
import type { ConsumptionKind, OriginKind } from './model.ts';

/** What is kept of a part besides its facts. */
export interface StoredPart {
  readonly entity: string;
  readonly period: string;
  readonly product: string;
  readonly originKind: OriginKind;
  readonly source: string;
  /** Id of the import that brought it. */
  readonly import: string;
  readonly kind: ConsumptionKind;
  readonly unit: string;
  readonly hash: string;
  readonly facts: number;
  readonly quantity: string;
}

/** Which parts. What is absent does not narrow. */
export interface AskedParts {
  readonly originKind?: OriginKind | undefined;
  readonly source?: string | undefined;
  readonly periods?: readonly string[] | undefined;
  readonly entities?: readonly string[] | undefined;
  readonly products?: readonly string[] | undefined;
  /** First month, and the first one that is no longer asked for. */
  readonly from?: string | undefined;
  readonly before?: string | undefined;
}

/** Who changes consumption of an entity has it alone, so that sums are of all facts. */
export async function lockConsumption(tx: Tx, entities: readonly string[]): Promise<void> {
  for (const entity of [...new Set(entities)].sort())
    await sql`select pg_advisory_xact_lock(hashtextextended(${`finops.consumption ${entity}`}, 0))`.execute(
      tx,
    );
}

/** Parts by entity, month and product, as far as the caller sees them. */
export async function readParts(tx: Tx, asked: AskedParts): Promise<readonly StoredPart[]> {
  const { originKind, source, periods, entities, products, from, before } = asked;
  const among = (column: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [sql`${sql.ref(column)} = any(${[...values]})`];
  const conditions: RawBuilder<unknown>[] = [
    sql`true`,
    ...(originKind === undefined ? [] : [sql`origin_kind = ${originKind}`]),
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...among('period', periods),
    ...among('entity_id', entities),
    ...among('product_id', products),
    ...(from === undefined ? [] : [sql`period >= ${from}`]),
    ...(before === undefined ? [] : [sql`period < ${before}`]),
  ];
  const { rows } = await sql<StoredPart>`
    select entity_id as entity, period, product_id as product, origin_kind as "originKind", source, import_id::text as import, kind,
      unit, content_hash as hash, facts, quantity::text as quantity
    from consumption_part
    where ${sql.join(conditions, sql` and `)}
    order by entity_id, period, product_id`.execute(tx);
  return rows.map((part) => ({ ...part, quantity: formatDecimal(parseDecimal(part.quantity)) }));
}

/** One product after another of an entity's month. */
export interface MonthAt {
  readonly entity: string;
  readonly period: string;
}

/** Takes away the facts of parts of an entity's month, and their sums. */
export async function deleteFacts(
  tx: Tx,
  { entity, period }: MonthAt,
  parts: readonly StoredPart[],
): Promise<void> {
  const products = [...new Set(parts.map(({ product }) => product))];
  const imports = [...new Set(parts.map((part) => part.import))];
  const isIn = sql`period = ${period} and entity_id = ${entity} and product_id = any(${products})`;
  // The number of the import leads to them.
  const isOf = sql`import_id = any(${imports}::bigint[])`;
  await sql`delete from consumption where ${isIn} and ${isOf}`.execute(tx);
  await sql`delete from consumption_summary where ${isIn} and ${isOf}`.execute(tx);
  await sql`delete from consumption_product where ${isIn}`.execute(tx);
  await sql`delete from consumption_part where ${isIn}`.execute(tx);
}

/** Rows of one statement: a few megabytes, and a wait that nobody notices. */
const batchRows = 20_000;

/** Adds the facts of parts of one entity's month, in the order of their key; nothing is there of these products. */
export async function insertFacts(
  tx: Tx,
  { entity, period }: MonthAt,
  parts: readonly FactPart[],
  importId: string,
): Promise<void> {
  for (const batch of batchesOf(parts)) {
    const columns = [
      columnOf('text', batch.application),
      columnOf('text', batch.product),
      columnOf('text', batch.environment),
      columnOf('text', batch.region),
      columnOf('text', batch.resource),
      columnOf('text', batch.kind),
      columnOf('numeric', batch.quantity),
      columnOf('integer', batch.row),
      columnOf('text', batch.explanation),
    ];
    const [application, product, environment, region, resource, kind, quantity, row, explanation] =
      columns.map(({ constant }, index) => constant ?? sql.ref(`c${index}`));
    const arrays = columns.flatMap(({ array }) => (array ? [array] : []));
    const names = columns.flatMap(({ array }, index) => (array ? [sql.ref(`c${index}`)] : []));
    await sql`
      insert into consumption (period, entity_id, application_id, product_id, environment, region, resource, kind, quantity, import_id,
        row_number, explanation)
      select ${period}, ${entity}, ${application}, ${product}, ${environment}, ${region}, ${resource}, ${kind}, ${quantity},
        ${importId}::bigint, nullif(${row}, 0), nullif(${explanation}, '')
      from unnest(${sql.join(arrays)}) as given(${sql.join(names)})`.execute(tx);
  }
}

interface Batch {
  readonly application: string[];
  readonly product: string[];
  readonly environment: string[];
  readonly region: string[];
  readonly resource: string[];
  readonly kind: string[];
  readonly quantity: string[];
  readonly row: number[];
  readonly explanation: string[];
}

function* batchesOf(parts: readonly FactPart[]): Generator<Batch> {
  let open = emptyBatch();
  for (const { product, kind, columns, facts } of parts) {
    for (let start = 0; start < facts; ) {
      const end = Math.min(facts, start + batchRows - open.application.length);
      for (const name of [
        'application',
        'environment',
        'region',
        'resource',
        'quantity',
        'explanation',
      ] as const)
        for (let i = start; i < end; i++) open[name].push(columns[name][i] as string);
      for (let i = start; i < end; i++) {
        open.row.push(columns.row[i] as number);
        open.product.push(product);
        open.kind.push(kind);
      }
      start = end;
      if (open.application.length < batchRows) continue;
      yield open;
      open = emptyBatch();
    }
  }
  if (open.application.length > 0) yield open;
}

function emptyBatch(): Batch {
  return {
    ...{ application: [], product: [], environment: [], region: [], resource: [], kind: [] },
    ...{ quantity: [], row: [], explanation: [] },
  };
}

/** A column that says one thing in every row is sent once. Quantities are always an array: there has to be one. */
function columnOf(
  type: 'text' | 'numeric' | 'integer',
  values: readonly (string | number)[],
): { readonly array?: RawBuilder<unknown>; readonly constant?: RawBuilder<unknown> } {
  const [first = ''] = values;
  const cast = sql.raw(type);
  if (type !== 'numeric' && values.every((value) => value === first))
    return { constant: sql`${first}::${cast}` };
  return { array: sql`${arrayText(type, values)}::${cast}[]` };
}

/** As the driver would write it, without a look at each value where none needs one. */
function arrayText(type: 'text' | 'numeric' | 'integer', values: readonly (string | number)[]): string {
  if (type !== 'text') return `{${values.join(',')}}`;
  const joined = values.join('","');
  // Each separator has two quotes; one more, or a backslash, is inside a value.
  const isPlain = !joined.includes('\\') && joined.split('"').length - 1 === (values.length - 1) * 2;
  return isPlain
    ? `{"${joined}"}`
    : `{${values.map((value) => `"${String(value).replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

/** Makes the sums of products of an entity's month, of which none are there, from their facts. */
export async function insertSums(
  tx: Tx,
  { entity, period }: MonthAt,
  parts: readonly FactPart[],
  importId: string,
): Promise<void> {
  const hasResources = ({ columns }: FactPart) => columns.resource.some((resource) => resource !== '');
  const finer = parts.filter(hasResources);
  const whole = parts.filter((part) => !hasResources(part));
  const where = (some: readonly FactPart[]) =>
    sql`period = ${period} and entity_id = ${entity} and import_id = ${importId}::bigint
        and product_id = any(${some.map(({ product }) => product)})`;
  if (whole.length > 0)
    await sql`
      insert into consumption_summary (period, entity_id, application_id, product_id, environment, region, kind, quantity, facts,
        import_id)
      select period, entity_id, application_id, product_id, environment, region, kind, quantity, 1, import_id
      from consumption
      where ${where(whole)}`.execute(tx);
  if (finer.length > 0)
    await sql`
      insert into consumption_summary (period, entity_id, application_id, product_id, environment, region, kind, quantity, facts,
        import_id)
      select ${period}, ${entity}, application_id, product_id, environment, region, kind, sum(quantity), count(*), ${importId}::bigint
      from consumption
      where ${where(finer)}
      group by product_id, application_id, environment, region, kind`.execute(tx);
  await insertProductSums(tx, { entity, period }, parts);
}

/** Rows of one statement with a value for each of their columns. */
const valueRows = 1000;

async function insertProductSums(
  tx: Tx,
  { entity, period }: MonthAt,
  parts: readonly FactPart[],
): Promise<void> {
  const rows = parts.flatMap(({ product, kind, cells }) =>
    cells.map(({ environment, region, quantity, applications, facts }) => ({
      ...{ period, entity_id: entity, product_id: product, environment, region, kind },
      ...{ quantity, applications, facts },
    })),
  );
  for (let start = 0; start < rows.length; start += valueRows)
    await tx
      .insertInto('consumption_product')
      .values(rows.slice(start, start + valueRows))
      .execute();
}

/** Keeps what parts are. */
export async function insertParts(
  tx: Tx,
  parts: readonly FactPart[],
  said: { readonly originKind: OriginKind; readonly source: string; readonly importId: string },
): Promise<void> {
  const rows = parts.map(({ entity, period, product, kind, unit, hash, facts, quantity }) => ({
    ...{ entity_id: entity, period, product_id: product, origin_kind: said.originKind, source: said.source },
    ...{ import_id: BigInt(said.importId), kind, unit, content_hash: hash, facts, quantity },
  }));
  for (let start = 0; start < rows.length; start += 1000)
    await tx
      .insertInto('consumption_part')
      .values(rows.slice(start, start + 1000))
      .execute();
}

/** Says what an entity's month consists of now; where nothing is left, nothing. */
export async function writeWatermark(tx: Tx, { entity, period }: MonthAt, changedAt: string): Promise<void> {
  await sql`delete from consumption_watermark where entity_id = ${entity} and period = ${period}`.execute(tx);
  await sql`
    insert into consumption_watermark (entity_id, period, facts_hash, facts, changed_at)
    select entity_id, period,
      encode(sha256(convert_to(string_agg(product_id || ' ' || content_hash, ',' order by product_id), 'UTF8')), 'hex'),
      sum(facts), ${changedAt}::timestamptz
    from consumption_part
    where entity_id = ${entity} and period = ${period}
    group by entity_id, period`.execute(tx);
}
