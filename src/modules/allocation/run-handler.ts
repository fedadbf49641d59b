import { z } from 'zod';
import {
  type Accepted,
  actorSchema,
  handler,
  keyOf,
  PartialFailure,
  type RunHandler,
  scopeSchema,
} from '../../platform/jobs/index.ts';
import type { Caller, ExitCode } from '../../platform/kernel/index.ts';
import { errorCodes } from '../../platform/kernel/index.ts';
import { requireGraph } from './graphs.ts';
import { renewCaches } from './renew-caches.ts';
import { type RunOutcome, runRequestSchema } from './run-contract.ts';
import { computeAndPublish } from './run-outcome.ts';
import type { RunWorld } from './run-plan.ts';

/** The kind of a run of the queue that computes an allocation. */
export const allocationRunKind = 'allocation.run';

/** What is kept of what somebody asked for: with what that person may do. */
const keptSchema = z.object({ request: runRequestSchema, actor: actorSchema, scope: scopeSchema });
type Kept = z.infer<typeof keptSchema>;

/**
 * Runs of an allocation as runs of the queue. One that was interrupted begins again: what it had kept is found by its id, and days
 * that it had written are taken over. The same graph and month are under way once.
 */
export function allocationRunHandler(world: () => Promise<RunWorld>): RunHandler {
  return handler<z.infer<typeof runRequestSchema>, Kept, RunOutcome>({
    kind: allocationRunKind,
    resumable: () => true,
    asked: runRequestSchema,
    input: keptSchema,
    accept: (request, caller) => accept(world, request, caller),
    run: async ({ request, actor, scope }, context) => {
      const { progress, rows, log, signal } = context;
      let open: ReturnType<typeof context.step> | undefined;
      const onStep = (name: string) => {
        open?.end();
        open = context.step(name);
      };
      const opened = await world();
      const outcome = await computeAndPublish(opened, { actor, scope }, request, {
        signal,
        onStep,
        onDay: (done, total) => progress({ label: `allocate ${request.month}`, done, total, unit: 'items' }),
      });
      const { attribution, allocation, flow } = outcome.rows;
      rows({ in: attribution, out: attribution + allocation + flow });
      for (const finding of outcome.findings.slice(0, 20))
        log(finding.severity === 'error' ? 'error' : finding.severity, `${finding.path}: ${finding.message}`);
      // A run changes the lake even where nothing is published: its figures are kept.
      onStep('prepare');
      const { graph, month, state } = outcome;
      for (const message of await renewCaches(opened.workspace, { graph, period: month, state }))
        log('warning', message);
      if (outcome.refused === null) return outcome;
      const { code, message, params, exitCode } = outcome.refused;
      const status = errorCodes.get(code)?.status ?? 500;
      throw new PartialFailure({ code, status, message, params, exitCode: exitCode as ExitCode }, outcome);
    },
  });
}

async function accept(
  world: () => Promise<RunWorld>,
  request: z.infer<typeof runRequestSchema>,
  caller: Caller,
): Promise<Accepted<Kept>> {
  const { records } = await world();
  const { entity } = await records.read(caller, (tx) => requireGraph(tx, request.graph));
  const kept = { request, actor: caller.actor, scope: caller.scope };
  // Whoever asks for the same while it is under way waits for it, whatever else may differ.
  return { input: kept, key: `${request.graph}/${request.month}/${keyOf(request)}`, entity };
}
