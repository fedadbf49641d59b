import { type Caller, newId } from '../kernel/index.ts';
import { audit, type Tx } from '../records/index.ts';
import type { AccessContext } from './authenticate.ts';
import { digestOf, newSecret, writeApiToken } from './credential.ts';
import { accessErrors } from './errors.ts';
import { fitGrant } from './grants.ts';
import type { Grant, Principal } from './model.ts';
import { inAccess } from './people.ts';
import { getPerson } from './people-sql.ts';
import { type Permission, permissions } from './permissions.ts';
import { sourcesOfEntities } from './principal-sql.ts';
import { scopeOf } from './scope-of.ts';
import { type ApiToken, getToken, insertToken, listTokens, revokeToken } from './token-sql.ts';

const day = 86_400_000;
/** Tokens end; the longest life is a year. */
const longestTokenDays = 365;
const usualTokenDays = 90;

export interface NewToken {
  /** Whose it is. */
  readonly personId: string;
  readonly name: string;
  readonly grant: Grant;
  /** ISO 8601; 90 days from now by default. */
  readonly expiresAt?: string | undefined;
}

/** A token, and its text, which is shown this once and kept nowhere. */
export interface MadeToken {
  readonly token: ApiToken;
  readonly secret: string;
}

/**
 * Makes a token, which never does more than its owner may. Refusals: `access.unknownPerson`, `deactivated`, `unfitGrant`, `unfitExpiry`,
 * and `voidToken` where its owner may do nothing of it.
 */
export async function createToken(
  context: AccessContext,
  caller: Caller,
  wanted: NewToken,
): Promise<MadeToken> {
  const { clock, randomness } = context;
  const now = clock.now();
  const grant = fitGrant(wanted.grant);
  const expiresAt = expiryOf(wanted.expiresAt, now);
  const credential = { id: newId(clock, randomness), secret: newSecret(randomness) };
  const { personId, name } = wanted;
  const token = await (await context.records()).write(inAccess(caller), async (tx) => {
    await refuseVoid(tx, personId, grant);
    const secretHash = digestOf(credential.secret);
    const stored = {
      id: credential.id,
      personId,
      name,
      secretHash,
      grant,
      now: now.toISOString(),
      expiresAt,
    };
    await insertToken(tx, stored);
    const made = await getToken(tx, credential.id, undefined);
    await auditToken(tx, caller, 'token.create', null, made);
    return made;
  });
  return { token, secret: writeApiToken(credential) };
}

function expiryOf(asked: string | undefined, now: Date): string {
  const latest = new Date(now.getTime() + longestTokenDays * day);
  const expiry = asked === undefined ? new Date(now.getTime() + usualTokenDays * day) : new Date(asked);
  if (expiry > now && expiry <= latest) return expiry.toISOString();
  throw accessErrors.unfitExpiry({ expiresAt: String(asked), latest: latest.toISOString() });
}

/** A token that allows nothing would be found out by its first user only. */
async function refuseVoid(tx: Tx, personId: string, grant: Grant): Promise<void> {
  const owner = await getPerson(tx, personId);
  if (!owner.active) throw accessErrors.deactivated({ email: owner.email });
  const sources = await sourcesOfEntities(tx, [...owner.grants, grant]);
  const rights = { grants: owner.grants, limit: grant, sources };
  const allowed = (Object.keys(permissions) as Permission[]).filter((name) => scopeOf(rights, name));
  if (allowed.length === 0) throw accessErrors.voidToken({ role: grant.role });
}

/** Tokens that a caller sees: all of them, or those of one person. */
export async function readTokens(
  { records }: AccessContext,
  caller: Caller,
  asked: Parameters<typeof listTokens>[1],
): Promise<readonly ApiToken[]> {
  return await (await records()).read(inAccess(caller), (tx) => listTokens(tx, asked));
}

/** Ends a token for ever. `ownerId`: only if it is theirs. Refusal: `access.unknownToken`. */
export async function endToken(
  { records, clock }: AccessContext,
  caller: Caller,
  { id, ownerId }: { readonly id: string; readonly ownerId: string | undefined },
): Promise<ApiToken> {
  return await (await records()).write(inAccess(caller), async (tx) => {
    const before = await getToken(tx, id, ownerId);
    if (!(await revokeToken(tx, id, clock.now().toISOString()))) return before;
    const after = await getToken(tx, id, ownerId);
    await auditToken(tx, caller, 'token.revoke', before, after);
    return after;
  });
}

async function auditToken(
  tx: Tx,
  caller: Caller,
  action: string,
  before: ApiToken | null,
  after: ApiToken,
): Promise<void> {
  await audit(tx, caller, { action, object: { type: 'token', id: after.id }, entity: null, before, after });
}

/** True for whoever may see and change every person's tokens. */
export function managesPeople(principal: Principal | null): boolean {
  return principal !== null && scopeOf(principal, 'person.manage')?.kind === 'all';
}
