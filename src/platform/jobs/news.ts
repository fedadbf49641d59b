import type { Bus } from './bus.ts';
import type { ShownProgress } from './model.ts';

/** What a listener has heard since it last asked. */
export interface Heard {
  /** The newest progress; those before it are of no interest any more. */
  readonly progress: ShownProgress | undefined;
  /** The run has changed in the records. */
  readonly changed: boolean;
}

/** Listens to a run of this process for somebody who has time only now and then. */
export interface Ear {
  /** What was heard, or what is heard first; nothing after `ms`, or when the signal says that there is no use in waiting. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<Heard>;
  readonly stop: () => void;
}

export function listenTo(bus: Bus, id: string): Ear {
  let progress: ShownProgress | undefined;
  let changed = false;
  let wake = () => {};
  const stop = bus.listen(id, (news) => {
    if (news === 'changed') changed = true;
    else progress = news.progress;
    wake();
  });

  async function somethingHeard(ms: number, signal: AbortSignal | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', wake);
    });
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake);
  }

  return {
    stop,
    wait: async (ms, signal) => {
      if (!changed && !progress && !signal?.aborted) await somethingHeard(ms, signal);
      const heard = { progress, changed };
      [progress, changed] = [undefined, false];
      return heard;
    },
  };
}
