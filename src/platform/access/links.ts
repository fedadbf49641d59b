import { type Caller, newId, systemCaller } from '../kernel/index.ts';
import { audit, type Records, type Tx } from '../records/index.ts';
import type { AccessContext } from './authenticate.ts';
import {
  type Credential,
  digestOf,
  hasDigest,
  newSecret,
  readLinkToken,
  writeLinkToken,
} from './credential.ts';
import { accessErrors } from './errors.ts';
import { insertLink, type LinkPurpose, lockLink, useUpLinks } from './link-sql.ts';
import { hashPassword, refuseWeakPassword } from './passwords.ts';
import { inAccess, storePassword } from './people.ts';
import {
  type Credentials,
  getPerson,
  hasAdmin,
  insertPerson,
  lockAdmins,
  lockCredentials,
  replaceGrants,
} from './people-sql.ts';
import { auditSignIn, callerOf, systemAt } from './sign-in.ts';
import { type Place, type SignedIn, startSession } from './start-session.ts';

const hour = 3_600_000;
const firstStartMs = 24 * hour;
const invitationMs = 72 * hour;

/** A link that can be used once. Its token stands behind the `#`, which browsers send to nobody. */
export interface OneTimeLink {
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * The link that makes the first administrator, for whoever can read what the server prints; undefined where there is an
 * active super_admin. It is good for 24 hours, and useless as soon as one of its kind was used.
 */
export async function openFirstStart(context: AccessContext): Promise<OneTimeLink | undefined> {
  const records = await context.records();
  return await records.write(systemCaller, async (tx) => {
    if (await hasAdmin(tx)) return undefined;
    return await storeLink(tx, context, { purpose: 'first_start', personId: null, lifeMs: firstStartMs });
  });
}

/** Makes the first administrator and signs them in. Refusals: `access.deadLink`, `alreadyStarted`, `weakPassword`. */
export async function makeFirstAdmin(
  context: AccessContext,
  given: {
    readonly token: string;
    readonly email: string;
    readonly name: string;
    readonly password: string;
  },
  place: Place,
): Promise<SignedIn> {
  const { clock, randomness } = context;
  const { email, name, password } = given;
  const records = await context.records();
  await inspectLink(records, context, given.token, 'first_start');
  refuseWeakPassword(password, email);
  const passwordHash = await hashPassword(password);
  const id = newId(clock, randomness);
  const caller = systemAt(place);
  return await records.write(caller, async (tx) => {
    await lockAdmins(tx);
    await demandLink(tx, context, given.token, 'first_start');
    if (await hasAdmin(tx)) throw accessErrors.alreadyStarted({});
    const now = clock.now().toISOString();
    await insertPerson(tx, { id, email, name, now, passwordHash });
    await replaceGrants(tx, id, [{ role: 'super_admin', scopeKind: 'all', scopeIds: [] }]);
    await useUpLinks(tx, null, now);
    await audit(tx, caller, {
      action: 'person.create',
      object: { type: 'person', id },
      entity: null,
      before: null,
      after: await getPerson(tx, id),
    });
    await auditSignIn(tx, { id, email }, place, 'link');
    return await startSession(tx, context, { id, email, name }, place);
  });
}

/** A link with which a person sets a password; those made before are useless. Refusals: `access.unknownPerson`, `deactivated`. */
export async function invite(context: AccessContext, caller: Caller, personId: string): Promise<OneTimeLink> {
  const records = await context.records();
  return await records.write(inAccess(caller), async (tx) => {
    const person = await getPerson(tx, personId);
    if (!person.active) throw accessErrors.deactivated({ email: person.email });
    await useUpLinks(tx, personId, context.clock.now().toISOString());
    const link = await storeLink(tx, context, { purpose: 'set_password', personId, lifeMs: invitationMs });
    await audit(tx, caller, {
      action: 'person.invite',
      object: { type: 'person', id: personId },
      entity: null,
      before: null,
      after: { expiresAt: link.expiresAt },
    });
    return link;
  });
}

/** Sets the password of the link's person and signs them in. Refusals: `access.deadLink`, `weakPassword`. */
export async function redeemInvitation(
  context: AccessContext,
  { token, password }: { readonly token: string; readonly password: string },
  place: Place,
): Promise<SignedIn> {
  const records = await context.records();
  const invited = await inspectLink(records, context, token, 'set_password');
  refuseWeakPassword(password, invited?.email ?? '');
  const passwordHash = await hashPassword(password);
  const caller = systemAt(place);
  return await records.write(caller, async (tx) => {
    const person = await demandLink(tx, context, token, 'set_password');
    if (!person) throw accessErrors.deadLink({});
    const changed = { personId: person.id, passwordHash, sessionId: null };
    await storePassword(tx, callerOf(person, place), { ...changed, now: context.clock.now().toISOString() });
    await auditSignIn(tx, person, place, 'link');
    return await startSession(tx, context, person, place);
  });
}

async function storeLink(
  tx: Tx,
  { clock, randomness }: AccessContext,
  wanted: { readonly purpose: LinkPurpose; readonly personId: string | null; readonly lifeMs: number },
): Promise<OneTimeLink> {
  const { purpose, personId, lifeMs } = wanted;
  const credential: Credential = { id: newId(clock, randomness), secret: newSecret(randomness) };
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + lifeMs).toISOString();
  const secretHash = digestOf(credential.secret);
  await insertLink(tx, {
    id: credential.id,
    secretHash,
    purpose,
    personId,
    now: now.toISOString(),
    expiresAt,
  });
  return { token: writeLinkToken(credential), expiresAt };
}

/** Looks at a link before the work of a hash is done for it; it stays unused. */
async function inspectLink(
  records: Records,
  context: AccessContext,
  token: string,
  purpose: LinkPurpose,
): Promise<Credentials | undefined> {
  return await records.write(systemCaller, (tx) => demandLink(tx, context, token, purpose));
}

/** The active person that a good link is for; undefined at first start. Refusal: `access.deadLink`. */
async function demandLink(
  tx: Tx,
  { clock }: AccessContext,
  token: string,
  purpose: LinkPurpose,
): Promise<Credentials | undefined> {
  const credential = readLinkToken(token);
  if (!credential) throw accessErrors.deadLink({});
  const link = await lockLink(tx, credential.id, purpose, clock.now().toISOString());
  if (!link || !hasDigest(credential.secret, link.secretHash)) throw accessErrors.deadLink({});
  if (link.personId === null) return undefined;
  const person = await lockCredentials(tx, link.personId);
  if (!person?.active) throw accessErrors.deadLink({});
  return person;
}
