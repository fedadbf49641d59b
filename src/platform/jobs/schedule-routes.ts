import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../kernel/index.ts';
import * as contract from './contract.ts';
import type { Jobs } from './jobs.ts';
import type { RunRouteOptions } from './routes.ts';
import { shownSchedule } from './shown.ts';

/** `/run-schedules`: what asks for runs again and again. */
export function addScheduleRoutes(
  app: Parameters<FastifyPluginAsyncZod>[0],
  { jobs }: RunRouteOptions,
): void {
  app.get(
    '/run-schedules',
    {
      config: { permission: 'run.read' },
      schema: {
        tags: ['runs'],
        summary: 'Schedules by name',
        response: { 200: contract.scheduleListSchema },
      },
    },
    async (request) => {
      return listOf(await jobs(), request.caller);
    },
  );

  app.get(
    '/run-schedules/:name',
    {
      config: { permission: 'run.read' },
      schema: {
        tags: ['runs'],
        summary: 'A schedule',
        params: contract.scheduleParamsSchema,
        response: { 200: contract.scheduleSchema },
      },
    },
    async (request) => shownSchedule(await (await jobs()).findSchedule(request.caller, request.params.name)),
  );

  app.put(
    '/run-schedules/:name',
    {
      config: { permission: 'run.change' },
      schema: {
        tags: ['runs'],
        summary: 'Make a schedule, or replace the one of that name',
        description:
          'Times are of `timeZone`, with its summer time. A time that goes by while no server runs is made up for by one run. What the runs may do is what the caller may do.',
        params: contract.scheduleParamsSchema,
        body: contract.scheduleRequestSchema,
        response: { 200: contract.scheduleSchema },
      },
    },
    async (request) =>
      shownSchedule(await (await jobs()).setSchedule(request.caller, { ...request.params, ...request.body })),
  );

  app.delete(
    '/run-schedules/:name',
    {
      config: { permission: 'run.change' },
      schema: {
        tags: ['runs'],
        summary: 'Remove a schedule; its runs stay',
        params: contract.scheduleParamsSchema,
        response: { 200: contract.scheduleListSchema },
      },
    },
    async (request) => {
      const opened = await jobs();
      await opened.removeSchedule(request.caller, request.params.name);
      return listOf(opened, request.caller);
    },
  );
}

async function listOf(jobs: Jobs, caller: Caller): Promise<contract.ScheduleList> {
  const items = await jobs.listSchedules(caller);
  return { context: { kinds: [...jobs.kinds] }, items: items.map(shownSchedule) };
}
