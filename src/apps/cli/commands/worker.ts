import { once } from 'node:events';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { withWorkspace } from '../workspace.ts';

/** `finops worker`: works runs beside the servers of a PostgreSQL, until Ctrl-C. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('worker')
    .description('work runs in a process of its own, on the PostgreSQL of the server; logs on stderr')
    .helpGroup(groups.workspace)
    .option('--concurrency <n>', 'runs at the same time (default: 1)')
    .action((options: { readonly concurrency?: string }) => run(context, options));
  addExamples(command, {
    'FINOPS_DATABASE_URL=postgres://… finops worker': 'with the same workspace folder as the server',
  });
}

async function run(context: Context, { concurrency }: { readonly concurrency?: string }): Promise<void> {
  const config = context.config(concurrency === undefined ? {} : { 'jobs.concurrency': concurrency });
  const signal = context.signal();
  const { createLogger, openWorker } = await import('../../server/index.ts');
  const logger = await createLogger({
    level: config.values['log.level'],
    write: (line) => context.io.stderr.write(line),
  });
  await withWorkspace(context, async (workspace) => {
    const worker = await openWorker({ workspace, config, logger });
    const told = {
      kinds: worker.kinds.join(' '),
      concurrency: config.values['jobs.concurrency'],
      pid: process.pid,
    };
    context.print({
      json: { ...told, kinds: worker.kinds },
      tables: [
        {
          columns: [
            { name: 'kinds', header: 'works', kind: 'text' },
            { name: 'concurrency', header: 'at once', kind: 'number' },
            { name: 'pid', header: 'process', kind: 'text' },
          ],
          rows: [told],
        },
      ],
    });
    if (!signal.aborted) await once(signal, 'abort');
    await worker.close();
  });
}
