import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, type Randomness, systemClock } from '../kernel/index.ts';
import type { Dataset } from './dataset.ts';
import { type Engine, openEngine } from './engine.ts';
import { type Lake, openLake } from './lake.ts';

/** A workspace folder, opened: the lake at once, the engine when it is first asked for. */
export interface Workspace {
  readonly root: string;
  readonly lake: Lake;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly engine: () => Promise<Engine>;
  /** Datasets that later modules show in the view file, beside those of the bills. */
  readonly shown: () => Promise<readonly ShownDataset[]>;
  readonly close: () => Promise<void>;
}

/** A dataset as a view for clients of the engine: `allocation.node_costs`. */
export interface ShownDataset {
  readonly schema: string;
  readonly name: string;
  readonly dataset: Dataset;
}

export interface WorkspaceOptions {
  readonly root: string;
  readonly threads?: number | undefined;
  /** DuckDB's own limit. Default 500: an import then stays below 700 MB. */
  readonly memoryLimitMb?: number | undefined;
  readonly clock?: Clock;
  readonly shown?: Workspace['shown'];
}

/** Opens a workspace; writes nothing. */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  const { root, threads, memoryLimitMb = 500, clock = systemClock, shown = async () => [] } = options;
  let opened: Promise<Engine> | undefined;
  return {
    root,
    lake: openLake(root, clock),
    clock,
    shown,
    randomness: (count) => randomBytes(count),
    engine: () => {
      opened ??= openEngine({
        memoryLimitMb,
        tempDirectory: join(root, 'tmp', 'duckdb'),
        ...(threads === undefined ? {} : { threads }),
      });
      return opened;
    },
    close: async () => (await opened)?.close(),
  };
}
