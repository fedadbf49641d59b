import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import * as contract from './contract.ts';
import { jobsErrors } from './errors.ts';
import type { Jobs } from './jobs.ts';
import { addScheduleRoutes } from './schedule-routes.ts';
import { shownRun } from './shown.ts';
import { eventStream } from './sse.ts';

export interface RunRouteOptions {
  /** Opened when it is first needed. */
  readonly jobs: () => Promise<Jobs>;
}

type App = Parameters<FastifyPluginAsyncZod>[0];

/** Runs and their schedules: `/runs`, `/run-schedules`. */
export const runRoutes: FastifyPluginAsyncZod<RunRouteOptions> = async (app, options) => {
  addReading(app, options);
  addChanging(app, options);
  addEvents(app, options);
  addScheduleRoutes(app, options);
};

function addReading(app: App, { jobs }: RunRouteOptions): void {
  app.get(
    '/runs',
    {
      config: { permission: 'run.read' },
      schema: {
        tags: ['runs'],
        summary: 'Runs, the newest first',
        querystring: contract.runListQuerySchema,
        response: { 200: contract.runListSchema },
      },
    },
    async (request) => {
      const { kind, state, limit, cursor } = request.query;
      const before = cursor === undefined ? undefined : readCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const opened = await jobs();
      const found = await opened.list(request.caller, { kind, state, before, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        context: { kinds: [...opened.kinds] },
        items: items.map(shownRun),
        ...(last && found.length > limit ? { next: cursorOf(last.id) } : {}),
      };
    },
  );

  app.get(
    '/runs/:id',
    {
      config: { permission: 'run.read' },
      schema: {
        tags: ['runs'],
        summary: 'A run with its result, its steps and the end of its log',
        params: contract.runParamsSchema,
        response: { 200: contract.runDetailSchema },
      },
    },
    async (request) => {
      const { run, steps, log } = await (await jobs()).find(request.caller, request.params.id);
      return { ...shownRun(run), result: run.result, steps: [...steps], log: [...log] };
    },
  );
}

function addChanging(app: App, { jobs }: RunRouteOptions): void {
  for (const verb of ['retry', 'cancel'] as const) {
    app.post(
      `/runs/:id/${verb}`,
      {
        config: { permission: 'run.change' },
        schema: {
          tags: ['runs'],
          summary:
            verb === 'retry'
              ? 'Run again what has failed or was cancelled'
              : 'Stop a run: one that waits has ended with the answer, one that is worked ends soon',
          params: contract.runParamsSchema,
          body: contract.runChangeSchema,
          response: { 200: contract.runSchema },
        },
      },
      async (request) => shownRun(await (await jobs())[verb](request.caller, request.params.id)),
    );
  }
}

function addEvents(app: App, { jobs }: RunRouteOptions): void {
  const open = new Set<AbortController>();
  // A stream without end would keep the server from stopping.
  app.addHook('preClose', async () => {
    for (const stopper of open) stopper.abort();
  });
  app.get(
    '/runs/:id/events',
    {
      config: { permission: 'run.read' },
      schema: {
        tags: ['runs'],
        summary: 'What happens to a run, as server-sent events until it ends',
        description:
          'First `state` with the run as it stands, its `step`s and `log` lines; then each as it changes, with `progress` in between; `end` with the run is the last. Log lines come after the `Last-Event-ID`.',
        params: contract.runParamsSchema,
        headers: contract.runEventsHeadersSchema,
        response: {
          200: {
            description: 'Events',
            content: { 'text/event-stream': { schema: contract.runEventSchema } },
          },
        },
      },
    },
    async (request, reply) => {
      const opened = await jobs();
      // Refused with a status, not in the middle of a stream.
      await opened.find(request.caller, request.params.id);
      const stopper = new AbortController();
      open.add(stopper);
      stopper.signal.addEventListener('abort', () => open.delete(stopper), { once: true });
      const events = opened.watch(request.caller, request.params.id, {
        afterLine: request.headers['last-event-id'] ?? '0',
        signal: stopper.signal,
      });
      const stream = eventStream(events, { show: shownRun, stopper });
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream as never);
    },
  );
}

function cursorOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^[0-9a-z]{1,100}$/.test(id)) throw jobsErrors.unfitCursor({ cursor: cursor.slice(0, 60) });
  return id;
}
