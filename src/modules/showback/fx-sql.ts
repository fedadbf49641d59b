import { sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { RateType } from './model.ts';

/** Which rate: 1 base = rate quote, of this type, for this month. */
export interface RateKey {
  /** `2026-10`. */
  readonly period: string;
  /** ISO 4217, active or not any more. */
  readonly base: string;
  readonly quote: string;
  readonly type: RateType;
}

/** A rate as it is kept. */
export interface FxRate extends RateKey {
  /** Above 0, decimal text without trailing zeros. */
  readonly rate: string;
  /** Where it was published: ECB. */
  readonly source: string;
  /** The day that it is of, ISO 8601. */
  readonly asOf: string;
}

/** Which rates to list. */
export interface RatesAsked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly base?: string | undefined;
  readonly quote?: string | undefined;
  readonly type?: RateType | undefined;
  readonly after?: RateKey | undefined;
  readonly limit?: number;
}

/** Rates by month, base, quote and type. */
export async function readRates(tx: Tx, asked: RatesAsked): Promise<FxRate[]> {
  let query = rates(tx).orderBy('period').orderBy('base').orderBy('quote').orderBy('type');
  const { from, to, base, quote, type, after, limit } = asked;
  if (from !== undefined) query = query.where('period', '>=', from);
  if (to !== undefined) query = query.where('period', '<=', to);
  if (base !== undefined) query = query.where('base', '=', base);
  if (quote !== undefined) query = query.where('quote', '=', quote);
  if (type !== undefined) query = query.where('type', '=', type);
  if (after !== undefined)
    query = query.where(
      sql<boolean>`(period, base, quote, type) > (${after.period}, ${after.base}, ${after.quote}, ${after.type})`,
    );
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

function rates(tx: Tx) {
  return tx
    .selectFrom('fx_rate')
    .select([
      ...(['period', 'base', 'quote', 'type', 'source', 'as_of as asOf'] as const),
      sql<string>`trim_scale(rate)::text`.as('rate'),
    ]);
}

/** One rate, as it was put in; undefined where there is none. */
export async function readRate(tx: Tx, { period, base, quote, type }: RateKey): Promise<FxRate | undefined> {
  return rates(tx)
    .where('period', '=', period)
    .where('base', '=', base)
    .where('quote', '=', quote)
    .where('type', '=', type)
    .executeTakeFirst();
}

/** Rates of a month into a currency, by the currency that they are from. */
export async function readRatesOfMonth(
  tx: Tx,
  { period, quote, type }: Omit<RateKey, 'base'>,
): Promise<ReadonlyMap<string, FxRate>> {
  const found = await readRates(tx, { from: period, to: period, quote, type });
  return new Map(found.map((rate) => [rate.base, rate]));
}

/** Those of these rates that there are. */
export async function readRatesAt(tx: Tx, keys: readonly RateKey[]): Promise<FxRate[]> {
  const { rows } = await sql<FxRate>`
    select fx_rate.period, fx_rate.base, fx_rate.quote, fx_rate.type, trim_scale(rate)::text as rate, source, as_of as "asOf"
    from fx_rate
    join jsonb_to_recordset(${jsonb(keys)}) as asked(period text, base text, quote text, type text)
      using (period, base, quote, type)`.execute(tx);
  return rows;
}

/** Puts rates in, or others in their place; what is so already stays untouched. */
export async function upsertRates(tx: Tx, given: readonly FxRate[]): Promise<void> {
  await sql`
    insert into fx_rate (period, base, quote, type, rate, source, as_of)
    select period, base, quote, type, rate, source, "asOf"
    from jsonb_to_recordset(${jsonb(given)})
      as given(period text, base text, quote text, type text, rate numeric, source text, "asOf" date)
    on conflict (period, base, quote, type) do update
      set rate = excluded.rate, source = excluded.source, as_of = excluded.as_of, version = fx_rate.version + 1
      where (fx_rate.rate, fx_rate.source, fx_rate.as_of) is distinct from (excluded.rate, excluded.source, excluded.as_of)`.execute(
    tx,
  );
}

/** Takes a rate out. */
export async function deleteRate(tx: Tx, { period, base, quote, type }: RateKey): Promise<void> {
  await tx
    .deleteFrom('fx_rate')
    .where('period', '=', period)
    .where('base', '=', base)
    .where('quote', '=', quote)
    .where('type', '=', type)
    .execute();
}

/**
 * Rates that somebody who misses one may have meant: of its month any between its two currencies and any of its type from or to one of
 * them, and its own of the nearest months before and after.
 */
export async function readRatesNear(tx: Tx, { period, base, quote, type }: RateKey): Promise<FxRate[]> {
  const pair = [base, quote];
  const { rows } = await sql<FxRate>`
    (
      select period, base, quote, type, trim_scale(rate)::text as rate, source, as_of as "asOf"
      from fx_rate
      where period = ${period} and (
        (base = any(${pair}) and quote = any(${pair}))
        or (type = ${type} and (base = ${base} or quote = ${quote}))
      )
    )
    union all (
      select period, base, quote, type, trim_scale(rate)::text, source, as_of
      from fx_rate
      where base = ${base} and quote = ${quote} and type = ${type} and period < ${period}
      order by period desc
      limit 1
    )
    union all (
      select period, base, quote, type, trim_scale(rate)::text, source, as_of
      from fx_rate
      where base = ${base} and quote = ${quote} and type = ${type} and period > ${period}
      order by period
      limit 1
    )`.execute(tx);
  return rows;
}
