import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** Who answered for an application and who paid for it, from a day on until, but not on, another. */
export interface Assignment {
  readonly application: string;
  readonly entity: string;
  readonly validFrom: string;
  /** Null: until further notice. */
  readonly validTo: string | null;
  readonly team: string | null;
  readonly costCentre: string | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Assignments that hold on a day, one for each application, sorted by it. An application without one has no row: join from
 * the facts outwards, so that what nobody owns is counted and named.
 */
export async function assignmentsAsOf(tx: Tx, day: string): Promise<Assignment[]> {
  return select(tx, sql`valid_from <= ${day}::date and (valid_to is null or ${day}::date < valid_to)`);
}

/** Assignments that hold on any day of a month, for facts that know their day. Those of one application do not overlap. */
export async function assignmentsIn(tx: Tx, period: string): Promise<Assignment[]> {
  const first = sql`${`${period}-01`}::date`;
  return select(
    tx,
    sql`valid_from < ${first} + interval '1 month' and (valid_to is null or valid_to > ${first})`,
  );
}

async function select(tx: Tx, condition: RawBuilder<unknown>): Promise<Assignment[]> {
  const { rows } = await sql<Assignment>`
    select application_id as application, entity_id as entity, valid_from as "validFrom", valid_to as "validTo",
      team_id as team, cost_centre_id as "costCentre", attributes
    from application_assignment
    where ${condition}
    order by application_id, valid_from`.execute(tx);
  return rows;
}
