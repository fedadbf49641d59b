import { Transform } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** An answer that can be given again. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * How a request with a key ended: with an answer to keep, `free` for another attempt because it was refused, or `unsure`
 * because what it did is not said by an answer that can be kept.
 */
export type End = Answer | 'free' | 'unsure';

/** A larger answer is a report, not the receipt of a change. In characters. */
const longest = 1_000_000;
const repeatedHeaders = ['content-type', 'location', 'etag'] as const;

/**
 * What an answer with this body says of the request. Only success is kept: what was refused may be mended and asked
 * again with the same key, and so may an import that left deliveries out.
 */
export function endOf(reply: FastifyReply, body: unknown): End {
  const { statusCode: status } = reply;
  if (status >= 400 && status < 500) return 'free';
  const text = textOf(body);
  if (status >= 300 || text === undefined || text.length > longest) return 'unsure';
  return tellsOfErrors(text) ? 'free' : { status, headers: headersOf(reply), body: text };
}

function textOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return '';
  return typeof body === 'string' ? body : undefined;
}

function headersOf(reply: FastifyReply): Answer['headers'] {
  return Object.fromEntries(
    repeatedHeaders.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

/** An import that left deliveries out answers 200 and names them in `errors`. */
function tellsOfErrors(text: string): boolean {
  if (!text.startsWith('{')) return false;
  const answer = JSON.parse(text) as {
    readonly errors?: unknown;
    readonly result?: { readonly errors?: unknown };
  };
  const told = answer.result?.errors ?? answer.errors;
  return Array.isArray(told) && told.length > 0;
}

/** True for an answer that is written piece by piece. */
export function isStream(body: unknown): body is NodeJS.ReadableStream {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

/**
 * Passes the lines of an answer on as they come, except that the last one, `{"result": …}`, waits until `onEnd` is done:
 * what was answered is kept before anybody reads it. `onEnd` is told once, also of an answer that broke off.
 */
export function watchLines(reply: FastifyReply, onEnd: (end: End) => Promise<void>): Transform {
  const decoder = new TextDecoder();
  let rest = '';
  let isOver = false;
  async function over(end: End): Promise<void> {
    if (isOver) return;
    isOver = true;
    await onEnd(end);
  }
  const watched = new Transform({
    transform(chunk: Buffer, _, done) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      const last = lines.find(isResult);
      const pass = () => done(null, lines.map((line) => `${line}\n`).join(''));
      if (last === undefined) pass();
      else over(endOf(reply, `${last}\n`)).then(pass, done);
    },
    flush(done) {
      // Without a result, the last line was a problem.
      over(isResult(rest) ? endOf(reply, `${rest}\n`) : 'free').then(() => done(null, rest), done);
    },
  });
  return watched.once('close', () => void over('unsure'));
}

function isResult(line: string): boolean {
  return line.startsWith('{"result"');
}
