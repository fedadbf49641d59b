import type { Workspace } from '../../platform/warehouse/index.ts';
import type { Context } from './context.ts';

/** Opens the workspace of the configuration; writes nothing. Close it: an open engine keeps a process alive. */
export async function openOwnWorkspace(context: Context): Promise<Workspace> {
  const { values } = context.config();
  // Loaded only now: commands that need no workspace stay quick.
  const { openWorkspace } = await import('../../platform/warehouse/index.ts');
  return openWorkspace({
    root: values.data,
    threads: values['engine.threads'],
    memoryLimitMb: values['engine.memoryLimitMb'],
    clock: context.io.clock,
    shown: async () => (await import('../../modules/allocation/index.ts')).allocationViews,
  });
}

/** Opens the workspace, lets a command use it, and closes it whatever happens. */
export async function withWorkspace<T>(
  context: Context,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const workspace = await openOwnWorkspace(context);
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}
