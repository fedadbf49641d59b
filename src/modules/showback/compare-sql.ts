import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import { type CostStatement, type CountedPricing, groupedSides } from './cost-sql.ts';

/**
 * A pricing on its side of a comparison. `a`: what is compared with, `b`: what is compared. Months: `q` the quantities of b at the
 * prices of a, `p` the quantities of a at the prices of b. Views: `x` the prices of b with the weights of a.
 */
export interface SidedPricing extends CountedPricing {
  readonly side: 'a' | 'b' | 'q' | 'p' | 'x';
}

/** A group on both sides, and what the difference is made of; decimal texts. Parts sum to b − a. */
export interface CompareRow {
  readonly keys: readonly (string | null)[];
  readonly shown: boolean;
  readonly currency: string;
  readonly a: string;
  readonly b: string;
  readonly volume: string;
  readonly mix: string;
  readonly weight: string;
  readonly price: string;
  readonly joint: string;
  readonly linesA: number;
  readonly unpricedA: number;
  readonly linesB: number;
  readonly unpricedB: number;
}

/**
 * Compares by group. Quantities move a cost in two ways: with the product's whole quantity at its mean price (volume), and by
 * moving to dearer or cheaper cells (mix); of indirect costs by their weights. What only both changes together explain is joint.
 * Effects are of sums that were kept exactly; volume is rounded to 12 decimals and mix takes what is left. Volume and mix are of the
 * groups that are asked for: what moves between two of them is volume of both, and mix of what holds them; their sum is the same at
 * every level.
 */
export async function readComparison(
  tx: Tx,
  statement: Omit<CostStatement, 'pricings'> & { readonly pricings: readonly SidedPricing[] },
  kind: 'months' | 'views',
): Promise<readonly CompareRow[]> {
  const { groupBy, top } = statement;
  const keys = groupBy.map((_, index) => sql.ref(`k${index}`));
  const list = keys.length === 0 ? sql`` : sql`${sql.join(keys)}, `;
  const nulls = keys.length === 0 ? sql`` : sql`${sql.join(keys.map(() => sql`null::text`))}, `;
  const effects =
    kind === 'months'
      ? sql`
        case when kind = 'DIRECT' then case when qa = 0 then q - a else round((qb - qa) * a / qa, 12) end else 0 end as volume,
        case when kind = 'DIRECT' then case when qa = 0 then 0 else q - a - round((qb - qa) * a / qa, 12) end else 0 end as mix,
        case when kind = 'DIRECT' then 0 else q - a end as weight, p - a as price, b - q - p + a as joint`
      : sql`0::numeric as volume, 0::numeric as mix, b - x as weight, x - a as price, 0::numeric as joint`;
  const sums = sql.raw(
    ['a', 'b', 'volume', 'mix', 'weight', 'price', 'joint']
      .map((name) => `sum(${name}) as ${name}`)
      .join(', '),
  );
  const counts = sql.raw(
    ['la', 'ua', 'lb', 'ub'].map((name) => `sum(${name})::integer as ${name}`).join(', '),
  );
  const { rows } = await sql<Record<string, string | number | boolean | null>>`
    with cells as (${groupedSides(statement)}),
    parts as (select ${list}currency, a, b, ${effects}, la, ua, lb, ub from cells),
    grouped as (select ${list}currency, ${sums}, ${counts} from parts group by ${list}currency),
    ranked as (
      select *, row_number() over (partition by currency order by abs(b - a) desc${keys.length === 0 ? sql`` : sql`, ${sql.join(keys)}`}) as place
      from grouped
    )
    select ${list}true as shown, place, currency, a, b, volume, mix, weight, price, joint, la, ua, lb, ub
    from ranked where ${top}::integer is null or place <= ${top}::integer
    union all
    select ${nulls}false, null, currency, ${sums}, ${counts}
    from ranked where place > ${top}::integer
    group by currency
    order by currency, place nulls last`.execute(tx);
  const text = (value: unknown) => String(value ?? '0');
  return rows.map((row) => ({
    keys: groupBy.map((_, index) => (row[`k${index}`] ?? null) as string | null),
    shown: row['shown'] === true,
    currency: text(row['currency']),
    a: text(row['a']),
    b: text(row['b']),
    volume: text(row['volume']),
    mix: text(row['mix']),
    weight: text(row['weight']),
    price: text(row['price']),
    joint: text(row['joint']),
    linesA: Number(row['la']),
    unpricedA: Number(row['ua']),
    linesB: Number(row['lb']),
    unpricedB: Number(row['ub']),
  }));
}
