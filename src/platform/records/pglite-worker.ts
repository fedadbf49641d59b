import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist';

/**
 * PostgreSQL inside this process, in a thread of its own, because a query blocks the thread that it runs in. The parent
 * speaks the wire protocol with it: bytes in, bytes out.
 */
const port = parentPort;
if (!port) throw new Error('The embedded database runs in a worker thread');
const { folder } = workerData as { readonly folder: string };

const database = await PGlite.create({ dataDir: folder, extensions: { btree_gist } });

/** One thing after the other, as a connection has it. */
let last: Promise<unknown> = Promise.resolve();
port.on('message', (message: Uint8Array | 'connect' | 'close') => {
  last = last.then(() => answer(message));
});
port.postMessage('ready');

async function answer(message: Uint8Array | 'connect' | 'close'): Promise<void> {
  if (message === 'connect') {
    // There is one session: what a lost connection left behind ends here.
    for (const statement of ['rollback', 'discard all', "set time zone 'UTC'"])
      await database.exec(statement);
  } else if (message === 'close') {
    await database.close();
    port?.postMessage('closed');
  } else {
    const bytes = await database.execProtocolRaw(message);
    port?.postMessage(bytes.slice());
  }
}
