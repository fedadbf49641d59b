import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../platform/kernel/index.ts';
import type { Records, Secrets, Tx, WriteHook } from '../../platform/records/index.ts';
import { errors } from './errors.ts';
import type { AskedWithKey, IdempotencyStore } from './idempotency-store.ts';

export interface HeldKeysOptions {
  readonly records: () => Promise<Records>;
  readonly secrets: () => Promise<Secrets>;
  readonly leaseMs: number;
  readonly keepMs: number;
  readonly log: FastifyBaseLogger;
}

/** The keys that requests of this process hold, over a store that is opened on first use. */
export interface HeldKeys {
  readonly store: () => Promise<IdempotencyStore>;
  /** From now on this actor's writes count as the work of this request, and its lease is renewed. */
  readonly add: (asked: AskedWithKey, actor: Actor) => void;
  readonly remove: (asked: AskedWithKey) => void;
  readonly close: () => void;
}

const sweepMs = 3_600_000;

/** Renews the leases of what is held, marks what its holders change, and removes expired keys every hour. */
export function openHeldKeys(options: HeldKeysOptions): HeldKeys {
  const held = new Map<Actor, AskedWithKey>();
  const endings: (() => void)[] = [];
  let opened: Promise<IdempotencyStore> | undefined;

  async function open(): Promise<IdempotencyStore> {
    const store = await openStore(options, (end) => endings.push(end), held);
    const failed = (error: unknown) =>
      options.log.error({ err: error }, 'the Idempotency-Keys were not tended');
    const renew = () => {
      const claims = [...held.values()].map(({ claimId }) => claimId);
      if (claims.length > 0) store.renew(claims).catch(failed);
    };
    const sweep = () => void store.sweep().catch(failed);
    sweep();
    for (const timer of [setInterval(renew, options.leaseMs / 3), setInterval(sweep, sweepMs)]) {
      timer.unref();
      endings.push(() => clearInterval(timer));
    }
    return store;
  }

  return {
    store: () => {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    add: (asked, actor) => {
      held.set(actor, asked);
    },
    remove: ({ claimId }) => {
      for (const [actor, asked] of held) if (asked.claimId === claimId) held.delete(actor);
    },
    close: () => {
      for (const end of endings) end();
    },
  };
}

async function openStore(
  { records, secrets, leaseMs, keepMs }: HeldKeysOptions,
  atEnd: (end: () => void) => void,
  held: ReadonlyMap<Actor, AskedWithKey>,
): Promise<IdempotencyStore> {
  // Loaded only now, with the database's driver: commands that send no key stay quick.
  const { openIdempotencyStore } = await import('./idempotency-store.ts');
  const [keptIn, keys] = await Promise.all([records(), secrets()]);
  const store = openIdempotencyStore(keptIn, keys, { leaseMs, keepMs });
  atEnd(keptIn.onWrite(({ actor }) => markOf(store, held.get(actor))));
  return store;
}

/** What a change by the holder of a key does besides: it says so, and fails when the key went to another attempt. */
function markOf(store: IdempotencyStore, asked: AskedWithKey | undefined): ReturnType<WriteHook> {
  if (!asked) return undefined;
  return async (tx: Tx) => {
    if (!(await store.markEffect(tx, asked.claimId))) throw errors.keyInUse({ key: asked.key });
  };
}
