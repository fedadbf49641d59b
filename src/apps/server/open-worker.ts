import { openBooks } from './books.ts';
import { errors } from './errors.ts';
import { importInChild } from './import-child.ts';
import type { ServeOptions } from './serve.ts';

/** A process that works runs and serves nobody. */
export interface OpenWorker {
  /** Kinds of runs that it works. */
  readonly kinds: readonly string[];
  /** Gives back what it works, and closes the records. */
  readonly close: () => Promise<void>;
}

/**
 * Works the runs of a PostgreSQL beside its servers. Refuses with `server.needsPostgres` where the records are embedded:
 * they have one process, the server. Bills are written into this workspace folder, which must be the servers' own.
 */
export async function openWorker({ workspace, config, logger }: ServeOptions): Promise<OpenWorker> {
  if (config.values.databaseUrl === undefined) throw errors.needsPostgres({});
  const { 'engine.threads': threads, 'engine.memoryLimitMb': memoryLimitMb } = config.values;
  const runImport = importInChild({ root: workspace.root, threads, memoryLimitMb });
  const books = openBooks({ workspace, config, runImport, log: logger });
  try {
    const jobs = await books.jobs();
    await jobs.start();
    return { kinds: jobs.kinds, close: books.close };
  } catch (error) {
    await books.close();
    throw error;
  }
}
