import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { FactReference, KnownApplication, KnownProduct } from './consumption-rows.ts';

/** Applications whose facts the caller may change, and every product. */
export async function readReference(tx: Tx, entity: string | undefined): Promise<FactReference> {
  const applications = await sql<KnownApplication>`
    select id, entity_id as entity, environments
    from application
    where finops_sees_entity(entity_id) and (${entity ?? null}::text is null or entity_id = ${entity ?? null})`.execute(
    tx,
  );
  const products = await sql<KnownProduct>`
    select id, unit, active from product`.execute(tx);
  return {
    applications: new Map(applications.rows.map((application) => [application.id, application])),
    products: new Map(products.rows.map((product) => [product.id, product])),
  };
}

/** True for an entity in use that the caller may change. */
export async function isEntityInUse(tx: Tx, entity: string): Promise<boolean> {
  const { rows } = await sql`
    select from entity where id = ${entity} and active and finops_sees_entity(id)`.execute(tx);
  return rows.length > 0;
}

/** True for a product in use. */
export async function isProductInUse(tx: Tx, product: string): Promise<boolean> {
  const { rows } = await sql`select from product where id = ${product} and active`.execute(tx);
  return rows.length > 0;
}
