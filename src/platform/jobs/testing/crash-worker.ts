import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCaller } from '../../kernel/index.ts';
import { openRecords } from '../../records/index.ts';
import { openTestJobs } from './test-jobs.ts';

/**
 * A worker as a process of its own that can be killed. Its work takes a second and has one effect, a line in a file, which
 * it recognises: `crash-worker.ts ROOT DATABASE_URL|- EFFECTS ask|work [HELD_MS]`.
 */
const [root = '', url = '-', effects = '', mode = 'work', heldMs = '0'] = process.argv.slice(2);
const records = await openRecords({ root, databaseUrl: url === '-' ? undefined : url });
const jobs = openTestJobs(
  records,
  {
    effect: async ({ id, step, attempt }) => {
      step('think');
      process.stdout.write(`begun ${id} ${attempt}\n`);
      await sleep(Number(heldMs));
      await appendFile(effects, `${id}\n`, { flag: 'ax' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      return { attempt };
    },
  },
  { alone: records.kind === 'pglite' },
);
await jobs.start();
if (mode === 'ask')
  for (const kind of ['test.work', 'test.once'])
    await jobs.ask(systemCaller, { kind, input: { work: 'effect' }, detached: true });
process.on('SIGTERM', async () => {
  await jobs.close();
  await records.close();
  process.exit(0);
});
