import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from '../../platform/config/index.ts';
import { newId, Refusal } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { buildApp } from './app.ts';
import { errors } from './errors.ts';
import { isLoopback } from './guards.ts';
import { openImportQueue } from './import-queue.ts';
import { advertise, findServer, readServerFile, serverFilePath, withdraw } from './server-file.ts';

export interface ServeOptions {
  readonly workspace: Workspace;
  readonly config: Config;
  readonly logger?: FastifyBaseLogger | undefined;
}

export interface RunningServer {
  /** Where this machine reaches it: `http://127.0.0.1:4870`. */
  readonly url: string;
  /** Where the token of its owner is. */
  readonly file: string;
  /** Stops taking requests, ends imports, finishes what is being answered (5 s at most), withdraws its file. */
  readonly close: () => Promise<void>;
}

const shortestToken = 16;
const farewellMs = 5000;

/**
 * Serves the API of a workspace and tells its owner's commands so in `finops.server.json`. Refuses to be reached by
 * others without a token of the operator's, and to be the second server of a workspace.
 */
export async function serve({ workspace, config, logger }: ServeOptions): Promise<RunningServer> {
  const host = config.values['server.host'];
  const token = config.values['server.token'];
  if (!isLoopback(host) && token === undefined) throw errors.openToAll({ host });
  if (token !== undefined && token.length < shortestToken) throw errors.weakToken({ atLeast: shortestToken });
  const { root } = workspace;
  const other = await findServer(root);
  if (other) throw errors.running({ url: other.url });

  const instance = newId(workspace.clock, workspace.randomness);
  const secret = randomBytes(32).toString('base64url');
  const queue = openImportQueue({
    root,
    threads: config.values['engine.threads'],
    memoryLimitMb: config.values['engine.memoryLimitMb'],
  });
  const app = await buildApp({
    workspace,
    config,
    logger,
    instance,
    runImport: queue.run,
    access: { secret, token, loopbackOnly: isLoopback(host) },
  });
  const url = await listen(app, host, config.values['server.port']);
  const close = async () => {
    queue.close();
    await withdraw(root, instance);
    const patience = setTimeout(() => app.server.closeAllConnections(), farewellMs);
    await app.close();
    clearTimeout(patience);
  };
  try {
    await takePlace(root, { url, pid: process.pid, instance, secret });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, file: serverFilePath(root), close };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw error instanceof Refusal ? error : errors.cannotListen({ host, port, reason });
  }
  const { address, family, port: taken } = app.server.address() as AddressInfo;
  // Every address of the machine: reached by ourselves over loopback.
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${taken}`;
  return family === 'IPv6' ? `http://[${address}]:${taken}` : `http://${address}:${taken}`;
}

/** Puts our file in the place of one that a killed server left. */
async function takePlace(root: string, file: Parameters<typeof advertise>[1]): Promise<void> {
  if (await advertise(root, file)) return;
  const live = await findServer(root);
  if (live) throw errors.running({ url: live.url });
  await rm(serverFilePath(root), { force: true });
  if (await advertise(root, file)) return;
  throw errors.running({ url: (await readServerFile(root))?.url ?? 'an unknown address' });
}
