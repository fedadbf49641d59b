import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** An e-mail as a server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  readonly raw: string;
}

/** A mail server on this machine, which keeps what it gets. */
export interface TestMailServer {
  readonly port: number;
  readonly mails: readonly TakenMail[];
  readonly sessions: () => number;
  /** Users that somebody tried to be. */
  readonly tried: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** The one who may send; with `%` and `@`, which URLs write otherwise. */
export const mailUser = { user: 'finops@corp', pass: 'p%ss:w@rd' } as const;

/** `finops%40corp:p%25ss%3Aw%40rd`. */
export const mailUserInUrl = `${encodeURIComponent(mailUser.user)}:${encodeURIComponent(mailUser.pass)}`;

/** Opens a mail server. `rcpt` says what an address is answered; a number is the code of a refusal. */
export async function openMailServer(
  options: SMTPServerOptions & {
    readonly rcpt?: (address: string, session: number) => number | undefined;
  } = {},
): Promise<TestMailServer> {
  const { rcpt, ...rest } = options;
  const mails: TakenMail[] = [];
  const tried: string[] = [];
  let sessions = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onConnect: (_, done) => {
      sessions++;
      done();
    },
    onAuth: ({ username, password }, _, done) => {
      tried.push(username ?? '');
      return username === mailUser.user && password === mailUser.pass
        ? done(null, { user: username })
        : done(Object.assign(new Error(`no such user, ${username} ${password}`), { responseCode: 535 }));
    },
    onRcptTo: ({ address }, _, done) => {
      const code = rcpt?.(address, sessions);
      done(code === undefined ? null : Object.assign(new Error('not now'), { responseCode: code }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push({ ...envelopeOf(session), raw: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
    ...rest,
  });
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    sessions: () => sessions,
    tried: () => tried,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function envelopeOf({ envelope, user, secure }: SMTPServerSession): Omit<TakenMail, 'raw'> {
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map(({ address }) => address),
    user: typeof user === 'string' ? user : undefined,
    secure,
  };
}
