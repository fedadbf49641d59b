import { fork } from 'node:child_process';
import { extname } from 'node:path';
import type { ImportHooks, ImportResult, ImportTask, RunImport } from '../../modules/ingestion/index.ts';
import { Refusal } from '../../platform/kernel/index.ts';

/** What the child is told. */
export interface WorkerTask {
  readonly root: string;
  readonly threads: number | undefined;
  readonly memoryLimitMb: number | undefined;
  readonly task: ImportTask;
}

/** What the child answers: any number of steps, then one end. */
export type WorkerMessage =
  | { readonly progress: Parameters<NonNullable<ImportHooks['onProgress']>>[0] }
  | { readonly result: ImportResult }
  | { readonly refusal: Told }
  | { readonly defect: { readonly message: string; readonly stack: string; readonly sql?: string } };

/** A bug in the child, with its stack and the SQL that failed, for the log. */
class WorkerError extends Error {
  readonly sql: string | undefined;
  constructor({ message, stack, sql }: { message: string; stack: string; sql?: string }) {
    super(message);
    this.name = 'WorkerError';
    this.stack = stack;
    this.sql = sql;
  }
}

/**
 * Imports in a child process each. A conversion keeps all cores busy for minutes: in the server's process it would block
 * every file access, and its memory would stay with the server. The child leaves when the server does, even when that is
 * killed, and at once when the signal aborts.
 */
export function importInChild(place: Omit<WorkerTask, 'task'>): RunImport {
  return (task, hooks) => runInChild({ ...place, task }, hooks);
}

function runInChild(task: WorkerTask, { onProgress, signal }: ImportHooks): Promise<ImportResult> {
  return new Promise((resolve, reject) => {
    const ending = extname(import.meta.url);
    const child = fork(new URL(`./import-worker${ending}`, import.meta.url), {
      execArgv: ending === '.ts' ? ['--import', import.meta.resolve('tsx')] : [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // The lake survives a kill at any moment: there is nothing to wait for.
    const stop = () => child.kill('SIGKILL');
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    child.on('message', (message: WorkerMessage) => {
      if ('progress' in message) onProgress?.(message.progress);
      else if ('result' in message) resolve(message.result);
      else if ('refusal' in message) reject(refusalFrom(message.refusal));
      else reject(new WorkerError(message.defect));
    });
    child.on('error', reject);
    child.on('exit', (code, killed) => {
      signal?.removeEventListener('abort', stop);
      // Told nobody what became of it: stopped by us, or by the system for its memory.
      reject(new Error(`The process of an import ended without a result (${killed ?? `exit code ${code}`})`));
    });
    child.send(task, (error) => error && reject(error));
  });
}

type Told = Pick<Refusal, 'code' | 'message' | 'status' | 'exitCode' | 'params'>;

function refusalFrom({ code, message, status, exitCode, params }: Told): Refusal {
  return new Refusal(code, { status, exit: exitCode, sentence: message }, params);
}
