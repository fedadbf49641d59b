import { type Caller, newId, systemCaller } from '../kernel/index.ts';
import { audit, type Secrets, type Tx } from '../records/index.ts';
import { insertAttempt, takeAttempt } from './attempt-sql.ts';
import type { AccessContext } from './authenticate.ts';
import { emailSchema } from './contract.ts';
import { digestOf, hasDigest, newSecret } from './credential.ts';
import { accessErrors } from './errors.ts';
import {
  type Credentials,
  changePerson,
  findByEmail,
  findBySubject,
  getPerson,
  insertPerson,
  lockCredentials,
} from './people-sql.ts';
import type { Identity, Proof, Provider } from './provider.ts';
import { auditSignIn, systemAt } from './sign-in.ts';
import { type Place, type SignedIn, startSession } from './start-session.ts';

/** Seals a text so that it opens with the same context only. */
export type Sealer = Pick<Secrets, 'seal' | 'open'>;

/** What signing in through a provider needs besides. */
export interface ProviderContext extends AccessContext {
  readonly provider: Provider;
  /** Opened on first use. */
  readonly secrets: () => Promise<Sealer>;
  /** Whether somebody nobody invited becomes a person. */
  readonly createPeople: boolean;
}

const attemptMs = 600_000;

/** Where to send the browser, and the cookie that it must show when it comes back. */
export interface BegunSignIn {
  readonly url: string;
  readonly browserCookie: string;
}

/** Begins a sign-in through the provider. Refusals: `access.foreignReturn`, `providerUnavailable`. */
export async function beginSignIn(context: ProviderContext, returnTo: string): Promise<BegunSignIn> {
  const { randomness, clock, provider, records } = context;
  refuseForeignReturn(returnTo);
  const proof: Proof = {
    state: newSecret(randomness),
    nonce: newSecret(randomness),
    verifier: newSecret(randomness),
  };
  const browserCookie = newSecret(randomness);
  const url = await provider.authorizationUrl(proof);
  const stateHash = digestOf(proof.state);
  const now = clock.now();
  const attempt = {
    stateHash,
    browserHash: digestOf(browserCookie),
    sealed: (await context.secrets()).seal(JSON.stringify(proof), sealContext(stateHash)),
    returnTo,
  };
  const expiresAt = new Date(now.getTime() + attemptMs).toISOString();
  const opened = await records();
  await opened.write(systemCaller, (tx) => insertAttempt(tx, attempt, { now: now.toISOString(), expiresAt }));
  return { url: url.href, browserCookie };
}

/** A path of this server and nothing that a browser could take for another: no host, no backslash, no control character. */
function refuseForeignReturn(returnTo: string): void {
  const here = 'http://here.invalid';
  const isPath = /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(returnTo) && returnTo.length <= 2000;
  if (isPath && URL.canParse(returnTo, here) && new URL(returnTo, here).origin === here) return;
  throw accessErrors.foreignReturn({ returnTo: returnTo.slice(0, 100) });
}

function sealContext(stateHash: string): string {
  return JSON.stringify(['sign_in_attempt', 'sealed', stateHash]);
}

/** What came back from the provider, and the cookie of the browser that brought it. */
export interface ProviderAnswer {
  readonly url: URL;
  readonly browserCookie: string | undefined;
}

/**
 * Ends a sign-in through the provider: whoever is linked to the identity, or was invited under its verified e-mail, is
 * signed in. Refusals: `access.unknownState` (also when it comes twice), `foreignBrowser`, those of `Provider`,
 * `notInvited`.
 */
export async function finishSignIn(
  context: ProviderContext,
  answer: ProviderAnswer,
  place: Place,
): Promise<SignedIn & { readonly returnTo: string }> {
  const { proof, returnTo } = await redeemAttempt(context, answer);
  const identity = await context.provider.identify(answer.url, proof);
  const records = await context.records();
  const caller = systemAt(place);
  const signedIn = await records.write(caller, async (tx) => {
    const person = await personOf(tx, context, identity, caller);
    if (!person) return undefined;
    await auditSignIn(tx, person, place, 'provider');
    return await startSession(tx, context, person, place);
  });
  if (signedIn) return { ...signedIn, returnTo };
  await records.write(caller, (tx) => auditRefusal(tx, caller, identity));
  throw accessErrors.notInvited({});
}

/** An attempt is taken out before anything is checked, so that it never works a second time. */
async function redeemAttempt(
  { records, clock, secrets }: ProviderContext,
  { url, browserCookie }: ProviderAnswer,
): Promise<{ readonly proof: Proof; readonly returnTo: string }> {
  const stateHash = digestOf(url.searchParams.get('state') ?? '');
  const now = clock.now().toISOString();
  const attempt = await (await records()).write(systemCaller, (tx) => takeAttempt(tx, stateHash, now));
  if (!attempt) throw accessErrors.unknownState({});
  if (browserCookie === undefined || !hasDigest(browserCookie, attempt.browserHash))
    throw accessErrors.foreignBrowser({});
  const proof = (await secrets()).open(attempt.sealed, sealContext(stateHash));
  return { proof: JSON.parse(proof) as Proof, returnTo: attempt.returnTo };
}

/** The active person behind an identity: linked already, invited, or made now where that is allowed. */
async function personOf(
  tx: Tx,
  context: ProviderContext,
  identity: Identity,
  caller: Caller,
): Promise<Credentials | undefined> {
  const linked = await findBySubject(tx, identity.issuer, identity.subject);
  if (linked) return await ifActive(tx, linked.id);
  // Addresses that this room would not take from an administrator are nobody's.
  const email = emailSchema.safeParse(identity.email).data;
  if (email === undefined) return undefined;
  const found = await findByEmail(tx, email);
  if (found) return await linkInvited(tx, context, { id: found.id, identity, caller });
  if (!context.createPeople) return undefined;
  return await createFromIdentity(tx, context, { identity, email, caller });
}

async function ifActive(tx: Tx, id: string): Promise<Credentials | undefined> {
  const person = await lockCredentials(tx, id);
  return person?.active ? person : undefined;
}

/** Somebody who signs in in another way is never taken over: the provider's word for an e-mail is not enough. */
async function linkInvited(
  tx: Tx,
  { clock }: ProviderContext,
  { id, identity, caller }: { readonly id: string; readonly identity: Identity; readonly caller: Caller },
): Promise<Credentials | undefined> {
  const person = await ifActive(tx, id);
  if (!person || person.passwordHash !== null || person.oidcSubject !== null) return undefined;
  const before = await getPerson(tx, id);
  await changePerson(tx, id, { provider: identity }, clock.now().toISOString());
  await auditLink(tx, caller, { action: 'person.link', before, after: await getPerson(tx, id) });
  return person;
}

async function createFromIdentity(
  tx: Tx,
  { clock, randomness }: ProviderContext,
  given: { readonly identity: Identity; readonly email: string; readonly caller: Caller },
): Promise<Credentials | undefined> {
  const { identity, email, caller } = given;
  const id = newId(clock, randomness);
  const name =
    (identity.name ?? '')
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 200) || email;
  await insertPerson(tx, { id, email, name, now: clock.now().toISOString(), provider: identity });
  await auditLink(tx, caller, { action: 'person.create', before: null, after: await getPerson(tx, id) });
  return await lockCredentials(tx, id);
}

async function auditLink(
  tx: Tx,
  caller: Caller,
  change: {
    readonly action: string;
    readonly before: unknown;
    readonly after: { readonly id: string };
  },
): Promise<void> {
  await audit(tx, caller, { ...change, object: { type: 'person', id: change.after.id }, entity: null });
}

async function auditRefusal(tx: Tx, caller: Caller, { issuer, subject }: Identity): Promise<void> {
  await audit(tx, caller, {
    action: 'session.refuse',
    object: { type: 'person', id: 'unknown' },
    entity: null,
    before: null,
    after: { by: 'provider', issuer, subject },
  });
}
