import { type Clock, systemCaller } from '../kernel/index.ts';
import type { Records, Tx } from '../records/index.ts';
import { digestOf } from './credential.ts';
import { accessErrors } from './errors.ts';
import { attempt, type Failures, forgottenBefore, freeAttempts, throttledAddress } from './throttle.ts';
import { forgetFailures, lockFailures, saveFailures, takeBack } from './throttle-sql.ts';

/** An attempt that counts as failed until it is taken back. */
export interface CountedAttempt {
  /** Call it in the transaction that the attempt succeeds in. */
  readonly succeed: (tx: Tx) => Promise<void>;
}

interface Key {
  readonly key: string;
  readonly free: number;
}

/** Counts an attempt to prove who one is, before it is made. Refusal: `access.throttled`, and then it does not count. */
export async function countAttempt(
  records: Records,
  clock: Clock,
  { email, address }: { readonly email: string; readonly address: string | null },
): Promise<CountedAttempt> {
  const from = address === null ? undefined : throttledAddress(address);
  const byEmail = { key: digestOf(`email:${email.trim().toLowerCase()}`), free: freeAttempts.email };
  const byAddress =
    from === undefined ? undefined : { key: digestOf(`address:${from}`), free: freeAttempts.address };
  const keys = [byEmail, ...(byAddress ? [byAddress] : [])];
  const now = clock.now();
  await records.write(systemCaller, async (tx) => {
    await forgetFailures(tx, forgottenBefore(now).toISOString());
    // In one order, so that two attempts never wait for each other.
    for (const key of keys.sort((a, b) => (a.key < b.key ? -1 : 1))) await countOne(tx, key, now);
  });
  return { succeed: (tx) => takeBack(tx, { email: byEmail.key, address: byAddress?.key }) };
}

async function countOne(tx: Tx, { key, free }: Key, now: Date): Promise<void> {
  const found: Failures | undefined = await lockFailures(tx, key, now.toISOString());
  const counted = attempt(found, now, free);
  if ('waitSeconds' in counted) throw accessErrors.throttled({ retryAfterSeconds: counted.waitSeconds });
  await saveFailures(tx, key, counted.next);
}
