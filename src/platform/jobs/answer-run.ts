import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FollowHooks } from './follow.ts';
import type { Jobs } from './jobs.ts';
import { PartialFailure, type ShownProgress } from './model.ts';

/** A route whose work is a run: what it asks for, and how it tells those who wait. */
export interface AnsweredRun {
  readonly jobs: () => Promise<Jobs>;
  /** An error as the server tells it, for the last line of a stream. */
  readonly problemOf: (error: unknown, request: FastifyRequest) => Readonly<Record<string, unknown>>;
  readonly kind: string;
  readonly input: unknown;
  /** What a caller is told whose run waits for a worker. */
  readonly waiting: Readonly<Record<string, unknown>>;
  readonly progressOf: (progress: ShownProgress) => unknown;
}

/**
 * Asks for a run, and answers as the caller prefers: with its result; at once with 202 (`Prefer: respond-async`); or line by line
 * (`Accept: application/x-ndjson`), progress first, then the result or why there is none. Whoever waits and hangs up cancels the run.
 * A run that failed in part is told by its result. `Result` is what the kind's handler gives.
 */
export async function answerRun<Result>(
  request: FastifyRequest,
  reply: FastifyReply,
  { jobs, problemOf, kind, input, waiting, progressOf }: AnsweredRun,
) {
  const hangUp = new AbortController();
  reply.raw.once('close', () => hangUp.abort());
  const opened = await jobs();
  const detached = /\brespond-async\b/.test(String(request.headers['prefer'] ?? ''));
  const asked = await opened.ask(request.caller, { kind, input, detached });
  const { id, state } = asked.run;
  reply.header('finops-run', id);
  if (detached) {
    reply.code(202).header('preference-applied', 'respond-async').header('location', `/api/v1/runs/${id}`);
    return { run: id, state };
  }
  const follow = async (hooks: FollowHooks): Promise<Result> => {
    try {
      return (await opened.result(request.caller, asked, { ...hooks, signal: hangUp.signal })) as Result;
    } catch (error) {
      if (error instanceof PartialFailure) return error.result as Result;
      throw error;
    }
  };
  if (!request.headers.accept?.includes('application/x-ndjson')) return await follow({});
  const stream = new PassThrough();
  const write = (line: unknown) => stream.write(`${JSON.stringify(line)}\n`);
  follow({
    onWaiting: () => write({ progress: waiting }),
    onProgress: (progress) => write({ progress: progressOf(progress) }),
  })
    .then((result) => write({ result }))
    .catch((error: unknown) => write({ problem: problemOf(error, request) }))
    .finally(() => stream.end());
  return reply.type('application/x-ndjson').send(stream);
}
