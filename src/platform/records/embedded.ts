import { once } from 'node:events';
import { extname } from 'node:path';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';

/** PostgreSQL in this process: a socket that is none, so that the driver of the real server serves both. */
export interface Embedded {
  /** A connection to its one session; there is never a second one at a time. */
  readonly connect: () => Duplex;
  readonly close: () => Promise<void>;
}

/**
 * Starts PGlite over a folder, which is made when it is absent (some 3 s; later starts take half a second). The caller
 * holds the workspace lock: PGlite has none of its own, and two owners destroy the data.
 */
export async function openEmbedded(folder: string): Promise<Embedded> {
  const worker = startWorker(folder);
  await once(worker, 'message');
  return {
    connect: () => wireTo(worker),
    close: async () => {
      worker.postMessage('close');
      await once(worker, 'message');
      await worker.terminate();
    },
  };
}

/** From source, the thread needs the TypeScript loader; `--import` does not reach threads on Node 20. */
function startWorker(folder: string): Worker {
  const ending = extname(import.meta.url);
  const entry = new URL(`./pglite-worker${ending}`, import.meta.url);
  const options = { workerData: { folder } };
  if (ending === '.js') return new Worker(entry, options);
  const [loader, file] = [import.meta.resolve('tsx/esm/api'), entry.href].map((url) => JSON.stringify(url));
  const script = `import(${loader}).then(({ tsImport }) => tsImport(${file}, ${file}))`;
  return new Worker(script, { ...options, eval: true });
}

/** What the driver writes goes to the worker as whole messages; what the worker answers can be read. */
function wireTo(worker: Worker): Duplex {
  worker.postMessage('connect');
  let answered: ((error?: Error) => void) | undefined;
  function send(bytes: Uint8Array, done: (error?: Error) => void): void {
    answered = done;
    worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
  }
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => send(new Uint8Array(chunk), done),
    // One turn for all messages that wait: after an error the server skips to the end of them.
    writev: (chunks, done) =>
      send(new Uint8Array(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))), done),
  });
  function receive(answer: Uint8Array | string): void {
    if (typeof answer === 'string') return;
    wire.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
    answered?.();
  }
  const fail = (error: Error) => wire.destroy(error);
  worker.on('message', receive).on('error', fail);
  wire.once('close', () => worker.off('message', receive).off('error', fail));
  // The driver takes it for a socket.
  return Object.assign(wire, {
    connect: () => process.nextTick(() => wire.emit('connect')),
    setNoDelay: () => {},
    setKeepAlive: () => {},
    ref: () => {},
    unref: () => {},
  });
}
