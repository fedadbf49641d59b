import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Channel } from './contract.ts';
import { mailContent } from './mail-content.ts';
import { type MailServer, mailServer, senderOf } from './mail-server.ts';
import { type Delivery, type Message, type SendOptions, sendLimits } from './model.ts';
import { type Outcome, TookTooLong, withDeadline, withRetries } from './retry.ts';

/**
 * Sends one e-mail to all addresses of a channel. Who was refused for now is tried again, without bothering those who have
 * it; it is ok when everybody has it.
 */
export async function sendEmail(
  channel: Channel & { readonly kind: 'email' },
  message: Message,
  options: SendOptions,
): Promise<Delivery> {
  const server = mailServer(options.settings);
  const sender = senderOf(options.settings);
  const content = await mailContent(message, { from: sender, to: channel.to, date: options.clock.now() });
  const refused: string[] = [];
  let waiting = [...new Set(channel.to)];
  return withRetries(async () => {
    const tried = await tryOnce({ server, from: sender.address, to: waiting, content }, options);
    if ('kind' in tried) return tried;
    refused.push(...tried.never.map(({ address, status }) => `${address} (${status})`));
    waiting = tried.later.map(({ address }) => address);
    return outcomeOf(tried, refused);
  }, options);
}

/** What the server said about each address. */
interface Answers {
  readonly status: number | undefined;
  /** Not now: greylisting, a full mailbox. */
  readonly later: readonly RefusedAddress[];
  readonly never: readonly RefusedAddress[];
}

interface RefusedAddress {
  readonly address: string;
  readonly status: number;
}

function outcomeOf({ status, later }: Answers, refused: readonly string[]): Outcome {
  if (later.length === 0 && refused.length === 0) return { kind: 'done', status };
  const names = [...refused, ...later.map((one) => `${one.address} (${one.status})`)];
  return {
    kind: 'failed',
    status: later[0]?.status ?? status,
    problem: `the mail server refused ${names.join(', ')}`,
    again: later.length > 0,
  };
}

interface Letter {
  readonly server: MailServer;
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Buffer;
}

/** Errors of nodemailer carry the server's own words, which may hold anything: only numbers and codes are passed on. */
async function tryOnce(letter: Letter, options: SendOptions): Promise<Answers | Outcome> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const connection = new Connection(connectionOptions(letter.server, options));
  try {
    return await withDeadline(() => converse(connection, letter), options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return failureOf(error, letter, options);
  } finally {
    connection.close();
  }
}

function connectionOptions(server: MailServer, { limits = sendLimits }: SendOptions): SMTPConnection.Options {
  const { host, port, secure, tls, local } = server;
  return {
    ...{ host, port, secure },
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'never',
    tls: { rejectUnauthorized: !local },
    connectionTimeout: limits.timeoutMs,
    greetingTimeout: limits.timeoutMs,
    socketTimeout: limits.timeoutMs,
    dnsTimeout: limits.timeoutMs,
  };
}

async function converse(connection: SMTPConnection, letter: Letter): Promise<Answers> {
  const { server, from, to, content } = letter;
  // What breaks between two commands is told by events only.
  const broken = new Promise<never>((_, reject) => {
    connection.on('error', reject);
    connection.once('end', () => reject(Object.assign(new Error('closed'), { code: 'ECONNECTION' })));
  });
  const step = <T>(
    work: (done: (error?: Error | null, result?: T) => void) => void,
  ): Promise<T | undefined> =>
    Promise.race([
      new Promise<T | undefined>((resolve, reject) =>
        work((error, result) => (error ? reject(error) : resolve(result))),
      ),
      broken,
    ]);
  await step((done) => connection.connect(done));
  const { auth } = server;
  if (auth) await step((done) => connection.login({ user: auth.user, pass: auth.pass }, done));
  const info = await step<SMTPConnection.SentMessageInfo>((done) =>
    connection.send({ from, to: [...to] }, content, done),
  );
  connection.quit();
  return { status: codeOf(info?.response), ...sorted(info?.rejectedErrors ?? []) };
}

function codeOf(response: string | undefined): number | undefined {
  const code = Number(response?.slice(0, 3));
  return Number.isInteger(code) && code > 0 ? code : undefined;
}

/** What nodemailer says of an address that was not taken. */
interface SmtpError {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly recipient?: string | undefined;
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
}

function sorted(errors: readonly SmtpError[]): Pick<Answers, 'later' | 'never'> {
  const all = errors.map(({ recipient = '', responseCode = 500 }) => ({
    address: recipient,
    status: responseCode,
  }));
  return { later: all.filter(isTemporary), never: all.filter((one) => !isTemporary(one)) };
}

function isTemporary({ status }: { readonly status: number }): boolean {
  return status >= 400 && status < 500;
}

function failureOf(
  error: unknown,
  { to, server }: Letter,
  { limits = sendLimits }: SendOptions,
): Answers | Outcome {
  if (error instanceof TookTooLong)
    return {
      kind: 'failed',
      problem: `the mail server gave no answer within ${limits.timeoutMs / 1000} s`,
      again: true,
    };
  const { code = 'unknown error', responseCode: status, rejectedErrors } = error as SmtpError;
  // Nobody was taken; `sorted` says for each address why.
  if (rejectedErrors && rejectedErrors.length === to.length) return { status, ...sorted(rejectedErrors) };
  const name = `the mail server ${server.host}`;
  if (status !== undefined)
    return {
      kind: 'failed',
      status,
      problem: `${name} answered ${status} (${code})`,
      again: isTemporary({ status }),
    };
  // Node's own words, of which nodemailer keeps no code. It will not be trusted at the next try either.
  if (/certificate/i.test((error as Error).message))
    return { kind: 'failed', problem: `${name} has a certificate that is not trusted`, again: false };
  return { kind: 'failed', problem: `${name} could not be used (${code})`, again: true };
}
