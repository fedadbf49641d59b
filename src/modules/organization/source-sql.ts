import type { Tx } from '../../platform/records/index.ts';
import type { SourceAssignment } from './contract.ts';

/** Which entity the bills of a source belong to; undefined when nobody said so, or the caller does not see it. */
export async function findSource(tx: Tx, source: string): Promise<SourceAssignment | undefined> {
  return sources(tx).where('name', '=', source).executeTakeFirst();
}

/** As `findSource`, locked until the end of the transaction. */
export async function lockSource(tx: Tx, source: string): Promise<SourceAssignment | undefined> {
  return sources(tx).where('name', '=', source).forUpdate().executeTakeFirst();
}

/** Assigned sources by name. */
export async function listSources(
  tx: Tx,
  asked: {
    readonly entity?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<SourceAssignment[]> {
  let query = sources(tx).orderBy('name').limit(asked.limit);
  if (asked.entity !== undefined) query = query.where('entity_id', '=', asked.entity);
  if (asked.after !== undefined) query = query.where('name', '>', asked.after);
  return query.execute();
}

/** Names of the sources of these entities, sorted: the part of a scope that raw cost rows are seen by. */
export async function sourcesOfEntities(tx: Tx, entities: readonly string[]): Promise<string[]> {
  if (entities.length === 0) return [];
  const rows = await tx
    .selectFrom('source')
    .select('name')
    .where('entity_id', 'in', entities)
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

function sources(tx: Tx) {
  return tx.selectFrom('source').select(['name as source', 'entity_id as entity', 'version']);
}

/** Gives a source to an entity; the version says whether it is new. */
export async function writeSource(tx: Tx, { source, entity, version }: SourceAssignment): Promise<void> {
  await tx
    .insertInto('source')
    .values({ name: source, entity_id: entity, version })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ entity_id: entity, version }))
    .execute();
}

/** Takes a source from its entity. */
export async function removeSource(tx: Tx, source: string): Promise<void> {
  await tx.deleteFrom('source').where('name', '=', source).execute();
}

/** The entities that sources belong to, each once, sorted; a source that nobody has assigned is left out. */
export async function entitiesOfSources(tx: Tx, sources: readonly string[]): Promise<string[]> {
  if (sources.length === 0) return [];
  const rows = await tx
    .selectFrom('source')
    .select('entity_id')
    .distinct()
    .where('name', 'in', sources)
    .orderBy('entity_id')
    .execute();
  return rows.map((row) => row.entity_id);
}
