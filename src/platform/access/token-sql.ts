import type { Tx } from '../records/index.ts';
import { apiTokenPrefix } from './credential.ts';
import { accessErrors } from './errors.ts';
import type { Grant } from './model.ts';
import { knownGrants } from './principal-sql.ts';

/** An API token as it may be shown. */
export interface ApiToken {
  readonly id: string;
  /** How the token begins. */
  readonly prefix: string;
  readonly name: string;
  readonly owner: { readonly id: string; readonly email: string };
  readonly grant: Grant;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

export interface NewApiToken {
  readonly id: string;
  readonly personId: string;
  readonly name: string;
  readonly secretHash: string;
  readonly grant: Grant;
  readonly now: string;
  readonly expiresAt: string;
}

/** Stores a token. */
export async function insertToken(tx: Tx, token: NewApiToken): Promise<void> {
  const { id, personId, name, secretHash, grant, now, expiresAt } = token;
  await tx
    .insertInto('api_token')
    .values({
      id,
      person_id: personId,
      name,
      secret_hash: secretHash,
      role: grant.role,
      scope_kind: grant.scopeKind,
      scope_ids: [...grant.scopeIds],
      created_at: now,
      expires_at: expiresAt,
    })
    .execute();
}

const tokenRows = (tx: Tx) =>
  tx
    .selectFrom('api_token')
    .innerJoin('person', 'person.id', 'api_token.person_id')
    .select([
      'api_token.id',
      'api_token.name',
      'api_token.role',
      'api_token.scope_kind as scopeKind',
      'api_token.scope_ids as scopeIds',
      'api_token.created_at as createdAt',
      'api_token.expires_at as expiresAt',
      'api_token.last_used_at as lastUsedAt',
      'api_token.revoked_at as revokedAt',
      'person.id as ownerId',
      'person.email as ownerEmail',
    ]);

type TokenRow = Awaited<ReturnType<ReturnType<typeof tokenRows>['execute']>>[number];

function asTokens(rows: readonly TokenRow[]): readonly ApiToken[] {
  return rows.flatMap(({ role, scopeKind, scopeIds, ownerId, ownerEmail, ...token }) =>
    knownGrants([{ role, scopeKind, scopeIds }]).map((grant) => ({
      ...token,
      prefix: apiTokenPrefix(token.id),
      owner: { id: ownerId, email: ownerEmail },
      grant,
    })),
  );
}

/** Tokens in the order in which they were made, those after a cursor. `ownerId`: only theirs. */
export async function listTokens(
  tx: Tx,
  asked: { readonly limit: number; readonly after?: string; readonly ownerId?: string },
): Promise<readonly ApiToken[]> {
  const { limit, after, ownerId } = asked;
  const rows = await tokenRows(tx)
    .$if(after !== undefined, (query) => query.where('api_token.id', '>', after ?? ''))
    .$if(ownerId !== undefined, (query) => query.where('person.id', '=', ownerId ?? ''))
    .orderBy('api_token.id')
    .limit(limit)
    .execute();
  return asTokens(rows);
}

/** One token, or `access.unknownToken`, also where it is somebody else's. */
export async function getToken(tx: Tx, id: string, ownerId: string | undefined): Promise<ApiToken> {
  const rows = await tokenRows(tx)
    .where('api_token.id', '=', id)
    .$if(ownerId !== undefined, (query) => query.where('person.id', '=', ownerId ?? ''))
    .execute();
  const [token] = asTokens(rows);
  if (!token) throw accessErrors.unknownToken({ token: id });
  return token;
}

/** Ends a token; one that was revoked keeps its time. True when it was not. */
export async function revokeToken(tx: Tx, id: string, now: string): Promise<boolean> {
  const changed = await tx
    .updateTable('api_token')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}
