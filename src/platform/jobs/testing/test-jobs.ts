import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Caller, type Clock, nothing, systemClock } from '../../kernel/index.ts';
import type { Records } from '../../records/index.ts';
import { type Jobs, openJobs } from '../jobs.ts';
import { handler, type RunContext, type RunHandler } from '../model.ts';
import type { JobsLog } from '../world.ts';

/** A person who sees these entities. */
export function personOf(...entities: readonly string[]): Caller {
  return {
    actor: { kind: 'person', id: 'ann', name: 'ann@example.com', address: null, requestId: null },
    scope: { ...nothing, entities },
  };
}

const inputSchema = z.strictObject({
  /** What to do: a name of the works. */
  work: z.string(),
  key: z.string().optional(),
  entity: z.string().optional(),
});

/** What `test.work` does, by the name in its input. */
export type Works = Readonly<Record<string, (context: RunContext) => Promise<unknown>>>;

/** `test.work` can begin again, `test.once` cannot. */
export function testHandlers(works: Works): RunHandler[] {
  return ['test.work', 'test.once'].map((kind) =>
    handler({
      kind,
      resumable: () => kind === 'test.work',
      asked: inputSchema,
      input: inputSchema,
      accept: async (input) => ({ input, key: input.key ?? null, entity: input.entity ?? null }),
      run: async ({ work }, context) => works[work]?.(context),
    }),
  );
}

export const silent: JobsLog = { info: () => {}, error: () => {} };

/** Jobs as one of several processes would open them, because many are opened over the records of a test. */
export function openTestJobs(
  records: Records,
  works: Works,
  options: { readonly concurrency?: number; readonly clock?: Clock; readonly alone?: boolean } = {},
): Jobs {
  const { concurrency = 2, clock = systemClock, alone = false } = options;
  return openJobs({
    ...{ records, clock, concurrency, alone },
    randomness: randomBytes,
    handlers: testHandlers(works),
    log: silent,
  });
}

/** A promise, and how to settle it from outside. */
export function gate<T = void>() {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Ends when the signal aborts, as a killed child process does. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error(`stopped: ${signal.reason}`));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
