import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Problem } from './contract.ts';
import { problemSchema } from './contract.ts';
import { errors } from './errors.ts';
import { asRefusal, problemOf } from './problems.ts';

const problemType = 'application/problem+json';
const problemResponse = {
  description: 'Refused',
  content: { [problemType]: { schema: problemSchema } },
};

declare module 'fastify' {
  interface FastifyReply {
    /** Code of the problem that was answered: `lake.busy`; empty: it was none. */
    problemCode: string;
  }
}

export interface ErrorOptions {
  /** Bytes of a body, where a route does not say otherwise. */
  readonly bodyLimit: number;
  /** Gets every error that is a bug of ours. */
  readonly onDefect?: ((error: unknown, id: string) => void) | undefined;
}

/** Makes a problem of an error that ends a streamed answer. */
export type ProblemOf = (error: unknown, request: FastifyRequest) => Problem;

/** Answers every error with an RFC 9457 problem, and says so in the schema of every route that follows. */
export function addErrorHandling(app: FastifyInstance, options: ErrorOptions): ProblemOf {
  app.decorateReply('problemCode', '');
  const routes: { readonly method: string; readonly url: string }[] = [];
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url });
    describeProblems(route);
  });
  const problem: ProblemOf = (error, request) => {
    const refusal = asRefusal(error, request.id, request.routeOptions?.bodyLimit ?? options.bodyLimit);
    // With its stack and, where a statement failed, its SQL: properties of the error.
    if (refusal.status >= 500) request.log.error({ err: error }, 'a request failed');
    if (refusal.code === 'server.defect') options.onDefect?.(error, request.id);
    return problemOf(refusal, request.id);
  };
  app.setErrorHandler((error, request, reply) => sendProblem(reply, problem(error, request)));
  app.setNotFoundHandler((request, reply) => {
    const { method, url } = request;
    const path = url.split('?')[0] ?? url;
    const allowed = routes.filter((route) => matches(route.url, path)).map((route) => route.method);
    if (allowed.length === 0) return sendProblem(reply, problem(errors.noRoute({ path }), request));
    const refused = errors.wrongMethod({ method, path, allowed });
    return sendProblem(reply.header('allow', allowed.join(', ')), problem(refused, request));
  });
  return problem;
}

/** Sends a problem; an ETag set for the answer that did not come is taken back. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  reply.problemCode = problem.code;
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const { retryAfterSeconds } = problem.params;
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds);
  return reply.code(problem.status).removeHeader('etag').type(problemType).send(JSON.stringify(problem));
}

function describeProblems(route: RouteOptions): void {
  if (!route.schema) return;
  const response = route.schema.response as Readonly<Record<string, unknown>> | undefined;
  route.schema.response = { ...response, '4xx': problemResponse, '5xx': problemResponse };
}

/** `/periods/:source/:period` fits `/periods/aws/2026-10`. */
function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(':') || part === given[index])
  );
}
