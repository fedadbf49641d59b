import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { loadConfig } from '../../../platform/config/index.ts';
import { prepareTestRecords } from '../../../platform/records/testing/test-records.ts';
import { openWorkspace } from '../../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../serve.ts';
import { readServerFile } from '../server-file.ts';

export interface TestServer {
  readonly server: RunningServer;
  /** Makes its bearer the owner. */
  readonly secret: string;
  /** What the workspace lies in. */
  readonly folder: string;
  readonly close: () => Promise<void>;
}

/** A server of its own over an empty workspace and empty records, on a free port. */
export async function openTestServer({
  env = {},
  logger,
}: {
  readonly env?: Readonly<Record<string, string>>;
  readonly logger?: FastifyBaseLogger;
}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'finops-server-'));
  const root = join(folder, 'data');
  const prepared = await prepareTestRecords(root);
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env, ...env }, cwd: folder });
  const workspace = openWorkspace({ root, threads: 1 });
  const server = await serve({ workspace, config, logger });
  return {
    server,
    secret: (await readServerFile(root))?.secret ?? '',
    folder,
    close: async () => {
      await server.close();
      await workspace.close();
      await prepared.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
