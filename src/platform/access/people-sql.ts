import { sql } from 'kysely';
import { onConstraint, type Tx } from '../records/index.ts';
import { accessErrors } from './errors.ts';
import type { Grant } from './model.ts';
import { knownGrants } from './principal-sql.ts';

/** A person as everybody with `person.manage` sees them. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly active: boolean;
  readonly version: number;
  readonly createdAt: string;
  /** How they may sign in; none of them: invited. */
  readonly hasPassword: boolean;
  /** The issuer that they sign in through. */
  readonly provider: string | null;
  readonly grants: readonly Grant[];
}

/** What proves a person, and the rest of them. */
export interface Credentials {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly active: boolean;
  readonly passwordHash: string | null;
  readonly oidcSubject: string | null;
}

/** E-mails are one whatever their case; compared and sorted by code point, so that every database agrees. */
const sameEmail = sql<string>`lower(email) collate "C"`;

const personRows = (tx: Tx) =>
  tx.selectFrom('person').select([
    'id',
    'email',
    'name',
    'active',
    'version',
    'created_at as createdAt',
    'oidc_issuer as provider',
    sql<boolean>`password_hash is not null`.as('hasPassword'),
    sql<readonly Grant[]>`coalesce((
      select jsonb_agg(jsonb_build_object('role', role, 'scopeKind', scope_kind, 'scopeIds', scope_ids)
        order by role, scope_kind)
      from role_grant where person_id = person.id), '[]')`.as('grants'),
  ]);

function asPerson(row: Awaited<ReturnType<ReturnType<typeof personRows>['execute']>>[number]): Person {
  return { ...row, grants: knownGrants(row.grants) };
}

/** People by e-mail, those after a cursor. */
export async function listPeople(
  tx: Tx,
  { limit, after, email }: { readonly limit: number; readonly after?: string; readonly email?: string },
): Promise<readonly Person[]> {
  const rows = await personRows(tx)
    .$if(after !== undefined, (query) => query.where(sameEmail, '>', after ?? ''))
    .$if(email !== undefined, (query) => query.where(sameEmail, '=', sql<string>`lower(${email ?? ''})`))
    .orderBy(sameEmail)
    .limit(limit)
    .execute();
  return rows.map(asPerson);
}

/** One person, or `access.unknownPerson`. */
export async function getPerson(tx: Tx, id: string): Promise<Person> {
  const row = await personRows(tx).where('id', '=', id).executeTakeFirst();
  if (!row) throw accessErrors.unknownPerson({ person: id });
  return asPerson(row);
}

/** As `getPerson`; nobody else changes the person until the transaction ends. */
export async function lockPerson(tx: Tx, id: string): Promise<Person> {
  await tx.selectFrom('person').select('id').where('id', '=', id).forUpdate().execute();
  return await getPerson(tx, id);
}

const credentialRows = (tx: Tx) =>
  tx
    .selectFrom('person')
    .select([
      'id',
      'email',
      'name',
      'active',
      'password_hash as passwordHash',
      'oidc_subject as oidcSubject',
    ]);

/** Whoever has this e-mail. */
export async function findByEmail(tx: Tx, email: string): Promise<Credentials | undefined> {
  return await credentialRows(tx).where(sameEmail, '=', sql<string>`lower(${email})`).executeTakeFirst();
}

/** A person's credentials. */
export async function findCredentials(tx: Tx, id: string): Promise<Credentials | undefined> {
  return await credentialRows(tx).where('id', '=', id).executeTakeFirst();
}

/** A person's credentials; the row stays as it is until the transaction ends. */
export async function lockCredentials(tx: Tx, id: string): Promise<Credentials | undefined> {
  return await credentialRows(tx).where('id', '=', id).forUpdate().executeTakeFirst();
}

/** Whoever is linked to this subject of the provider. */
export async function findBySubject(
  tx: Tx,
  issuer: string,
  subject: string,
): Promise<Credentials | undefined> {
  return await credentialRows(tx)
    .where('oidc_issuer', '=', issuer)
    .where('oidc_subject', '=', subject)
    .executeTakeFirst();
}

export interface NewPerson {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly now: string;
  readonly passwordHash?: string;
  readonly provider?: { readonly issuer: string; readonly subject: string };
}

/** Stores a person without grants. Refusal: `access.emailTaken`. */
export async function insertPerson(tx: Tx, person: NewPerson): Promise<void> {
  const { id, email, name, now, passwordHash, provider } = person;
  const values = {
    id,
    email,
    name,
    created_at: now,
    updated_at: now,
    password_hash: passwordHash ?? null,
    oidc_issuer: provider?.issuer ?? null,
    oidc_subject: provider?.subject ?? null,
  };
  await onConstraint(tx.insertInto('person').values(values).execute(), {
    person_email: () => accessErrors.emailTaken({ email }),
  });
}

/** What of a person may change; what is left out stays. */
export interface PersonChange {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly active?: boolean | undefined;
  readonly passwordHash?: string | undefined;
  readonly provider?: { readonly issuer: string; readonly subject: string } | undefined;
}

/** Changes a person, who is one version further then. Refusal: `access.emailTaken`. */
export async function changePerson(tx: Tx, id: string, change: PersonChange, now: string): Promise<void> {
  const { email, name, active, passwordHash, provider } = change;
  const changed = tx
    .updateTable('person')
    .set({
      version: sql<number>`version + 1`,
      updated_at: now,
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
      ...(active === undefined ? {} : { active }),
      ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
      ...(provider === undefined ? {} : { oidc_issuer: provider.issuer, oidc_subject: provider.subject }),
    })
    .where('id', '=', id)
    .execute();
  await onConstraint(changed, { person_email: () => accessErrors.emailTaken({ email: email ?? '' }) });
}

/** Gives a person these grants and no others. */
export async function replaceGrants(tx: Tx, personId: string, grants: readonly Grant[]): Promise<void> {
  await tx.deleteFrom('role_grant').where('person_id', '=', personId).execute();
  if (grants.length === 0) return;
  const rows = grants.map(({ role, scopeKind, scopeIds }) => ({
    person_id: personId,
    role,
    scope_kind: scopeKind,
    scope_ids: [...scopeIds],
  }));
  await tx.insertInto('role_grant').values(rows).execute();
}

const adminLock = 7_281_003;

/** Until the transaction ends, nobody else changes who is an administrator: two at once could each remove the other. */
export async function lockAdmins(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(adminLock)})`.execute(tx);
}

/** True when an active person is super_admin. */
export async function hasAdmin(tx: Tx): Promise<boolean> {
  const found = await tx
    .selectFrom('role_grant')
    .innerJoin('person', 'person.id', 'role_grant.person_id')
    .where('role_grant.role', '=', 'super_admin')
    .where('person.active', '=', true)
    .select('person.id')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
