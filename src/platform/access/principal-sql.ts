import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../records/index.ts';
import type { Grant } from './model.ts';
import { type RoleName, roles } from './permissions.ts';
import type { SessionState } from './session-rules.ts';

/** A person with all that decides what may be done, as one statement gives it. */
export interface FoundPerson {
  readonly id: string;
  readonly email: string;
  readonly active: boolean;
  readonly grants: readonly Grant[];
  /** Entity → names of its sources. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
}

export interface FoundSession extends SessionState {
  readonly id: string;
  readonly csrfToken: string;
  readonly person: FoundPerson;
}

export interface FoundToken {
  readonly id: string;
  readonly name: string;
  readonly secretHash: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly grant: Grant;
  readonly person: FoundPerson;
}

interface PersonRow {
  readonly person_id: string;
  readonly email: string;
  readonly active: boolean;
  readonly grants: readonly Grant[];
  readonly sources: readonly { readonly name: string; readonly entity: string }[];
}

const grantsOfPerson = sql<readonly Grant[]>`coalesce((
  select jsonb_agg(jsonb_build_object('role', role, 'scopeKind', scope_kind, 'scopeIds', scope_ids))
  from role_grant where role_grant.person_id = person.id), '[]')`;

/** Sources of the entities that the person's grants name, and of `alsoNamed`. */
function sourcesOf(alsoNamed: RawBuilder<unknown>): RawBuilder<PersonRow['sources']> {
  return sql`coalesce((
    select jsonb_agg(jsonb_build_object('name', source.name, 'entity', source.entity_id))
    from source
    where source.entity_id in (
      select unnest(scope_ids) from role_grant
      where role_grant.person_id = person.id and scope_kind = 'entities'
      union all ${alsoNamed})), '[]')`;
}

/** A session with its person, by the digest of the cookie's family. */
export async function findSession(tx: Tx, id: string): Promise<FoundSession | undefined> {
  const row = await tx
    .selectFrom('session')
    .innerJoin('person', 'person.id', 'session.person_id')
    .where('session.id', '=', id)
    .select([
      'session.id',
      'session.csrf_token',
      'session.secret_hash',
      'session.previous_hash',
      'session.rotated_at',
      'session.confirmed_at',
      'session.last_seen_at',
      'session.expires_at',
      'session.person_id',
      'person.email',
      'person.active',
    ])
    .select([grantsOfPerson.as('grants'), sourcesOf(sql`select null where false`).as('sources')])
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      csrfToken: row.csrf_token,
      secretHash: row.secret_hash,
      previousHash: row.previous_hash,
      rotatedAt: row.rotated_at,
      confirmedAt: row.confirmed_at,
      lastSeenAt: row.last_seen_at,
      expiresAt: row.expires_at,
      person: personOf(row),
    }
  );
}

/** A token with its owner. */
export async function findToken(tx: Tx, id: string): Promise<FoundToken | undefined> {
  const named = sql`select unnest(api_token.scope_ids) where api_token.scope_kind = 'entities'`;
  const row = await tx
    .selectFrom('api_token')
    .innerJoin('person', 'person.id', 'api_token.person_id')
    .where('api_token.id', '=', id)
    .select([
      'api_token.id',
      'api_token.name',
      'api_token.secret_hash',
      'api_token.expires_at',
      'api_token.revoked_at',
      'api_token.last_used_at',
      'api_token.role',
      'api_token.scope_kind as scopeKind',
      'api_token.scope_ids as scopeIds',
      'api_token.person_id',
      'person.email',
      'person.active',
    ])
    .select([grantsOfPerson.as('grants'), sourcesOf(named).as('sources')])
    .executeTakeFirst();
  const [grant] = row ? knownGrants([row]) : [];
  return (
    row &&
    grant && {
      id: row.id,
      name: row.name,
      secretHash: row.secret_hash,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      lastUsedAt: row.last_used_at,
      grant,
      person: personOf(row),
    }
  );
}

function personOf({ person_id: id, email, active, grants, sources }: PersonRow): FoundPerson {
  return { id, email, active, grants: knownGrants(grants), sources: byEntity(sources) };
}

function byEntity(sources: PersonRow['sources']): FoundPerson['sources'] {
  const entities = [...new Set(sources.map(({ entity }) => entity))];
  const namesOf = (wanted: string) =>
    sources.filter(({ entity }) => entity === wanted).map(({ name }) => name);
  return Object.fromEntries(entities.map((entity) => [entity, namesOf(entity)]));
}

/** Entity → names of its sources, for every entity that these grants name. */
export async function sourcesOfEntities(tx: Tx, grants: readonly Grant[]): Promise<FoundPerson['sources']> {
  const entities = grants.flatMap(({ scopeKind, scopeIds }) => (scopeKind === 'entities' ? scopeIds : []));
  if (entities.length === 0) return {};
  const rows = await tx
    .selectFrom('source')
    .select(['name', 'entity_id as entity'])
    .where('entity_id', 'in', entities)
    .execute();
  return byEntity(rows);
}

/** A role that a newer version knew gives nothing here. */
export function knownGrants(
  grants: readonly {
    readonly role: string;
    readonly scopeKind: string;
    readonly scopeIds: readonly string[];
  }[],
): readonly Grant[] {
  return grants
    .filter(({ role }) => Object.hasOwn(roles, role))
    .map(({ role, scopeKind, scopeIds }) => ({
      role: role as RoleName,
      scopeKind: scopeKind as Grant['scopeKind'],
      scopeIds,
    }));
}

/** Notes when a token was used last. */
export async function touchToken(tx: Tx, id: string, now: string): Promise<void> {
  await tx.updateTable('api_token').set({ last_used_at: now }).where('id', '=', id).execute();
}
