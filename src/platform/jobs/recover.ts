import { systemCaller } from '../kernel/index.ts';
import { lineOf } from './execute.ts';
import type { Run } from './model.ts';
import { outcomeOfInterruption } from './outcome.ts';
import { endAttempt, lockAbandoned } from './records.ts';
import { appendLog, closeSteps } from './steps-sql.ts';
import { canBeginAgain, type World } from './world.ts';

/**
 * Runs whose worker is gone go on or fail, and say so. `known`: what this process works now. `silentMs`: how long another
 * worker may say nothing; 0 where this process is the only one that there can be, because it holds the workspace.
 */
export async function recoverAbandoned(
  world: World,
  { known, silentMs }: { readonly known: readonly string[]; readonly silentMs: number },
): Promise<readonly Run[]> {
  const { records, handlers, worker, log, bus } = world;
  const recovered = await records.write(systemCaller, async (tx) => {
    const abandoned = await lockAbandoned(tx, { kinds: [...handlers.keys()], worker, known, silentMs });
    const runs: Run[] = [];
    for (const run of abandoned) {
      const outcome = outcomeOfInterruption({ ...run, resumable: canBeginAgain(world, run) });
      const ended = await endAttempt(tx, run, outcome);
      await closeSteps(tx, run.id, outcome.state === 'cancelled' ? 'cancelled' : 'failed');
      await appendLog(tx, run, [lineOf(outcome, run.cancelRequestedBy)]);
      if (ended) runs.push(ended);
    }
    return runs;
  });
  for (const { id, kind, state } of recovered) {
    log.info({ run: id, kind, becomes: state }, 'the process of a run ended in its middle');
    bus.tell(id, 'changed');
  }
  return recovered;
}
