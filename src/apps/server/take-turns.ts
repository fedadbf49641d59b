import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from './errors.ts';
import type { AskedWithKey, Claimed } from './idempotency-store.ts';
import type { Answer } from './idempotent-answer.ts';

/** A key that this process holds for one of its requests. */
export interface Held {
  /** Lets the others of this process go on: with the answer, or to try it themselves. */
  readonly giveBack: (answer: Answer | undefined) => void;
}

/** How long a request may wait for another one with its key. */
export interface Patience {
  readonly waitMs: number;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface Attempt {
  readonly fingerprint: string;
  /** The answer; undefined when there was none to keep. */
  readonly ended: Promise<Answer | undefined>;
}

/** Lets one request with a key be worked at a time; the others get its answer, or the next turn. */
export interface Turns {
  /** Refuses with `server.keyReused`, `server.keyLost` and, when it takes too long, `server.keyInUse`. */
  readonly take: (
    asked: AskedWithKey,
    claim: (asked: AskedWithKey) => Promise<Claimed>,
    patience: Patience,
  ) => Promise<Held | Answer>;
}

/** Requests of one process wait for each other in memory; only the first of them asks the records. */
export function openTurns(): Turns {
  const attempts = new Map<string, Attempt>();

  function begin({ id, fingerprint }: AskedWithKey): Held {
    let settle: (answer: Answer | undefined) => void = () => {};
    const ended = new Promise<Answer | undefined>((resolve) => {
      settle = resolve;
    });
    attempts.set(id, { fingerprint, ended });
    return {
      giveBack: (answer) => {
        attempts.delete(id);
        settle(answer);
      },
    };
  }

  return {
    take: async (asked, claim, { waitMs, signal }) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
      const { key } = asked;
      for (;;) {
        const attempt = attempts.get(asked.id);
        if (!attempt) return await goFirst(begin(asked), () => claim(asked), { key, patience });
        if (attempt.fingerprint !== asked.fingerprint) throw errors.keyReused({ key });
        const answer = await orTired(attempt.ended, { key, patience });
        if (answer) return answer;
      }
    },
  };
}

interface Waiting {
  readonly key: string;
  readonly patience: AbortSignal;
}

/** Claims the key for the requests of this process; waits for the one of another process that is worked now. */
async function goFirst(held: Held, claim: () => Promise<Claimed>, waiting: Waiting): Promise<Held | Answer> {
  const { key } = waiting;
  try {
    const claimed = await claimWhenFree(claim, waiting);
    if (claimed === 'mine') return held;
    if (claimed === 'reused') throw errors.keyReused({ key });
    if (claimed === 'lost') throw errors.keyLost({ key });
    held.giveBack(claimed);
    return claimed;
  } catch (error) {
    held.giveBack(undefined);
    throw error;
  }
}

async function claimWhenFree(
  claim: () => Promise<Claimed>,
  waiting: Waiting,
): Promise<Exclude<Claimed, 'taken'>> {
  for (let pauseMs = 20; ; pauseMs = Math.min(2 * pauseMs, 1000)) {
    const claimed = await claim();
    if (claimed !== 'taken') return claimed;
    await orTired(sleep(pauseMs), waiting);
  }
}

/** Refuses with `server.keyInUse` when the patience is over first. */
async function orTired<T>(awaited: Promise<T>, { key, patience }: Waiting): Promise<T> {
  if (patience.aborted) throw errors.keyInUse({ key });
  let tire: () => void = () => {};
  const tired = new Promise<never>((_, reject) => {
    tire = () => reject(errors.keyInUse({ key }));
  });
  patience.addEventListener('abort', tire, { once: true });
  try {
    return await Promise.race([awaited, tired]);
  } finally {
    patience.removeEventListener('abort', tire);
  }
}
