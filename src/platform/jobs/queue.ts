import { sql } from 'kysely';
import type PgBoss from 'pg-boss';
import type { Records } from '../records/index.ts';
import type { JobsLog } from './world.ts';

/** Wakes workers: an entry says that a run may wait, and nothing more. Losing or doubling one does no harm. */
export interface Queue {
  /** Adds entries; a run that has one already gets no second. */
  readonly send: (runs: readonly { readonly id: string; readonly dueAt: string }[]) => Promise<void>;
  /** Takes up to so many entries that are due out of the queue. */
  readonly take: (atMost: number) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

const name = 'run';

/** Opens the queue in the schema `pgboss` of the records' database, making it when it is absent. */
export async function openQueue(records: Records, log: JobsLog): Promise<Queue> {
  // Loaded only where runs are worked: commands stay quick.
  const { default: Boss } = await import('pg-boss');
  const boss = new Boss({ db: databaseOf(records), schedule: false });
  boss.on('error', (error) => log.error({ err: error }, 'the queue met an error'));
  await boss.start();
  // Of the policy `short` there is one entry per key that nobody has taken.
  await boss.createQueue(name, { name, policy: 'short', retryLimit: 0 });
  return {
    send: async (runs) => {
      const jobs = runs.map(({ id, dueAt }) => ({
        name,
        data: { run: id },
        // With the time, so that an entry for later does not stand in the way of one for now.
        singletonKey: `${id} ${dueAt}`,
        startAfter: dueAt,
      }));
      if (jobs.length > 0) await boss.insert(jobs);
    },
    take: async (atMost) => {
      const jobs = await boss.fetch<{ readonly run: string }>(name, { batchSize: atMost });
      // Not kept until the run has ended: the run itself says whether it is worked.
      if (jobs.length > 0)
        await boss.deleteJob(
          name,
          jobs.map(({ id }) => id),
        );
      // The database gives them in any order; ids sort by the time of asking.
      return jobs.map(({ data }) => data.run).sort();
    },
    close: () => boss.stop({ graceful: false }),
  };
}

/** The owner's connection: on the embedded default statements wait their turn, so that none falls into a transaction. */
function databaseOf(records: Records): PgBoss.Db {
  return {
    executeSql: async (text, values) => {
      const script = scriptOf(text);
      if (script === undefined)
        return records.ownerSql(text, values) as Promise<{ rows: Record<string, unknown>[] }>;
      // A script that fails would leave its transaction open on a connection of the pool.
      await records.asOwner((tx) => sql.raw(script).execute(tx));
      return { rows: [] };
    },
  };
}

/** The statements of a script that brings its own transaction. */
function scriptOf(text: string): string | undefined {
  return /^\s*BEGIN;([\s\S]*)COMMIT;\s*$/.exec(text)?.[1];
}
