import type { RunAnswer, ScheduleAnswer } from './contract.ts';
import type { Run } from './model.ts';
import type { Schedule } from './schedules-sql.ts';

/** A run as the API tells it; the result is told with the detail only, because it may be long. */
export function shownRun(run: Run): RunAnswer {
  const { key: _, place: __, detached: ___, result: ____, problem, ...shown } = run;
  return { ...shown, problem: problem && { ...problem, params: { ...problem.params } } };
}

/** A schedule as the API tells it: with the input that was asked for. */
export function shownSchedule({ asked, key: _, ...schedule }: Schedule): ScheduleAnswer {
  return { ...schedule, input: asked };
}
