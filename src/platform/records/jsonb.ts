import { type RawBuilder, sql } from 'kysely';

/** A value for a `jsonb` column; text, arrays and null included, which drivers would otherwise read as something else. */
export function jsonb<T>(value: T): RawBuilder<T> {
  return sql<T>`cast(${JSON.stringify(value)}::text as jsonb)`;
}
