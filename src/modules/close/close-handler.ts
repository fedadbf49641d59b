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
import { type Caller, type ExitCode, errorCodes } from '../../platform/kernel/index.ts';
import { refuseUnknownEntity } from '../organization/index.ts';
import { closePeriod } from './close-period.ts';
import { type CloseOutcome, type CloseWish, closeWishSchema } from './contract.ts';
import { errors } from './errors.ts';
import type { CloseWorld } from './month-state.ts';

/** The kind of a run of the queue that closes a month. */
export const closeRunKind = 'close.month';

/** What is kept of what somebody asked for: with what that person may do. */
const keptSchema = z.object({ wish: closeWishSchema, actor: actorSchema, scope: scopeSchema });
type Kept = z.infer<typeof keptSchema>;

/**
 * Closes as runs of the queue. One that was interrupted begins again: a run that was computed is found by its inputs, and an entity
 * whose month was closed says so. A close that was refused is a run that failed, with how far it came.
 */
export function closeRunHandler(world: CloseWorld): RunHandler {
  return handler<CloseWish, Kept, CloseOutcome>({
    kind: closeRunKind,
    resumable: () => true,
    asked: closeWishSchema,
    input: keptSchema,
    accept: (wish, caller) => accept(world, wish, caller),
    run: async ({ wish, actor, scope }, context) => {
      const { progress, log, signal } = context;
      let open: ReturnType<typeof context.step> | undefined;
      const outcome = await closePeriod(world, { actor, scope }, wish, {
        signal,
        onStep: (name) => {
          open?.end();
          open = context.step(name);
          progress({ label: name, done: 0, total: null, unit: 'items' });
        },
        onSaid: (step, said) => log('info', `${step}: ${said}`),
        onDay: (done, total) => progress({ label: `allocate ${wish.period}`, done, total, unit: 'items' }),
      });
      if (outcome.refused === null) return outcome;
      const { code, message, params, exitCode } = outcome.refused;
      log('error', message);
      const status = errorCodes.get(code)?.status ?? 500;
      throw new PartialFailure({ code, status, message, params, exitCode: exitCode as ExitCode }, outcome);
    },
  });
}

/** A run belongs to one entity where the caller is limited: others do not see it. */
async function accept({ records }: CloseWorld, wish: CloseWish, caller: Caller): Promise<Accepted<Kept>> {
  const { actor, scope } = caller;
  if (scope.kind === 'some' && scope.entities.length === 0) throw errors.noEntities({});
  const entities = wish.entities ?? (scope.kind === 'some' ? scope.entities : []);
  await (await records()).read(caller, async (tx) => {
    for (const entity of entities) await refuseUnknownEntity(tx, entity);
  });
  if (scope.kind === 'some' && entities.length !== 1) throw errors.whichEntity({ entities });
  const [entity] = entities;
  return {
    input: { wish, actor, scope },
    key: `${wish.period}/${keyOf(wish)}`,
    entity: entities.length === 1 && entity !== undefined ? entity : null,
  };
}
