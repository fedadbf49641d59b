import { type RawBuilder, sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { LineLevel, PriceLine, Tiers } from './model.ts';
import { plainDecimal, plainTiers } from './price-line.ts';

/** Which version of which view. */
export interface VersionAt {
  readonly view: string;
  readonly version: number;
}

/** Which lines of a version to list. */
export interface LinesAsked {
  readonly number?: number | undefined;
  readonly level?: LineLevel | undefined;
  readonly target?: string | undefined;
  readonly entity?: string | undefined;
  /** Only those that hold in this month. */
  readonly month?: string | undefined;
  /** After the line of this number. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

/** Rows fetched or sent at once: some megabytes. */
const portion = 5000;

/**
 * Lines of a version by their numbers. A caller who is limited to entities or applications does not get those that the installation
 * charges other entities only: they price nothing of his.
 */
export async function readPriceLines(
  tx: Tx,
  { view, version }: VersionAt,
  asked: LinesAsked = {},
): Promise<PriceLine[]> {
  let query = tx
    .selectFrom('price_line')
    .select([
      ...(['number', 'level', 'target', 'of_entity', 'environment', 'region', 'kind', 'unit'] as const),
      ...(['amount', 'tier_mode', 'tiers', 'currency', 'valid_from', 'valid_to', 'note'] as const),
    ])
    .where('view_id', '=', view)
    .where('version', '=', version)
    .orderBy('number');
  const { number, level, target, entity, month, after, limit } = asked;
  if (number !== undefined) query = query.where('number', '=', number);
  if (level !== undefined) query = query.where('level', '=', level);
  if (target !== undefined) query = query.where('target', '=', target);
  if (entity !== undefined) query = query.where('of_entity', '=', entity);
  if (month !== undefined) query = query.where(holdsIn(month));
  if (after !== undefined) query = query.where('number', '>', after);
  if (limit !== undefined) query = query.limit(limit);
  return (await query.execute()).map(({ of_entity, tier_mode, tiers, valid_from, valid_to, ...row }) => ({
    ...row,
    entity: of_entity || null,
    environment: row.environment || null,
    region: row.region || null,
    unit: row.unit || null,
    amount: row.amount === null ? null : plainDecimal(row.amount),
    tiers: plainTiers(tier_mode && { mode: tier_mode, steps: tiers as Tiers['steps'] }),
    validFrom: valid_from,
    validTo: valid_to,
  }));
}

function holdsIn(month: string): RawBuilder<boolean> {
  return sql<boolean>`valid_from <= ${month} and (valid_to is null or valid_to > ${month})`;
}

/** How many lines of a version the caller sees that are asked for. */
export async function countLines(tx: Tx, { view, version }: VersionAt, asked: LinesAsked): Promise<number> {
  const { level = null, target = null, entity = null, month } = asked;
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count
    from price_line
    where view_id = ${view} and version = ${version}
      and (${level}::text is null or level = ${level}) and (${target}::text is null or target = ${target})
      and (${entity}::text is null or of_entity = ${entity})
      and ${month === undefined ? sql`true` : holdsIn(month)}`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** Puts lines into a draft; `entity` is the view's. */
export async function insertLines(
  tx: Tx,
  { view, version, entity }: VersionAt & { readonly entity: string | null },
  lines: readonly PriceLine[],
): Promise<void> {
  for (let start = 0; start < lines.length; start += portion) {
    const given = lines.slice(start, start + portion).map(({ tiers, ...line }) => ({
      ...line,
      mode: tiers?.mode ?? null,
      steps: tiers?.steps ?? null,
    }));
    await sql`
      insert into price_line (view_id, version, entity_id, number, level, target, of_entity, environment, region, kind, unit,
        amount, tier_mode, tiers, currency, valid_from, valid_to, note)
      select ${view}, ${version}, ${entity}, number, level, target, coalesce(entity, ''), coalesce(environment, ''),
        coalesce(region, ''), kind, coalesce(unit, ''), amount, mode, steps, currency, "validFrom", "validTo", note
      from jsonb_to_recordset(${jsonb(given)}) as given(number integer, level text, target text, entity text,
        environment text, region text, kind text, unit text, amount numeric, mode text, steps jsonb, currency text,
        "validFrom" text, "validTo" text, note text)`.execute(tx);
  }
}

/** Takes lines out of a draft. */
export async function deleteLines(
  tx: Tx,
  { view, version }: VersionAt,
  numbers: readonly number[],
): Promise<void> {
  if (numbers.length === 0) return;
  await sql`
    delete from price_line
    where view_id = ${view} and version = ${version} and number = any(${[...numbers]}::integer[])`.execute(
    tx,
  );
}

/** Takes all lines out of a draft. */
export async function deleteAllLines(tx: Tx, { view, version }: VersionAt): Promise<void> {
  await tx.deleteFrom('price_line').where('view_id', '=', view).where('version', '=', version).execute();
}

/** Gives a fresh draft the lines of another version of the same view. */
export async function copyLines(tx: Tx, view: string, from: number, to: number): Promise<void> {
  await sql`
    insert into price_line (view_id, version, entity_id, number, level, target, of_entity, environment, region, kind, unit,
      amount, tier_mode, tiers, currency, valid_from, valid_to, note)
    select view_id, ${to}::integer, entity_id, number, level, target, of_entity, environment, region, kind, unit,
      amount, tier_mode, tiers, currency, valid_from, valid_to, note
    from price_line
    where view_id = ${view} and version = ${from}`.execute(tx);
}
