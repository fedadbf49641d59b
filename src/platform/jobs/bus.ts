import type { ShownProgress } from './model.ts';

/** What is told of a run within this process: `changed` when its rows in the records have. */
export type RunNews = { readonly progress: ShownProgress } | 'changed';

/** Who wants to hear of which run, in this process. Others look at the records once a second. */
export interface Bus {
  readonly tell: (id: string, news: RunNews) => void;
  /** The run is no longer worked here: its progress is history. */
  readonly forget: (id: string) => void;
  /** Tells the newest progress of a run that is worked here at once. Gives the way to stop listening. */
  readonly listen: (id: string, listener: (news: RunNews) => void) => () => void;
}

export function createBus(): Bus {
  const listeners = new Map<string, Set<(news: RunNews) => void>>();
  const newest = new Map<string, RunNews>();
  return {
    tell: (id, news) => {
      if (news !== 'changed') newest.set(id, news);
      for (const listener of listeners.get(id) ?? []) listener(news);
    },
    forget: (id) => {
      newest.delete(id);
    },
    listen: (id, listener) => {
      const known = newest.get(id);
      if (known) listener(known);
      const ofRun = listeners.get(id) ?? new Set();
      listeners.set(id, ofRun.add(listener));
      return () => {
        ofRun.delete(listener);
        if (ofRun.size === 0 && listeners.get(id) === ofRun) listeners.delete(id);
      };
    },
  };
}
