import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { isLoopback, openFirstStart } from '../../platform/access/index.ts';
import type { Config } from '../../platform/config/index.ts';
import { newId, Refusal } from '../../platform/kernel/index.ts';
import { startSealer } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { buildApp } from './app.ts';
import { openBooks } from './books.ts';
import { errors } from './errors.ts';
import { importInChild } from './import-child.ts';
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
  /** The one-time link for the first administrator; undefined once there is one. */
  readonly firstStart: string | undefined;
  /** Withdraws its file, stops taking requests, finishes what is being answered (5 s at most), ends runs. */
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

  const { clock, randomness } = workspace;
  const books = openBooks({
    workspace,
    config,
    runImport: importInChild({
      root,
      threads: config.values['engine.threads'],
      memoryLimitMb: config.values['engine.memoryLimitMb'],
    }),
    log: logger,
  });
  const closing: (() => Promise<unknown>)[] = [books.close];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    // Whoever holds the records of an embedded workspace is its server: nobody is told of one that cannot open them.
    const records = await books.records();
    const sealer = startSealer(records, {
      onError: (error) => logger?.error({ err: error }, 'the audit log was not sealed'),
    });
    closing.push(sealer.stop);
    const instance = newId(clock, randomness);
    const secretOfOwner = randomBytes(32).toString('base64url');
    const place: { url: string } = { url: '' };
    const app = await buildApp({
      workspace,
      config,
      books,
      logger,
      instance,
      access: {
        secretOfOwner,
        operatorToken: token,
        loopbackOnly: isLoopback(host),
        localUrl: () => place.url,
      },
    });
    closing.push(() => leave(app));
    // Whoever waits for a run is told that it stops.
    closing.push(async () => (await books.jobs()).close());
    place.url = await listen(app, host, config.values['server.port']);
    closing.push(() => withdraw(root, instance));
    await takePlace(root, { url: place.url, pid: process.pid, instance, secret: secretOfOwner });
    await (await books.jobs()).start();
    const link = await openFirstStart({ records: books.records, clock, randomness });
    const publicUrl = config.values['server.publicUrl'] ?? place.url;
    return {
      url: place.url,
      file: serverFilePath(root),
      firstStart: link && `${publicUrl}/first-start#${link.token}`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Takes no more requests and finishes what is being answered. */
async function leave(app: FastifyInstance): Promise<void> {
  const patience = setTimeout(() => app.server.closeAllConnections(), farewellMs);
  await app.close();
  clearTimeout(patience);
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
