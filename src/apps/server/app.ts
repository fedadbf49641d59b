import {
  type FastifyBaseLogger,
  type FastifyInstance,
  fastify,
  LogController,
  type RouteOptions,
} from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { focusRoutes } from '../../modules/focus/index.ts';
import { ingestionRoutes } from '../../modules/ingestion/index.ts';
import { reportingRoutes } from '../../modules/reporting/index.ts';
import {
  addAuthentication,
  createAuthenticator,
  type FixedTokens,
  readAccessSettings,
} from '../../platform/access/index.ts';
import type { Config } from '../../platform/config/index.ts';
import { newId } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import type { Books } from './books.ts';
import { addErrorHandling, sendProblem } from './error-handling.ts';
import { addEtags } from './etag.ts';
import { addGuards } from './guards.ts';
import { addHeaders, safeHeaders } from './headers.ts';
import { addHealth } from './health.ts';
import { addIdempotency } from './idempotency.ts';
import { addInputLimits } from './input-limits.ts';
import { addMetrics } from './metrics.ts';
import { asRefusal, problemOf } from './problems.ts';
import { addRateLimits } from './rate-limits.ts';
import { addRequestId, requestIdOf } from './request-id.ts';
import { addRequestLog } from './request-log.ts';
import { productVersion } from './version.ts';

export interface AppOptions {
  readonly workspace: Workspace;
  readonly config: Config;
  /** What people edit; opened on first use. The books stay the caller's. */
  readonly books: Books;
  /** Without one, nothing is logged. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Who may call over a socket; undefined in-process, where the caller is the owner of the folder. */
  readonly access?: Access | undefined;
  /** Tells this run of the server from others. */
  readonly instance?: string | undefined;
  /** Answers /api/openapi.json; left out where nobody asks for it, because it takes 50 ms to load. Default true. */
  readonly openApi?: boolean | undefined;
  /** `lake`: only what asks bills, months and costs; the rest takes time to load. Default: all. */
  readonly parts?: 'all' | 'lake' | undefined;
  /** Told of every route. */
  readonly onRoute?: ((route: RouteOptions) => void) | undefined;
  /** Gets every error that is a bug of ours. */
  readonly onDefect?: ((error: unknown, id: string) => void) | undefined;
}

/** What a server demands of those who call it. */
export interface Access extends FixedTokens {
  /** Answer only for names of this machine. */
  readonly loopbackOnly: boolean;
  /** Where this machine reaches the server; known once it listens. */
  readonly localUrl: () => string;
}

/** Bytes of a request's body; a cost query that somebody wrote has 10 kB at most. */
const bodyLimit = 1_048_576;

/** The API over one workspace: `listen` to it, or call it in-process with `inject`. The workspace stays the caller's. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { workspace, config, books, access } = options;
  const app = newFastify(options);
  if (options.onRoute) app.addHook('onRoute', options.onRoute);
  const problem = addErrorHandling(app, { bodyLimit, onDefect: options.onDefect });
  const { lake, clock, randomness } = workspace;
  const accessSettings = readAccessSettings(config);
  const context = { records: books.records, clock, randomness };
  addInputLimits(app);
  if (access) {
    await addHeaders(app);
    await addRateLimits(app, { perMinute: config.values['server.rateLimit'] });
  }
  const { publicUrl } = accessSettings;
  addGuards(app, { loopbackOnly: access?.loopbackOnly ?? false, publicUrl });
  addAuthentication(app, access && (await createAuthenticator({ ...context, ...access, publicUrl })));
  addEtags(app, lake, productVersion());
  addIdempotency(app, { ...books, lake, newId: () => newId(clock, randomness) });
  const metrics = addMetrics(app, { lake, records: access && books.records });
  if (options.openApi ?? true) {
    const { addOpenApi } = await import('./open-api.ts');
    await addOpenApi(app, productVersion());
  }
  books.onImport(metrics.countImport);
  await app.register(addHealth, {
    workspace,
    metrics,
    openMetrics: access === undefined || isOnlyHere(access, config),
    instance: options.instance ?? '',
  });
  await app.register(ingestionRoutes, {
    prefix: '/api/v1',
    workspace,
    gc: { keepDays: config.values['gc.keepDays'], keepVersions: config.values['gc.keepVersions'] },
    records: books.records,
    jobs: books.jobs,
    problemOf: problem,
  });
  if (options.parts !== 'lake') {
    const { addBookRoutes } = await import('./book-routes.ts');
    await addBookRoutes(app, { ...options, accessSettings, problemOf: problem });
  }
  await app.register(reportingRoutes, { prefix: '/api/v1', workspace });
  await app.register(focusRoutes, { prefix: '/api/v1', workspace });
  await app.ready();
  return app;
}

/** Everybody who can reach the server is on this machine: no proxy brings others. */
function isOnlyHere({ loopbackOnly }: Access, { values }: Config): boolean {
  return loopbackOnly && values['server.trustProxy'].length === 0 && values['server.publicUrl'] === undefined;
}

function newFastify({ workspace, config, logger }: AppOptions): FastifyInstance {
  const trusted = config.values['server.trustProxy'];
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    bodyLimit,
    genReqId: (request) => requestIdOf(request, () => newId(workspace.clock, workspace.randomness)),
    trustProxy: trusted.length === 0 ? false : [...trusted],
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    // Nobody needs a minute to send a question.
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (error, request, reply) => {
      sendProblem(
        reply.headers(safeHeaders) as never,
        problemOf(asRefusal(error, request.id, bodyLimit), request.id),
      );
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  // The compiler checks what a route sends against its schema; checking 10,000 rows again would take 30 ms.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  addRequestId(app);
  addRequestLog(app);
  return app;
}
