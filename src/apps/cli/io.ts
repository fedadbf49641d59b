import type { Clock } from '../../platform/kernel/index.ts';
import { systemClock } from '../../platform/kernel/index.ts';

/** A place to write text: a stream of the process, or a test's collector. */
export interface Sink {
  readonly write: (text: string) => unknown;
}

/** The world as the command line sees it; a test gives its own. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean; readonly stdin: boolean };
  /** Width of the terminal. */
  readonly columns?: number;
  readonly clock: Clock;
  /** Aborts with reason `SIGINT` or `SIGTERM`. */
  readonly interrupted: AbortSignal;
}

/** The real process: its streams, and its signals as one abort; a second Ctrl-C ends at once. */
export function processIo(): Io {
  const controller = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(signal);
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    // The reader has gone (`| head`): nobody is left to tell.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  const columns = process.stderr.columns;
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    isTTY: {
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
      stdin: process.stdin.isTTY === true,
    },
    ...(columns ? { columns } : {}),
    clock: systemClock,
    interrupted: controller.signal,
  };
}
