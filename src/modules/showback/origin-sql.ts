import { type RawBuilder, sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { OriginKind } from './model.ts';

/** Where the consumption of a product of an entity comes from, from a month on. */
export interface Origin {
  readonly id: string;
  readonly entity: string;
  readonly product: string;
  readonly kind: OriginKind;
  /** The importing system, or the name of the rule. */
  readonly source: string;
  /** How quantities are made; `{}` for imports. */
  readonly definition: unknown;
  readonly validFrom: string;
  /** The first month that it no longer holds; null: until further notice. */
  readonly validTo: string | null;
  readonly declaredAt: string;
  readonly declaredBy: string;
}

/** Which origins. What is absent does not narrow. */
export interface AskedOrigins {
  readonly id?: string | undefined;
  readonly entities?: readonly string[] | undefined;
  readonly products?: readonly string[] | undefined;
  readonly kinds?: readonly OriginKind[] | undefined;
  readonly source?: string | undefined;
  /** Those that hold in this month. */
  readonly month?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** Origins in the order that they were declared. */
export async function readOrigins(tx: Tx, asked: AskedOrigins): Promise<Origin[]> {
  const { id, entities, products, kinds, source, month, after, limit } = asked;
  const conditions: RawBuilder<unknown>[] = [
    sql`true`,
    ...(id === undefined ? [] : [sql`id = ${id}::bigint`]),
    ...(entities === undefined ? [] : [sql`entity_id = any(${[...entities]})`]),
    ...(products === undefined ? [] : [sql`product_id = any(${[...products]})`]),
    ...(kinds === undefined ? [] : [sql`kind = any(${[...kinds]})`]),
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(month === undefined
      ? []
      : [sql`valid_from <= ${month} and (valid_to is null or valid_to > ${month})`]),
    ...(after === undefined ? [] : [sql`id > ${after}::bigint`]),
  ];
  const { rows } = await sql<Origin>`
    select id::text as id, entity_id as entity, product_id as product, kind, source, definition, valid_from as "validFrom",
      valid_to as "validTo", declared_at as "declaredAt", declared_by as "declaredBy"
    from consumption_origin
    where ${sql.join(conditions, sql` and `)}
    order by consumption_origin.id
    ${limit === undefined ? sql`` : sql`limit ${limit}`}`.execute(tx);
  return rows;
}

/** Declares origins; one that lies over another breaks `consumption_origin_one`. */
export async function insertOrigins(tx: Tx, origins: readonly Omit<Origin, 'id'>[]): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < origins.length; start += 500) {
    const rows = origins.slice(start, start + 500).map((origin) => ({
      ...{ entity_id: origin.entity, product_id: origin.product, kind: origin.kind, source: origin.source },
      ...{ definition: jsonb(origin.definition), valid_from: origin.validFrom, valid_to: origin.validTo },
      ...{ declared_at: origin.declaredAt, declared_by: origin.declaredBy },
    }));
    const made = await tx.insertInto('consumption_origin').values(rows).returning('id').execute();
    ids.push(...made.map(({ id }) => String(id)));
  }
  return ids;
}

/** Ends an origin before a month. */
export async function writeOriginEnd(tx: Tx, id: string, validTo: string): Promise<void> {
  await sql`update consumption_origin set valid_to = ${validTo} where id = ${id}::bigint`.execute(tx);
}

/** Takes back an origin that holds in no month. */
export async function deleteOrigin(tx: Tx, id: string): Promise<void> {
  await sql`delete from consumption_origin where id = ${id}::bigint`.execute(tx);
}
