import { type Caller, type Clock, everything, type Randomness, systemCaller } from '../kernel/index.ts';
import { audit, type Records } from '../records/index.ts';
import {
  type Credential,
  digestOf,
  hasDigest,
  isSame,
  newSecret,
  readApiToken,
  readCookie,
  writeCookie,
} from './credential.ts';
import { accessErrors } from './errors.ts';
import type { Principal } from './model.ts';
import { type Origin, ownerPrincipal, unlimited } from './owner-principal.ts';
import { type FoundPerson, type FoundSession, findSession, findToken, touchToken } from './principal-sql.ts';
import { judgeCookie, touchMs } from './session-rules.ts';
import { deleteSession, rotateSession, touchSession } from './session-sql.ts';

/** What the proof of who somebody is works on. */
export interface AccessContext {
  /** Opened on first use. */
  readonly records: () => Promise<Records>;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export interface Authenticated {
  readonly principal: Principal;
  /** The session's next cookie, to be sent with the answer. */
  readonly newCookie: string | null;
}

/** The secrets that stand in no table. */
export interface FixedTokens {
  /** Makes its bearer the owner of the workspace: it lies in its folder. */
  readonly secretOfOwner: string;
  /** The setting `server.token`: its bearer may do everything, and is not the owner. */
  readonly operatorToken?: string | undefined;
}

/** Whose token this is. Refusals: `access.badToken`, `tokenExpired`, `tokenRevoked`, `inactive`. */
export async function authenticateToken(
  context: AccessContext,
  { secretOfOwner, operatorToken }: FixedTokens,
  token: string,
  origin: Origin,
): Promise<Principal> {
  if (isSame(token, secretOfOwner)) return ownerPrincipal(origin);
  if (operatorToken !== undefined && isSame(token, operatorToken))
    return unlimited({ kind: 'token', id: 'server.token', name: 'server.token', ...origin });
  const credential = readApiToken(token);
  if (!credential) throw accessErrors.badToken({});
  return await principalOfApiToken(context, credential, origin);
}

async function principalOfApiToken(
  { records, clock }: AccessContext,
  { id, secret }: Credential,
  origin: Origin,
): Promise<Principal> {
  const opened = await records();
  const found = await opened.read(systemCaller, (tx) => findToken(tx, id));
  // Compared also where there is no such token, so that the time does not tell.
  const fits = hasDigest(secret, found?.secretHash ?? digestOf(id));
  if (!found || !fits) throw accessErrors.badToken({});
  const now = clock.now();
  if (found.revokedAt !== null) throw accessErrors.tokenRevoked({ revokedAt: found.revokedAt });
  if (Date.parse(found.expiresAt) <= now.getTime())
    throw accessErrors.tokenExpired({ expiredAt: found.expiresAt });
  if (!found.person.active) throw accessErrors.inactive({});
  if (now.getTime() - Date.parse(found.lastUsedAt ?? '1970-01-01') >= touchMs)
    await opened.write(systemCaller, (tx) => touchToken(tx, id, now.toISOString()));
  return {
    actor: { kind: 'token', id, name: `${found.name} of ${found.person.email}`, ...origin },
    ...rightsOf(found.person),
    limit: found.grant,
    token: { id, expiresAt: found.expiresAt },
  };
}

function rightsOf({ id, grants, sources }: FoundPerson) {
  return { grants, sources, personId: id, limit: null, session: null, token: null };
}

/**
 * Whose session this cookie belongs to. `isSafe`: the request changes nothing. Refusals: `access.sessionEnded`,
 * `cookieReused`, which ends the session, `inactive`.
 */
export async function authenticateCookie(
  context: AccessContext,
  cookie: string,
  origin: Origin & { readonly isSafe: boolean },
): Promise<Authenticated> {
  const credential = readCookie(cookie);
  if (!credential) throw accessErrors.sessionEnded({});
  const records = await context.records();
  const found = await records.read(systemCaller, (tx) => findSession(tx, digestOf(credential.id)));
  if (!found) throw accessErrors.sessionEnded({});
  const { isSafe, ...place } = origin;
  const verdict = judgeCookie(found, digestOf(credential.secret), { now: context.clock.now(), isSafe });
  if (verdict === 'ended') throw accessErrors.sessionEnded({});
  if (verdict === 'reused') await endReused(records, found, place);
  if (!found.person.active) throw accessErrors.inactive({});
  const newCookie = await keepAlive(context, records, found, { verdict, credential });
  const { id, csrfToken, person } = found;
  return {
    principal: {
      actor: { kind: 'person', id: person.id, name: person.email, ...place },
      ...rightsOf(person),
      session: { id, csrfToken },
    },
    newCookie,
  };
}

async function endReused(records: Records, { id, person }: FoundSession, origin: Origin): Promise<never> {
  const caller: Caller = {
    actor: { kind: 'system', id: 'anonymous', name: 'holder of an old cookie', ...origin },
    scope: everything,
  };
  await records.write(caller, async (tx) => {
    await deleteSession(tx, id);
    const object = { type: 'person', id: person.id };
    await audit(tx, caller, { action: 'session.revoke', object, entity: null, before: null, after: null });
  });
  throw accessErrors.cookieReused({});
}

/** Notes the use of a session once a minute, and replaces the secret when it is due. */
async function keepAlive(
  { clock, randomness }: AccessContext,
  records: Records,
  found: FoundSession,
  { verdict, credential }: { readonly verdict: string; readonly credential: Credential },
): Promise<string | null> {
  const now = clock.now();
  const seen = { id: found.id, secretHash: found.secretHash, now: now.toISOString() };
  if (verdict === 'rotate') {
    const secret = newSecret(randomness);
    const hashes = { newHash: digestOf(secret), previousHash: digestOf(credential.secret) };
    const rotated = await records.write(systemCaller, (tx) => rotateSession(tx, seen, hashes));
    return rotated ? writeCookie({ id: credential.id, secret }) : null;
  }
  const isDue = now.getTime() - Date.parse(found.lastSeenAt) >= touchMs;
  if (isDue || verdict === 'confirm')
    await records.write(systemCaller, (tx) => touchSession(tx, seen, verdict === 'confirm'));
  return null;
}
