import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBInstance } from '@duckdb/node-api';
import { lakeErrors } from './errors.ts';

export interface WriteLock {
  readonly release: () => void;
}

const heldHere = new Set<string>();

/** One writer per lake: waits up to `waitMs`, then refuses with `lake.busy`. */
export function takeWriteLock(file: string, waitMs: number): Promise<WriteLock> {
  return takeLock(file, waitMs, (holder, waitedSeconds) => lakeErrors.busy({ holder, waitedSeconds }));
}

/**
 * A lock held by the kernel, not by a pid: a DuckDB file opened read-write, freed by `kill -9` and right in containers.
 * A second open in the same process would free it (POSIX locks belong to the process), so this process remembers what
 * it holds. Waits up to `waitMs`, then throws what `refuse` makes of the holder (`pid 4711`).
 */
export async function takeLock(
  file: string,
  waitMs: number,
  refuse: (holder: string, waitedSeconds: number) => Error,
): Promise<WriteLock> {
  const started = Date.now();
  for (;;) {
    const holder = await tryOpen(file);
    if (typeof holder !== 'string') {
      return {
        release: () => {
          holder.closeSync();
          heldHere.delete(file);
        },
      };
    }
    const waited = Date.now() - started;
    if (waited >= waitMs) throw refuse(holder, Math.round(waited / 1000));
    await sleep(Math.min(100, waitMs - waited));
  }
}

/** The open lock, or who holds it. */
async function tryOpen(file: string): Promise<DuckDBInstance | string> {
  if (heldHere.has(file)) return 'this process';
  heldHere.add(file);
  try {
    const duckdb = await import('@duckdb/node-api');
    return await duckdb.DuckDBInstance.create(file, { threads: '1', memory_limit: '16MB' });
  } catch (error) {
    heldHere.delete(file);
    const message = error instanceof Error ? error.message : String(error);
    const pid = /PID (\d+)/.exec(message)?.[1];
    if (/lock/i.test(message)) return pid ? `pid ${pid}` : 'another process';
    throw error;
  }
}
