import { sql } from 'kysely';
import type { Caller, Clock } from '../../kernel/index.ts';
import { Refusal } from '../../kernel/index.ts';
import { audit } from '../audit.ts';
import type { Records, Tx } from '../records.ts';
import { secretsErrors } from './errors.ts';
import { type SealedColumn, sealedColumns, sealedContext } from './sealed-columns.ts';
import type { Secrets } from './secrets.ts';
import { countByKey, fieldsOfOtherKeys, replaceFields, type SealedField } from './secrets-sql.ts';

/** One key as it may be shown: nothing of the key itself. */
export interface KeyUse {
  readonly id: string;
  /** `missing`: fields are sealed with it, and it is not at hand. */
  readonly state: 'current' | 'retired' | 'missing';
  readonly retiredAt: string | null;
  /** Fields that it seals. */
  readonly fields: number;
}

/** What sealed columns hold is found through this list; tests give their own. */
export interface SealedFields {
  readonly records: Records;
  readonly columns?: readonly SealedColumn[];
}

/** Rotations and removals of keys follow each other. */
const rotationLock = 7_281_003;
const batch = 500;

/** Key id → number of fields that it seals, over every sealed column. */
export async function sealedByKey({
  records,
  columns = sealedColumns,
}: SealedFields): Promise<ReadonlyMap<string, number>> {
  return await records.asOwner(async (tx) => {
    const total = new Map<string, number>();
    for (const column of columns)
      for (const [key, fields] of await countByKey(tx, column))
        total.set(key, (total.get(key) ?? 0) + fields);
    return total;
  });
}

/** The keys at hand and those that are missing, each with the number of fields that it seals. */
export async function listKeys(secrets: Secrets, fields: SealedFields): Promise<readonly KeyUse[]> {
  const used = new Map(await sealedByKey(fields));
  const atHand = secrets.store.keys().map(({ id, retired }, index): KeyUse => {
    const count = used.get(id) ?? 0;
    used.delete(id);
    return { id, state: index === 0 ? 'current' : 'retired', retiredAt: retired, fields: count };
  });
  const missing = [...used].map(
    ([id, count]): KeyUse => ({ id, state: 'missing', retiredAt: null, fields: count }),
  );
  return [...atHand, ...missing];
}

/** What a rotation did. */
export interface Rotated {
  readonly current: string;
  /** False when an interrupted rotation was finished, or when the environment gave the new key. */
  readonly added: boolean;
  /** Fields that were sealed again. */
  readonly resealed: number;
}

/**
 * Makes a new key current and seals every field again with it. Where fields are still sealed with another key than the
 * current one (an interrupted rotation, a new key in the environment), it finishes that and makes no further key. The
 * keys before stay in the file, retired, for programs that still hold a field sealed with them: `pruneKeys` removes them.
 *
 * Refusals: `secrets.environmentKeys` when there is nothing to rotate to, `secrets.notResealed` when fields do not open.
 */
export async function rotateKeys(
  secrets: Secrets,
  fields: SealedFields,
  by: { readonly caller: Caller; readonly clock: Clock },
): Promise<Rotated> {
  const added = await startRotation(secrets, fields, by);
  const current = secrets.store.keys()[0].id;
  const { resealed, failed } = await resealAll(secrets, fields);
  await fields.records.asOwner((tx) =>
    audit(tx, by.caller, {
      action: 'key.reseal',
      object: { type: 'key', id: current },
      entity: null,
      before: null,
      after: { resealed, failed: failed.length },
    }),
  );
  if (failed.length > 0) throw secretsErrors.notResealed({ fields: failed.length, first: failed[0] ?? '' });
  return { current, added, resealed };
}

/** Adds a key, unless an earlier one still seals fields; true when it did. */
async function startRotation(
  secrets: Secrets,
  fields: SealedFields,
  { caller, clock }: { readonly caller: Caller; readonly clock: Clock },
): Promise<boolean> {
  const before = secrets.store.keys()[0].id;
  const used = await sealedByKey(fields);
  if ([...used.keys()].some((id) => id !== before)) return false;
  return await inTurn(fields.records, async (tx) => {
    // Somebody else has rotated while this one waited: that was the rotation.
    if (secrets.store.keys()[0].id !== before) return false;
    const { id } = await secrets.store.addKey(clock.now());
    await audit(tx, caller, {
      action: 'key.rotate',
      object: { type: 'key', id },
      entity: null,
      before: { current: before },
      after: { current: id },
    });
    return true;
  });
}

function inTurn<T>(records: Records, work: (tx: Tx) => Promise<T>): Promise<T> {
  return records.asOwner(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(rotationLock)})`.execute(tx);
    return await work(tx);
  });
}

async function resealAll(
  secrets: Secrets,
  { records, columns = sealedColumns }: SealedFields,
): Promise<{ readonly resealed: number; readonly failed: readonly string[] }> {
  const failed: string[] = [];
  let resealed = 0;
  for (const column of columns) {
    let after: readonly string[] | undefined;
    do {
      const done = await records.asOwner((tx) => resealBatch(tx, secrets, column, after));
      resealed += done.resealed;
      failed.push(...done.failed);
      after = done.last;
    } while (after !== undefined);
  }
  return { resealed, failed };
}

async function resealBatch(
  tx: Tx,
  secrets: Secrets,
  column: SealedColumn,
  after: readonly string[] | undefined,
): Promise<{ resealed: number; failed: readonly string[]; last: readonly string[] | undefined }> {
  const current = secrets.store.keys()[0].id;
  const fields = await fieldsOfOtherKeys(tx, column, { current, after, limit: batch });
  const tried = fields.map((field) => ({ ...field, resealed: resealedOf(secrets, column, field) }));
  const good = tried.flatMap(({ resealed, ...field }) =>
    resealed === undefined ? [] : [{ ...field, resealed }],
  );
  const failed = tried.filter(({ resealed }) => resealed === undefined);
  return {
    resealed: good.length === 0 ? 0 : await replaceFields(tx, column, good),
    failed: failed.map(({ ids }) => sealedContext(column, ids)),
    last: fields.length < batch ? undefined : fields.at(-1)?.ids,
  };
}

/** Undefined when it does not open. */
function resealedOf(
  secrets: Secrets,
  column: SealedColumn,
  { ids, sealed }: SealedField,
): string | undefined {
  try {
    return secrets.reseal(sealed, sealedContext(column, ids));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Longer than any transaction: a field that was sealed before a rotation is committed by then. */
const settleMs = 3_600_000;

/**
 * Removes retired keys that no field is sealed with and that were retired an hour ago or more (`evenNow`: whenever);
 * their ids. Refuses keys from the environment.
 */
export async function pruneKeys(
  secrets: Secrets,
  fields: SealedFields,
  by: { readonly caller: Caller; readonly clock: Clock; readonly evenNow: boolean },
): Promise<readonly string[]> {
  const settled = new Date(by.clock.now().getTime() - settleMs).toISOString();
  const uses = await listKeys(secrets, fields);
  const gone = uses
    .filter(({ state, fields: count }) => state === 'retired' && count === 0)
    .filter(({ retiredAt }) => by.evenNow || (retiredAt !== null && retiredAt <= settled))
    .map(({ id }) => id);
  await inTurn(fields.records, async (tx) => {
    await secrets.store.removeKeys(gone);
    const entries = gone.map((id) => ({
      action: 'key.remove',
      object: { type: 'key', id },
      entity: null,
      before: { state: 'retired' },
      after: null,
    }));
    await audit(tx, by.caller, ...entries);
  });
  return gone;
}
