import { runImportTask } from '../../modules/ingestion/index.ts';
import { Refusal } from '../../platform/kernel/index.ts';
import { openWorkspace, StatementError } from '../../platform/warehouse/index.ts';
import type { WorkerMessage, WorkerTask } from './import-child.ts';

/** Runs the one import that its parent sends, and tells it how it goes. Started by import-child.ts only. */
process.once('message', (task: WorkerTask) => void work(task));
// The parent is gone: nobody wants the result.
process.once('disconnect', () => process.exit(1));

async function work({ root, threads, memoryLimitMb, task }: WorkerTask): Promise<void> {
  const workspace = openWorkspace({
    root,
    threads,
    memoryLimitMb,
    shown: async () => (await import('../../modules/allocation/index.ts')).allocationViews,
  });
  const end = await runImportTask(workspace, task, (progress) => send({ progress }))
    .then((result): WorkerMessage => ({ result }))
    .catch(toMessage);
  await workspace.close();
  await send(end);
  process.exit(0);
}

/** Resolves when the message has left. */
function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

function toMessage(error: unknown): WorkerMessage {
  if (error instanceof Refusal) {
    const { code, message, status, exitCode, params } = error;
    return { refusal: { code, message, status, exitCode, params } };
  }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { defect: { message, stack, ...(error instanceof StatementError ? { sql: error.sql } : {}) } };
}
