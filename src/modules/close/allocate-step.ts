import {
  type Caller,
  type ExitCode,
  errorCodes,
  Refusal,
  systemCaller,
} from '../../platform/kernel/index.ts';
import { computeAndPublish, renewCaches, requireGraph } from '../allocation/index.ts';
import type { CloseHooks, Said } from './close-report.ts';
import type { CloseWish } from './contract.ts';
import { errors } from './errors.ts';
import { graphRun } from './month-run.ts';
import type { CloseMonth, CloseWorld } from './month-state.ts';

/** What came of the allocation; `run`: one that was computed and is not published, in a dry run. */
export interface Allocated extends Said {
  readonly run?: string | undefined;
}

/**
 * Attributes and allocates the month, and publishes the run unless the published one has the same inputs. What is published stands
 * where the month is closed for somebody already, where the caller does not see the whole graph, and where that was asked for. An
 * installation without a graph, or a month without bills, has nothing to allocate.
 *
 * Refuses with what a run is refused with; with `close.notAllocated` where a run is needed and may not be made.
 */
export async function allocate(
  world: CloseWorld,
  caller: Caller,
  month: CloseMonth,
  { wish, hooks }: { readonly wish: CloseWish; readonly hooks: CloseHooks },
): Promise<Allocated> {
  const { graph, period } = wish;
  const known = await graphRun(world, caller, month, { graph });
  const exists = await hasPublishedVersion(world, graph);
  if (!exists) return { said: `There is no published graph '${graph}': costs are not allocated.` };
  const stays = known.isClosed || !known.isVisible || !wish.allocate;
  if (stays && known.published !== undefined)
    return {
      said: known.isClosed
        ? `The month is closed for others whose bills '${graph}' reads: its published run stands.`
        : `The published run of '${graph}' stands.`,
    };
  const bills = known.isVisible
    ? known.current.length
    : month.sources.filter(({ isThere }) => isThere).length;
  if (bills === 0) return { said: 'There are no bills to allocate.' };
  if (stays) throw errors.notAllocated({ month: period, graph });
  return compute(world, caller, { wish, hooks, before: known.run?.id });
}

async function compute(
  { workspace, records }: CloseWorld,
  caller: Caller,
  {
    wish,
    hooks,
    before,
  }: { readonly wish: CloseWish; readonly hooks: CloseHooks; readonly before: string | undefined },
): Promise<Allocated> {
  const { graph, period, dryRun } = wish;
  const { signal, onDay } = hooks;
  const outcome = await computeAndPublish(
    { workspace, records: await records() },
    caller,
    { graph, month: period, publish: !dryRun },
    { signal, onDay },
  );
  const { run, known, state, refused } = outcome;
  if (state !== 'published' && refused !== null) {
    const { code, message, exitCode, params } = refused;
    const status = errorCodes.get(code)?.status ?? 500;
    throw new Refusal(code, { status, exit: exitCode as ExitCode, sentence: message }, params);
  }
  if (!known || state === 'published') await renewCaches(workspace, { graph, period, state });
  const name = `run ${run.slice(0, 8)} of '${graph}'`;
  if (state === 'published')
    return { said: run === before ? `The published ${name} is current.` : `Computed and published ${name}.` };
  return { said: `Computed ${name}, which would be published.`, run };
}

/** Whether costs are allocated at all is no secret. */
async function hasPublishedVersion({ records }: CloseWorld, graph: string): Promise<boolean> {
  try {
    const found = await (await records()).read(systemCaller, (tx) => requireGraph(tx, graph));
    return found.published != null;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'allocation.unknownGraph') return false;
    throw error;
  }
}
