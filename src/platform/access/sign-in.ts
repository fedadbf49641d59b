import { type Caller, everything } from '../kernel/index.ts';
import { audit, type Records } from '../records/index.ts';
import type { AccessContext } from './authenticate.ts';
import { countAttempt } from './count-attempt.ts';
import { accessErrors } from './errors.ts';
import type { Origin } from './owner-principal.ts';
import { hashPassword, isOutdated, verifyPassword } from './passwords.ts';
import { type Credentials, changePerson, findByEmail, lockCredentials } from './people-sql.ts';
import { deleteSession } from './session-sql.ts';
import { type Place, type SignedIn, startSession } from './start-session.ts';

/**
 * Signs somebody in by e-mail and password. Refusals: `access.throttled`, and `access.wrongCredentials` for an unknown
 * e-mail, a wrong password, an inactive person and one without password: the same answer in the same time.
 */
export async function signIn(
  context: AccessContext,
  { email, password }: { readonly email: string; readonly password: string },
  place: Place,
): Promise<SignedIn> {
  const records = await context.records();
  const counted = await countAttempt(records, context.clock, { email, address: place.address });
  const found = await findSignIn(records, email);
  const hash = found?.active ? found.passwordHash : null;
  if (!(await verifyPassword(hash, password)) || !found || hash === null)
    return await refuse(records, found, place);
  const newHash = isOutdated(hash) ? await hashPassword(password) : undefined;
  return await records.write(callerOf(found, place), async (tx) => {
    const person = await lockCredentials(tx, found.id);
    // Deactivated, or given another password, while the hash was computed.
    if (!person?.active || person.passwordHash !== hash) throw accessErrors.wrongCredentials({});
    await counted.succeed(tx);
    if (newHash !== undefined)
      await changePerson(tx, person.id, { passwordHash: newHash }, context.clock.now().toISOString());
    await auditSignIn(tx, person, place, 'password');
    return await startSession(tx, context, person, place);
  });
}

/** An e-mail that is not ASCII is nobody's: databases disagree on which letters of other scripts are the same. */
async function findSignIn(records: Records, email: string): Promise<Credentials | undefined> {
  const caller = systemAt({ address: null, requestId: null });
  const asked = /^[\x20-\x7e]+$/.test(email) ? email.trim() : '';
  return await records.read(caller, (tx) => findByEmail(tx, asked));
}

/** What was typed is not kept: it may be a password in the wrong field. */
async function refuse(records: Records, found: Credentials | undefined, place: Place): Promise<never> {
  const caller = systemAt(place);
  await records.write(caller, (tx) =>
    audit(tx, caller, {
      action: 'session.refuse',
      object: { type: 'person', id: found?.id ?? 'unknown' },
      entity: null,
      before: null,
      after: { by: 'password' },
    }),
  );
  throw accessErrors.wrongCredentials({});
}

/** Writes a sign-in into the audit log. */
export async function auditSignIn(
  tx: Parameters<typeof audit>[0],
  person: Pick<Credentials, 'id' | 'email'>,
  place: Place,
  by: 'password' | 'provider' | 'link',
): Promise<void> {
  await audit(tx, callerOf(person, place), {
    action: 'session.start',
    object: { type: 'person', id: person.id },
    entity: null,
    before: null,
    after: { by },
  });
}

/** A person who signs in, as the audit log names them; they see the tables of this room. */
export function callerOf({ id, email }: Pick<Credentials, 'id' | 'email'>, origin: Origin): Caller {
  const { address, requestId } = origin;
  return { actor: { kind: 'person', id, name: email, address, requestId }, scope: everything };
}

/** The program, on behalf of somebody at this place who has not proved anything. */
export function systemAt({ address, requestId }: Origin): Caller {
  return {
    actor: { kind: 'system', id: 'anonymous', name: 'not signed in', address, requestId },
    scope: everything,
  };
}

/** Ends a session at its owner's wish. */
export async function signOut(context: AccessContext, caller: Caller, sessionId: string): Promise<void> {
  const records = await context.records();
  const known = { ...caller, scope: everything };
  await records.write(known, async (tx) => {
    await deleteSession(tx, sessionId);
    await audit(tx, known, {
      action: 'session.end',
      object: { type: 'person', id: caller.actor.id },
      entity: null,
      before: null,
      after: null,
    });
  });
}
