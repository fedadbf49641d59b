import type { Caller, Refusal } from '../../platform/kernel/index.ts';
import type { CheckAnswer, ClosedEntity, CloseOutcome, CloseWish } from './contract.ts';
import { freezeNumbers } from './frozen-sql.ts';
import { type CloseMonth, type CloseWorld, isOpen } from './month-state.ts';

/** How a close tells where it stands. */
export interface CloseHooks {
  /** Aborted when the work is to stop. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
  /** What a step found and did. */
  readonly onSaid?: ((step: string, said: string) => void) | undefined;
  /** Days of the allocation done, of how many. */
  readonly onDay?: ((done: number, total: number) => void) | undefined;
}

/** What a step says of itself. */
export interface Said {
  readonly said: string;
}

/** The outcome of a close while it is made. */
export interface CloseReport {
  /** At least one entity's month is to be closed. */
  readonly isOpen: boolean;
  /** Goes through a step, and keeps what it says. */
  readonly step: <T extends Said>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Keeps the books that were checked. */
  readonly keep: (check: CheckAnswer) => void;
  /** An entity's month is closed, or would be. */
  readonly close: (entity: string) => void;
  readonly refuse: (refusal: Refusal) => void;
  readonly end: () => Promise<CloseOutcome>;
}

/** Begins the outcome of a close. */
export async function beginReport(
  { records }: CloseWorld,
  caller: Caller,
  {
    month: { period, entities },
    wish,
    hooks,
  }: { readonly month: CloseMonth; readonly wish: CloseWish; readonly hooks: CloseHooks },
): Promise<CloseReport> {
  const steps: { step: string; said: string }[] = [];
  const closed = new Set<string>();
  let check: CheckAnswer | null = null;
  let refused: CloseOutcome['refused'] = null;
  const outcomeOf = (isClosed: boolean, wasOpen: boolean): ClosedEntity['outcome'] => {
    if (!wasOpen) return 'already closed';
    if (!isClosed) return 'not closed';
    return wish.dryRun ? 'would close' : 'closed';
  };
  return {
    isOpen: entities.some(isOpen),
    step: async (name, work) => {
      hooks.signal?.throwIfAborted();
      hooks.onStep?.(name);
      const told = await work();
      steps.push({ step: name, said: told.said });
      hooks.onSaid?.(name, told.said);
      return told;
    },
    keep: (answer) => {
      check = answer;
    },
    close: (entity) => void closed.add(entity),
    refuse: ({ code, message, exitCode, params }) => {
      refused = { code, message, exitCode, params: { ...params } };
    },
    end: async () => {
      const ids = entities.map(({ entity }) => entity);
      const freezes = await (await records()).read(caller, (tx) => freezeNumbers(tx, period, ids));
      return {
        month: period,
        dryRun: wish.dryRun,
        entities: entities.map((one) => ({
          entity: one.entity,
          outcome: outcomeOf(closed.has(one.entity), isOpen(one)),
          state: closed.has(one.entity) && !wish.dryRun ? 'CLOSED' : one.state,
          freeze: freezes.get(one.entity) ?? null,
        })),
        steps,
        check,
        refused,
      };
    },
  };
}
