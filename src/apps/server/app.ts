import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { focusRoutes } from '../../modules/focus/index.ts';
import {
  type ImportAccess,
  ingestionRoutes,
  type RunImport,
  runImport,
} from '../../modules/ingestion/index.ts';
import { reportingRoutes } from '../../modules/reporting/index.ts';
import type { Config } from '../../platform/config/index.ts';
import { newId } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { addErrorHandling, sendProblem } from './error-handling.ts';
import { addEtags } from './etag.ts';
import { type Access, addGuards, safeHeaders } from './guards.ts';
import { addHealth } from './health.ts';
import { addIdempotency } from './idempotency.ts';
import { addMetrics } from './metrics.ts';
import { asRefusal, problemOf } from './problems.ts';
import { productVersion } from './version.ts';

export interface AppOptions {
  readonly workspace: Workspace;
  readonly config: Config;
  /** Without one, nothing is logged. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Who may call; undefined in-process, where the caller is the owner of the folder. */
  readonly access?: Access | undefined;
  /** How an import is run; in this process by default. */
  readonly runImport?: RunImport | undefined;
  /** Tells this run of the server from others. */
  readonly instance?: string | undefined;
  /** Answers /api/openapi.json; left out where nobody asks for it, because it takes 50 ms to load. Default true. */
  readonly openApi?: boolean | undefined;
  /** Gets every error that is a bug of ours. */
  readonly onDefect?: ((error: unknown, id: string) => void) | undefined;
}

/** Bytes of a request's body; a cost query that somebody wrote has 10 kB at most. */
const bodyLimit = 1_048_576;

/** The API over one workspace: `listen` to it, or call it in-process with `inject`. The workspace stays the caller's. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { workspace, config } = options;
  const app = newFastify(options);
  const problem = addErrorHandling(app, { bodyLimit, onDefect: options.onDefect });
  addGuards(app, options.access);
  addEtags(app, workspace.lake, productVersion());
  addIdempotency(app, workspace.clock);
  const metrics = addMetrics(app, workspace.lake);
  if (options.openApi ?? true) {
    const { addOpenApi } = await import('./open-api.ts');
    await addOpenApi(app, productVersion());
  }
  const run: RunImport =
    options.runImport ??
    ((request, access, { onProgress }) => runImport(workspace, request, access, onProgress));
  await app.register(addHealth, { workspace, metrics, instance: options.instance ?? '' });
  await app.register(ingestionRoutes, {
    prefix: '/api/v1',
    workspace,
    gc: { keepDays: config.values['gc.keepDays'], keepVersions: config.values['gc.keepVersions'] },
    accessOf: ({ isOwner }) => importAccess(config, isOwner),
    runImport: async (request, access, hooks) => {
      const result = await run(request, access, hooks);
      metrics.countImport(result);
      return result;
    },
    problemOf: problem,
  });
  await app.register(reportingRoutes, { prefix: '/api/v1', workspace });
  await app.register(focusRoutes, { prefix: '/api/v1', workspace });
  await app.ready();
  return app;
}

/** The owner reads what the account can read; others what the configuration names. */
function importAccess({ values }: Config, isOwner: boolean): Omit<ImportAccess, 'scope'> {
  const exports = values['aws.exports'];
  return isOwner
    ? { roots: ['/'], exports, anyBucket: true }
    : { roots: values['import.roots'], exports, anyBucket: false };
}

function newFastify({ workspace, logger }: AppOptions): FastifyInstance {
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    bodyLimit,
    genReqId: () => newId(workspace.clock, workspace.randomness),
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
  app.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime);
    request.log.info({ method: request.method, url: request.url, status: reply.statusCode, ms }, 'answered');
  });
  return app;
}
