import { type Caller, everything, newId } from '../kernel/index.ts';
import { audit, type Tx } from '../records/index.ts';
import type { AccessContext } from './authenticate.ts';
import { countAttempt } from './count-attempt.ts';
import { accessErrors } from './errors.ts';
import { fitGrants } from './grants.ts';
import { useUpLinks } from './link-sql.ts';
import type { Grant } from './model.ts';
import { hashPassword, refuseWeakPassword, verifyPassword } from './passwords.ts';
import {
  changePerson,
  findCredentials,
  getPerson,
  hasAdmin,
  insertPerson,
  listPeople,
  lockAdmins,
  lockCredentials,
  lockPerson,
  type Person,
  type PersonChange,
  replaceGrants,
} from './people-sql.ts';
import { deleteSessionsOf } from './session-sql.ts';

/** A caller whom the route has let in, before the tables of this room: they know no narrower scope. */
export function inAccess(caller: Caller): Caller {
  return { ...caller, scope: everything };
}

/** Makes a person, who can sign in once a link or the provider was used. Refusals: `access.emailTaken`, `unfitGrant`. */
export async function createPerson(
  context: AccessContext,
  caller: Caller,
  {
    email,
    name,
    grants,
  }: { readonly email: string; readonly name: string; readonly grants: readonly Grant[] },
): Promise<Person> {
  const { clock, randomness } = context;
  const fitted = fitGrants(grants);
  const id = newId(clock, randomness);
  const records = await context.records();
  return await records.write(inAccess(caller), async (tx) => {
    await insertPerson(tx, { id, email, name, now: clock.now().toISOString() });
    await replaceGrants(tx, id, fitted);
    const person = await getPerson(tx, id);
    await auditPerson(tx, caller, 'person.create', null, person);
    return person;
  });
}

/** One person. Refusal: `access.unknownPerson`. */
export async function readPerson({ records }: AccessContext, caller: Caller, id: string): Promise<Person> {
  return await (await records()).read(inAccess(caller), (tx) => getPerson(tx, id));
}

/** People by e-mail. */
export async function readPeople(
  { records }: AccessContext,
  caller: Caller,
  asked: Parameters<typeof listPeople>[1],
): Promise<readonly Person[]> {
  return await (await records()).read(inAccess(caller), (tx) => listPeople(tx, asked));
}

/** Who is changed, and the version that the caller has read; null: any. */
export interface PersonAt {
  readonly id: string;
  readonly version: number | null;
}

/**
 * Changes e-mail, name or whether a person is active; whoever is no more active is signed out everywhere. Refusals:
 * `access.unknownPerson`, `staleVersion`, `emailTaken`, `lastAdmin`.
 */
export async function updatePerson(
  context: AccessContext,
  caller: Caller,
  at: PersonAt,
  change: Pick<PersonChange, 'email' | 'name' | 'active'>,
): Promise<Person> {
  return await changing(context, caller, at, 'person.update', async (tx, now) => {
    await changePerson(tx, at.id, change, now);
    if (change.active === false) await deleteSessionsOf(tx, at.id, null);
  });
}

/** Gives a person these grants and no others. Refusals: as `updatePerson`, and `access.unfitGrant`. */
export async function setGrants(
  context: AccessContext,
  caller: Caller,
  at: PersonAt,
  grants: readonly Grant[],
): Promise<Person> {
  const fitted = fitGrants(grants);
  return await changing(context, caller, at, 'person.grant', async (tx, now) => {
    await replaceGrants(tx, at.id, fitted);
    await changePerson(tx, at.id, {}, now);
  });
}

/** One change of one person, after which an administrator must still be there. */
async function changing(
  { records, clock }: AccessContext,
  caller: Caller,
  { id, version }: PersonAt,
  action: string,
  change: (tx: Tx, now: string) => Promise<void>,
): Promise<Person> {
  return await (await records()).write(inAccess(caller), async (tx) => {
    await lockAdmins(tx);
    const before = await lockPerson(tx, id);
    if (version !== null && version !== before.version)
      throw accessErrors.staleVersion({ given: etagOf({ version }), current: etagOf(before) });
    await change(tx, clock.now().toISOString());
    const after = await getPerson(tx, id);
    if (isAdmin(before) && !isAdmin(after) && !(await hasAdmin(tx))) throw accessErrors.lastAdmin({});
    await auditPerson(tx, caller, action, before, after);
    return after;
  });
}

function isAdmin({ active, grants }: Person): boolean {
  return active && grants.some(({ role }) => role === 'super_admin');
}

/** The ETag of a person's version: `"7"`. */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

async function auditPerson(
  tx: Tx,
  caller: Caller,
  action: string,
  before: Person | null,
  after: Person,
): Promise<void> {
  await audit(tx, caller, { action, object: { type: 'person', id: after.id }, entity: null, before, after });
}

/** A new password, and who sets it. */
export interface NewPassword {
  readonly personId: string;
  readonly password: string;
  /** The password until now, where the person sets it; undefined where an administrator does. */
  readonly current?: string | undefined;
  /** The session that stays; every other one of the person ends. */
  readonly sessionId: string | null;
}

/**
 * Sets a password and ends the person's other sessions. Refusals: `access.unknownPerson`, `weakPassword`, and where it is
 * one's own, `wrongPassword` and `throttled`.
 */
export async function setPassword(
  context: AccessContext,
  caller: Caller,
  { personId, password, current, sessionId }: NewPassword,
): Promise<void> {
  const { records, clock } = context;
  const opened = await records();
  const known = await opened.read(inAccess(caller), (tx) => getPerson(tx, personId));
  refuseWeakPassword(password, known.email);
  const counted =
    current === undefined
      ? undefined
      : await countAttempt(opened, clock, { email: known.email, address: caller.actor.address });
  const oldHash = current === undefined ? undefined : await provenHash(context, caller, personId, current);
  const passwordHash = await hashPassword(password);
  await opened.write(inAccess(caller), async (tx) => {
    const person = await lockCredentials(tx, personId);
    if (!person || (oldHash !== undefined && person.passwordHash !== oldHash))
      throw accessErrors.wrongPassword({});
    const now = clock.now().toISOString();
    await counted?.succeed(tx);
    await storePassword(tx, caller, { personId, passwordHash, sessionId, now });
  });
}

/** The hash that the current password was found to fit. */
async function provenHash(
  { records }: AccessContext,
  caller: Caller,
  personId: string,
  current: string,
): Promise<string> {
  const found = await (await records()).read(inAccess(caller), (tx) => findCredentials(tx, personId));
  const hash = found?.passwordHash ?? null;
  if (!(await verifyPassword(hash, current)) || hash === null) throw accessErrors.wrongPassword({});
  return hash;
}

/** Keeps a new password; what opened the door before opens it no more. */
export async function storePassword(
  tx: Tx,
  caller: Caller,
  changed: {
    readonly personId: string;
    readonly passwordHash: string;
    readonly sessionId: string | null;
    readonly now: string;
  },
): Promise<void> {
  const { personId, passwordHash, sessionId, now } = changed;
  const before = await getPerson(tx, personId);
  await changePerson(tx, personId, { passwordHash }, now);
  await deleteSessionsOf(tx, personId, sessionId);
  await useUpLinks(tx, personId, now);
  await auditPerson(tx, caller, 'person.password', before, await getPerson(tx, personId));
}
