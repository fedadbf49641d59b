import type { AwsExport } from '../../platform/config/index.ts';
import type { Scope } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { type ExportImportOptions, importExports } from './aws-cur.ts';
import type { ImportRequest, ImportResult } from './contract.ts';
import type { ImportContext, ImportProgress } from './import-run.ts';
import { type ImportAccess, runImport } from './run-import.ts';

/** What is to be imported: a path, or exports of AWS with their secrets. Plain values, so that it can be told to another process. */
export type ImportTask =
  | { readonly request: ImportRequest; readonly access: ImportAccess }
  | {
      readonly exports: readonly AwsExport[];
      readonly scope: Scope;
      readonly options: Omit<ExportImportOptions, 'onProgress'>;
    };

/** Does an import somewhere: in this process, or in a child. */
export type RunImport = (task: ImportTask, hooks: ImportHooks) => Promise<ImportResult>;

/** How whoever runs an import follows it. */
export interface ImportHooks {
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** Aborted when the import is to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** Imports into a workspace in this process; refuses as `runImport` and `importExports` do. */
export async function runImportTask(
  workspace: Workspace,
  task: ImportTask,
  onProgress?: ImportContext['onProgress'],
): Promise<ImportResult> {
  if ('request' in task) return await runImport(workspace, task.request, task.access, onProgress);
  const { exports, scope, options } = task;
  return await importExports(workspace, scope, exports, { ...options, onProgress });
}
