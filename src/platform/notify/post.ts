import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AddressRefused, allowedAddresses, bareHost, resolveName, tiedLookup } from './address.ts';
import { type SendOptions, sendLimits } from './model.ts';
import { type Outcome, TookTooLong, withDeadline } from './retry.ts';

/** What is posted. The headers are made for each try: a signature has its time. */
export interface Post {
  readonly url: URL;
  readonly body: string;
  readonly headers: () => Readonly<Record<string, string>>;
}

/** So much of an answer is read. */
const mostAnswerBytes = 65_536;

/**
 * Posts once. The address is checked and the socket tied to it, redirects are not followed, and no more than 64 KiB of the
 * answer are read, for a second at most: its status is what counts. What goes wrong comes back as an outcome, without
 * anything of the URL but its host; only the caller's signal makes it throw.
 */
export async function postOnce(post: Post, options: SendOptions): Promise<Outcome> {
  const host = bareHost(post.url);
  try {
    const answer = await withDeadline(async (signal) => {
      const { settings, resolve = resolveName } = options;
      const addresses = await allowedAddresses(post.url, settings.allowPrivateHosts, resolve);
      signal.throwIfAborted();
      return await ask(post, { lookup: tiedLookup(addresses), signal });
    }, options);
    return await outcomeOf(answer, host, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return failureOf(error, host, options);
  }
}

interface Socket {
  readonly lookup: ReturnType<typeof tiedLookup>;
  readonly signal: AbortSignal;
}

function ask({ url, body, headers }: Post, { lookup, signal }: Socket): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        ...{ method: 'POST', lookup, signal, agent: false },
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          accept: '*/*',
          'user-agent': 'Centrail',
          ...headers(),
        },
      },
      resolve,
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function outcomeOf(answer: IncomingMessage, host: string, options: SendOptions): Promise<Outcome> {
  const status = answer.statusCode ?? 0;
  const word = wordIn(await beginningOf(answer, options));
  if (status >= 200 && status < 300) return { kind: 'done', status };
  if (status >= 300 && status < 400) {
    const problem = `${host} leads to another address (status ${status}), and redirects are not followed`;
    return { kind: 'failed', status, problem, again: false };
  }
  return {
    kind: 'failed',
    status,
    problem: `${host} answered with status ${status}${word === undefined ? '' : ` (${word})`}`,
    again: status === 429 || status >= 500,
    pauseMs: pauseIn(answer, options),
  };
}

/** An answer that breaks off, or takes its time, is as good as one that ends. */
async function beginningOf(answer: IncomingMessage, { limits = sendLimits }: SendOptions): Promise<string> {
  const patience = setTimeout(() => answer.destroy(), Math.min(1000, limits.timeoutMs));
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= mostAnswerBytes) break;
    }
  } catch {
    // The status says what there is to say.
  } finally {
    clearTimeout(patience);
    answer.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The words with which chats say why, of which nothing else can be made: all others could repeat what was sent, or show
 * something of the inside of a network.
 */
const words = [
  ...[
    'invalid_payload',
    'invalid_blocks',
    'invalid_token',
    'no_service',
    'no_team',
    'no_text',
    'user_not_found',
  ],
  ...['channel_not_found', 'channel_is_archived', 'action_prohibited', 'posting_to_general_channel_denied'],
  ...['too_many_attachments', 'rollup_error', 'team_disabled', 'msg_too_long', 'rate_limited'],
];

function wordIn(text: string): string | undefined {
  return words.find((word) => word === text.trim());
}

/** `Retry-After`: seconds, or a date. */
function pauseIn({ headers }: IncomingMessage, { clock }: SendOptions): number | undefined {
  const said = headers['retry-after']?.trim() ?? '';
  if (/^\d{1,9}$/.test(said)) return Number(said) * 1000;
  const until = Date.parse(said);
  return Number.isNaN(until) ? undefined : Math.max(0, until - clock.now().getTime());
}

function failureOf(error: unknown, host: string, { limits = sendLimits }: SendOptions): Outcome {
  if (error instanceof AddressRefused)
    return { kind: 'failed', problem: `${host} is not called: ${error.message}`, again: false };
  if (error instanceof TookTooLong) {
    const problem = `${host} gave no answer within ${limits.timeoutMs / 1000} s`;
    return { kind: 'failed', problem, again: true };
  }
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  // A certificate that is not trusted will not be at the next try.
  const certificate = /CERT|SIGNATURE|^ERR_TLS/.test(code);
  return { kind: 'failed', problem: `${host} could not be reached (${code})`, again: !certificate };
}
