import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';

/** What was asked with a key, and the answer once there is one. */
interface Remembered {
  readonly fingerprint: string;
  readonly at: number;
  readonly answer?: { readonly status: number; readonly type: string; readonly body: string };
}

const keptMs = 24 * 3_600_000;
const keptKeys = 1000;
/** A larger answer is a report, not the receipt of a change. */
const maxAnswer = 1_000_000;

/**
 * `Idempotency-Key` on POST: the same request again gets the answer of the first with `Idempotency-Hit: true`, another
 * request with that key is refused, and so is the same one while the first still runs. Only answers of success are
 * remembered, so that a refused request can be tried again. Keys live in memory: 24 hours, the newest 1,000, until the
 * server stops; repeating an import after that is harmless, because its content is recognised.
 */
export function addIdempotency(app: FastifyInstance, clock: Clock): void {
  const known = new Map<string, Remembered>();

  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return;
    forgetOld(known, clock.now().getTime());
    const place = `${request.url} ${key}`;
    const fingerprint = fingerprintOf(request);
    const found = known.get(place);
    if (found && found.fingerprint !== fingerprint) throw errors.keyReused({ key });
    if (found && !found.answer) throw errors.keyInUse({ key });
    if (found?.answer) {
      const { status, type, body } = found.answer;
      return reply.code(status).header('idempotency-hit', 'true').type(type).send(Buffer.from(body));
    }
    known.set(place, { fingerprint, at: clock.now().getTime() });
    request.idempotencyPlace = place;
  });

  app.decorateRequest('idempotencyPlace', undefined);

  app.addHook('onSend', async (request, reply, payload) => {
    const place = request.idempotencyPlace;
    const pending = place === undefined ? undefined : known.get(place);
    if (place === undefined || !pending) return payload;
    const remember = (body: string) => settle(known, place, { ...pending, answer: answerOf(reply, body) });
    if (typeof payload === 'string') remember(payload);
    else if (isStream(payload)) return payload.pipe(lastLine(remember, () => known.delete(place)));
    else known.delete(place);
    return payload;
  });

  app.addHook('onResponse', async (request) => {
    const place = request.idempotencyPlace;
    // A caller who hung up, or an answer that cannot be repeated.
    if (place !== undefined && !known.get(place)?.answer) known.delete(place);
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the answer to a request with an Idempotency-Key is remembered. */
    idempotencyPlace: string | undefined;
  }
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (request.method !== 'POST' || typeof key !== 'string' || key === '') return undefined;
  if (key.length > 255)
    throw errors.badRequest({ problem: 'the Idempotency-Key is longer than 255 characters' });
  return key;
}

function fingerprintOf({ body, headers }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([headers.accept ?? '', body ?? null]))
    .digest('hex');
}

function answerOf(reply: FastifyReply, body: string): Remembered['answer'] {
  return {
    status: reply.statusCode,
    type: String(reply.getHeader('content-type') ?? 'application/json'),
    body,
  };
}

function settle(known: Map<string, Remembered>, place: string, entry: Remembered): void {
  const good =
    entry.answer !== undefined &&
    entry.answer.status < 300 &&
    entry.answer.body.length <= maxAnswer &&
    !tellsOfErrors(entry.answer.body);
  if (good) known.set(place, entry);
  else known.delete(place);
}

/** An import that left deliveries out answers 200 and names them in `errors`: once they are mended it is asked again. */
function tellsOfErrors(body: string): boolean {
  const answer = JSON.parse(body) as {
    readonly errors?: unknown;
    readonly result?: { readonly errors?: unknown };
  };
  const told = answer.result?.errors ?? answer.errors;
  return Array.isArray(told) && told.length > 0;
}

function forgetOld(known: Map<string, Remembered>, now: number): void {
  for (const [place, { at, answer }] of known) {
    const isOld = now - at > keptMs || known.size > keptKeys;
    // The oldest come first.
    if (isOld && answer) known.delete(place);
  }
}

function isStream(payload: unknown): payload is NodeJS.ReadableStream {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload;
}

/** Passes lines on and remembers the last one, which is the result; a problem at the end is not remembered. */
function lastLine(remember: (line: string) => void, forget: () => void): Transform {
  let tail = '';
  return new Transform({
    transform(chunk: Buffer, _, done) {
      tail = `${tail}${chunk}`.split('\n').slice(-2).join('\n');
      done(null, chunk);
    },
    flush(done) {
      const line = tail.trimEnd().split('\n').at(-1) ?? '';
      if (line.startsWith('{"result"')) remember(`${line}\n`);
      else forget();
      done();
    },
  });
}
