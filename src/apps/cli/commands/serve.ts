import { once } from 'node:events';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addExamples, groups } from '../help.ts';
import { withWorkspace } from '../workspace.ts';

/** `finops serve`: the HTTP API, until Ctrl-C. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('serve')
    .description('serve the HTTP API of the workspace; logs on stderr')
    .helpGroup(groups.workspace)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine only)')
    .option('--port <port>', 'port to listen on, 0 for a free one (default: 4870)')
    .action((options: { readonly host?: string; readonly port?: string }) => run(context, options));
  addExamples(command, {
    'finops serve': 'for this machine; commands find it by themselves',
    'FINOPS_SERVER_TOKEN=… finops serve --host 0.0.0.0': 'for others, who show the token',
  });
}

async function run(context: Context, { host, port }: { host?: string; port?: string }): Promise<void> {
  const config = context.config({
    ...(host === undefined ? {} : { 'server.host': host }),
    ...(port === undefined ? {} : { 'server.port': port }),
  });
  const signal = context.signal();
  const { createLogger, serve } = await import('../../server/index.ts');
  const logger = await createLogger({
    level: config.values['log.level'],
    write: (line) => context.io.stderr.write(line),
  });
  await withWorkspace(context, async (workspace) => {
    const server = await serve({ workspace, config, logger });
    context.print({
      json: {
        url: server.url,
        pid: process.pid,
        tokenFile: server.file,
        firstStart: server.firstStart ?? null,
      },
      tables: [
        {
          columns: [
            { name: 'url', kind: 'text' },
            { name: 'tokenFile', header: 'token in', kind: 'text' },
          ],
          rows: [{ url: server.url, tokenFile: server.file }],
        },
      ],
    });
    if (server.firstStart !== undefined) {
      context.say(
        `There is no administrator yet. Make the first one within 24 hours, once: ${server.firstStart}`,
      );
    }
    if (!signal.aborted) await once(signal, 'abort');
    await server.close();
  });
}
