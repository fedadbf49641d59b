export type { Asked, Wish } from './ask.ts';
export type { RunAnswer, RunDetailAnswer, RunList, ScheduleAnswer, ScheduleList } from './contract.ts';
export { jobsErrors } from './errors.ts';
export type { FollowHooks } from './follow.ts';
export { type Jobs, type JobsOptions, openJobs } from './jobs.ts';
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
