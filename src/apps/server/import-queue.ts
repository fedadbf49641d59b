import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type {
  ImportAccess,
  ImportHooks,
  ImportRequest,
  ImportResult,
  RunImport,
} from '../../modules/ingestion/index.ts';
import { Refusal } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';

/** Imports of a server: each in a child process of its own, one after the other. */
export interface ImportQueue {
  readonly run: RunImport;
  /** Stops the running import, and those that wait. */
  readonly close: () => void;
}

/** What the child is told. */
export interface WorkerTask {
  readonly root: string;
  readonly threads: number | undefined;
  readonly memoryLimitMb: number | undefined;
  readonly access: ImportAccess;
  readonly request: ImportRequest;
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
 * A conversion keeps all cores busy for minutes: in the server's process it would block every file access, and its
 * memory would stay with the server. The child leaves when the server does, even when that is killed.
 */
export function openImportQueue(task: Omit<WorkerTask, 'request' | 'access'>): ImportQueue {
  const children = new Set<ChildProcess>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  const run: RunImport = (request, access, { onProgress, signal }) => {
    if (waiting > 0) {
      onProgress?.({ source: '', step: 'queue', file: request.path, rows: 0, bytes: 0, totalBytes: 0 });
    }
    waiting++;
    const job = last.then(() => {
      if (closed || signal?.aborted) throw errors.stopping({});
      return runInChild({ ...task, request, access }, { onProgress, signal, children });
    });
    last = job
      .catch(() => {})
      .finally(() => {
        waiting--;
      });
    return job;
  };
  return {
    run,
    close: () => {
      closed = true;
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

function runInChild(
  task: WorkerTask,
  hooks: ImportHooks & { readonly children: Set<ChildProcess> },
): Promise<ImportResult> {
  return new Promise((resolve, reject) => {
    const ending = extname(import.meta.url);
    const child = fork(new URL(`./import-worker${ending}`, import.meta.url), {
      execArgv: ending === '.ts' ? ['--import', import.meta.resolve('tsx')] : [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    hooks.children.add(child);
    // The lake survives a kill at any moment: there is nothing to wait for.
    const stop = () => child.kill('SIGKILL');
    hooks.signal?.addEventListener('abort', stop, { once: true });
    child.on('message', (message: WorkerMessage) => {
      if ('progress' in message) hooks.onProgress?.(message.progress);
      else if ('result' in message) resolve(message.result);
      else if ('refusal' in message) reject(refusalFrom(message.refusal));
      else reject(new WorkerError(message.defect));
    });
    child.on('error', reject);
    child.on('exit', () => {
      hooks.children.delete(child);
      hooks.signal?.removeEventListener('abort', stop);
      reject(errors.stopping({}));
    });
    child.send(task);
  });
}

type Told = Pick<Refusal, 'code' | 'message' | 'status' | 'exitCode' | 'params'>;

function refusalFrom({ code, message, status, exitCode, params }: Told): Refusal {
  return new Refusal(code, { status, exit: exitCode, sentence: message }, params);
}
