import { setTimeout as pause } from 'node:timers/promises';
import { type Delivery, type SendOptions, sendLimits } from './model.ts';

/** What one try came to. */
export type Outcome =
  | { readonly kind: 'done'; readonly status: number | undefined }
  | {
      readonly kind: 'failed';
      readonly status?: number | undefined;
      /** A clause: `it answered 503`. */
      readonly problem: string;
      /** Whether another try could do better. */
      readonly again: boolean;
      /** What the receiver asked for, in milliseconds. */
      readonly pauseMs?: number | undefined;
    };

/**
 * Tries until it is done, cannot be, or has been tried often enough. The pauses are 1, 2, 4 s, or longer when the receiver
 * asks for it; a receiver that asks for more than the longest pause is left alone, and the delivery says for how long.
 */
export async function withRetries(
  attempt: () => Promise<Outcome>,
  { signal, limits = sendLimits, sleep = sleepFor }: SendOptions,
): Promise<Delivery> {
  for (let attempts = 1; ; attempts++) {
    signal?.throwIfAborted();
    const outcome = await attempt();
    signal?.throwIfAborted();
    const { status } = outcome;
    if (outcome.kind === 'done') return { ok: true, attempts, status };
    const { problem, again, pauseMs = 0 } = outcome;
    const failed = { ok: false, attempts, status, error: `${problem}.` };
    if (!again) return failed;
    if (pauseMs > limits.longestPauseMs) return { ...failed, retryAfterSeconds: Math.ceil(pauseMs / 1000) };
    if (attempts >= limits.attempts) return failed;
    const backoff = Math.min(limits.firstPauseMs * 2 ** (attempts - 1), limits.longestPauseMs);
    await sleep(Math.max(backoff, pauseMs), signal);
  }
}

async function sleepFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  });
}

/** Thrown into a try that took too long. */
export class TookTooLong extends Error {}

/** The work, or `TookTooLong`, or the reason of the signal; the work's own signal tells it to stop. */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { signal, limits = sendLimits }: Pick<SendOptions, 'signal' | 'limits'>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new TookTooLong()), limits.timeoutMs);
  const either = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const stopped = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(either.reason), { once: true });
  });
  try {
    return await Promise.race([work(either), stopped]);
  } finally {
    clearTimeout(timer);
  }
}
