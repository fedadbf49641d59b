import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ExitCode, Refusal } from '../../kernel/index.ts';
import type { SheetText, XlsxLimits, XlsxSheet } from './model.ts';

/** What a thread of its own does, so that others are served meanwhile. */
export type Task =
  | { readonly kind: 'write'; readonly sheets: readonly XlsxSheet[] }
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly file: string; readonly limits: XlsxLimits };

/** What it answers; the rows of a sheet follow its name. */
export type Answer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'sheet'; readonly name: string }
  | { readonly kind: 'records'; readonly records: SheetText['records'] }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly status: number;
      readonly exit: ExitCode;
      readonly message: string;
      readonly params: Readonly<Record<string, unknown>>;
    };

/** What the thread may keep. Files that need more are refused before; this is for those that fool us. */
const memoryMb = 1024;

/** Thrown when the thread took too long or too much. */
export class ThreadLost extends Error {}

/** Does the task in a thread of its own, which costs some 0.3 s, and gives its answers in their order. */
export function inThread(task: Task, timeoutMs: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const worker = startWorker(task);
  return new Promise<Answer[]>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ThreadLost(`it took more than ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    worker.on('message', (answer: Answer) => {
      answers.push(answer);
      if (answer.kind === 'refused') reject(refusalOf(answer));
      if (answer.kind === 'bytes' || answer.kind === 'end') resolve(answers);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const lost = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(lost ? new ThreadLost(`it took more than ${memoryMb} MB of memory`) : error);
    });
    worker.on('exit', (code) => reject(new ThreadLost(`its thread ended with ${code}`)));
    worker.once('exit', () => clearTimeout(timer));
  }).finally(() => worker.terminate());
}

function refusalOf({ code, status, exit, message, params }: Answer & { readonly kind: 'refused' }): Refusal {
  return new Refusal(code, { status, exit, sentence: message }, params);
}

/** From source, the thread needs the TypeScript loader; `--import` does not reach threads on Node 20. */
function startWorker(task: Task): Worker {
  const ending = extname(import.meta.url);
  const entry = new URL(`./worker${ending}`, import.meta.url);
  const options = { workerData: task, resourceLimits: { maxOldGenerationSizeMb: memoryMb } };
  if (ending === '.js') return new Worker(entry, options);
  const [loader, file] = [import.meta.resolve('tsx/esm/api'), entry.href].map((url) => JSON.stringify(url));
  const script = `import(${loader}).then(({ tsImport }) => tsImport(${file}, ${file}))`;
  return new Worker(script, { ...options, eval: true });
}
