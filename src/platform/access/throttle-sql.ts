import type { Tx } from '../records/index.ts';
import type { Failures } from './throttle.ts';

/** What is known of a key; the row, which is made where there is none, is locked until the transaction ends. */
export async function lockFailures(tx: Tx, key: string, now: string): Promise<Failures | undefined> {
  const row = await tx
    .insertInto('sign_in_failure')
    .values({ key, failures: 0, last_at: now, blocked_until: null })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ failures: (e) => e.ref('sign_in_failure.failures') }),
    )
    .returning(['failures', 'last_at as lastAt', 'blocked_until as blockedUntil'])
    .executeTakeFirstOrThrow();
  return row.failures === 0 ? undefined : row;
}

/** Keeps what is known of a key, and forgets what is too old to count. */
export async function saveFailures(
  tx: Tx,
  key: string,
  { failures, lastAt, blockedUntil }: Failures,
): Promise<void> {
  await tx
    .updateTable('sign_in_failure')
    .set({ failures, last_at: lastAt, blocked_until: blockedUntil })
    .where('key', '=', key)
    .execute();
}

/** Takes back the attempt that succeeded: the e-mail starts anew, the address has one failure less. */
export async function takeBack(
  tx: Tx,
  keys: { readonly email: string; readonly address?: string | undefined },
): Promise<void> {
  await tx.deleteFrom('sign_in_failure').where('key', '=', keys.email).execute();
  if (keys.address === undefined) return;
  await tx
    .updateTable('sign_in_failure')
    .set((e) => ({
      failures: e.fn<number>('greatest', [e(e.ref('failures'), '-', 1), e.lit(0)]),
      blocked_until: null,
    }))
    .where('key', '=', keys.address)
    .execute();
}

/** Removes what is older. */
export async function forgetFailures(tx: Tx, before: string): Promise<void> {
  await tx.deleteFrom('sign_in_failure').where('last_at', '<', before).execute();
}
