import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type {} from '../../platform/access/index.ts';
import type { Records, Secrets } from '../../platform/records/index.ts';
import type { Lake } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import { openHeldKeys } from './held-keys.ts';
import type { AskedWithKey, IdempotencyStore } from './idempotency-store.ts';
import { type Answer, type End, endOf, isStream, watchLines } from './idempotent-answer.ts';
import { openTurns } from './take-turns.ts';

export interface IdempotencyOptions {
  /** Opened with the first key that somebody sends, as are the secrets. */
  readonly records: () => Promise<Records>;
  readonly secrets: () => Promise<Secrets>;
  readonly lake: Pick<Lake, 'current'>;
  readonly newId: () => string;
  /** An attempt that is not heard of for so long has ended with its process. Default 60 s. */
  readonly leaseMs?: number | undefined;
  /** How long a request waits for another one with its key. Default 60 s. */
  readonly waitMs?: number | undefined;
  /** How long an answer is kept. Default 24 h. */
  readonly keepMs?: number | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Tells how the request ended that holds an Idempotency-Key; undefined: it holds none, or has told. */
    endWithKey: ((end: End) => Promise<void>) | undefined;
  }
}

const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * `Idempotency-Key`: the same request of the same caller again gets the answer of the first, with `Idempotency-Hit: true`;
 * while the first is worked, it waits. Another request with that key is refused with `server.keyReused`. Only answers of
 * success are kept, for 24 hours, and before they are sent; what was refused can be asked again. An attempt whose process
 * died is worked again, unless it may have changed something: then the answer is lost, and `server.keyLost` says so.
 *
 * Call it after whatever sets `request.caller`. Nothing is opened while nobody sends a key.
 */
export function addIdempotency(app: FastifyInstance, options: IdempotencyOptions): void {
  const { lake, leaseMs = 60_000, waitMs = 60_000, keepMs = 24 * 3_600_000 } = options;
  const turns = openTurns();
  const keys = openHeldKeys({ ...options, leaseMs, keepMs, log: app.log });
  app.addHook('onClose', async () => keys.close());
  app.decorateRequest('endWithKey', undefined);

  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return;
    const asked = await askedWith(key, request, options);
    const store = await keys.store();
    const turn = await turns.take(asked, store.claim, { waitMs, signal: hangUpOf(reply) });
    if (!('giveBack' in turn)) return sendAgain(reply, turn);
    hold(request, async (end) => {
      keys.remove(asked);
      await keep(store, asked, end, lake).catch((error: unknown) => {
        request.log.error({ err: error }, 'the answer to a request with an Idempotency-Key was not kept');
      });
      turn.giveBack(typeof end === 'string' ? undefined : end);
    });
    keys.add(asked, request.caller.actor);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const end = request.endWithKey;
    if (!end) return payload;
    if (isStream(payload)) return pipeline(payload, watchLines(reply, end), () => {});
    await end(endOf(reply, payload));
    return payload;
  });
}

/** The key of a request that may change something on behalf of somebody known. */
function keyOf({ headers, method, is404, routeOptions }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  // Whoever signs in is nobody yet, and must not be given the session of another one.
  const isOpen = routeOptions.config.open === 'anyone';
  if (key === undefined || !methods.includes(method) || is404 || isOpen) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw errors.badRequest({
    problem: 'the Idempotency-Key must have 1 to 255 visible characters and no spaces',
  });
}

async function askedWith(
  key: string,
  request: FastifyRequest,
  { lake, newId }: IdempotencyOptions,
): Promise<AskedWithKey> {
  const { kind, id } = request.caller.actor;
  const operation = `${request.method} ${request.url.split('?')[0]}`;
  return {
    id: digest([kind, id, operation, key]),
    actor: { kind, id },
    operation,
    key,
    claimId: newId(),
    requestId: request.id,
    fingerprint: fingerprintOf(request),
    lakeGeneration: (await lake.current()).generation,
  };
}

/** With the scope: an answer is not given again to somebody who may see less now. */
function fingerprintOf({ url, headers, body, caller }: FastifyRequest): string {
  const query = url.split('?').slice(1).join('?');
  const asked = [headers.accept, headers.prefer, headers['if-match']].map((value) => value ?? '');
  return digest([query, ...asked, body ?? null, caller.scope]);
}

function digest(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}` : part));
  return createHash('sha256').update(text).digest('hex');
}

function hangUpOf(reply: FastifyReply): AbortSignal {
  const hangUp = new AbortController();
  reply.raw.once('close', () => hangUp.abort());
  return hangUp.signal;
}

function sendAgain(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers, 'idempotency-hit': 'true' })
    .send(Buffer.from(body));
}

/** Has the request tell how it ended, once, and marks what it writes as its own: its actor is no other request's. */
function hold(request: FastifyRequest, tell: (end: End) => Promise<void>): void {
  request.caller = { ...request.caller, actor: { ...request.caller.actor } };
  request.endWithKey = async (end) => {
    request.endWithKey = undefined;
    await tell(end);
  };
}

async function keep(
  store: IdempotencyStore,
  asked: AskedWithKey,
  end: End,
  lake: IdempotencyOptions['lake'],
): Promise<void> {
  if (end === 'free') await store.release(asked.claimId);
  else if (end === 'unsure')
    await store.releaseWithoutEffect(asked.claimId, (await lake.current()).generation);
  else await store.keep(asked, end);
}
