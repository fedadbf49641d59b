import type { Jobs, JobsOptions } from './jobs.ts';

export { answerRun } from './answer-run.ts';
export type { Asked, Wish } from './ask.ts';
export type { RunAnswer, RunDetailAnswer, RunList, ScheduleAnswer, ScheduleList } from './contract.ts';
export type { FollowHooks } from './follow.ts';
export type { Jobs, JobsOptions } from './jobs.ts';
export { actorSchema, keyOf, scopeSchema } from './kept.ts';
export {
  type Accepted,
  handler,
  PartialFailure,
  type RunContext,
  type RunHandler,
  type RunProgress,
  type ShownProgress,
} from './model.ts';
export { type RunRouteOptions, runRoutes } from './routes.ts';

/** As `openJobs` of jobs.ts, which is loaded when it is called for: most commands ask for no run. */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  return (await import('./jobs.ts')).openJobs(options);
}
