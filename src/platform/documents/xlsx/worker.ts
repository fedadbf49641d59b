import { parentPort, workerData } from 'node:worker_threads';
import { must, Refusal } from '../../kernel/index.ts';
import { readWorkbook } from './read.ts';
import type { Answer, Task } from './thread.ts';
import { writeWorkbook } from './write.ts';

/** So many rows cross over at once: some 10 ms for whoever takes them. */
const rowsAtOnce = 2000;

const port = must(parentPort, 'the thread that asks');

function answer(message: Answer): void {
  port.postMessage(message);
}

async function work(task: Task): Promise<void> {
  if (task.kind === 'write') return answer({ kind: 'bytes', bytes: await writeWorkbook(task.sheets) });
  const sheets = await readWorkbook(Buffer.from(task.bytes), task.file, task.limits);
  for (const { name, records } of sheets) {
    answer({ kind: 'sheet', name });
    for (let from = 0; from < records.length; from += rowsAtOnce)
      answer({ kind: 'records', records: records.slice(from, from + rowsAtOnce) });
  }
  answer({ kind: 'end' });
}

work(workerData as Task).catch((error: unknown) => {
  if (!(error instanceof Refusal)) throw error;
  const { code, status, exitCode, message, params } = error;
  answer({ kind: 'refused', code, status, exit: exitCode, message, params });
});
