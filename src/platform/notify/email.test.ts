import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Channel } from './contract.ts';
import { type Message, type SendOptions, sendLimits } from './model.ts';
import { send } from './send.ts';
import { mailUser, mailUserInUrl, openMailServer, type TestMailServer } from './testing/mail-server.ts';
import { message, sending } from './testing/options.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serverWith(...given: Parameters<typeof openMailServer>): Promise<TestMailServer> {
  const server = await openMailServer(...given);
  closing.push(server.close);
  return server;
}

/** A server that does nothing but what it is told to. */
async function rawServer(talk: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    talk(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

const to: Channel = { kind: 'email', to: ['anna@example.com', 'ben@example.com'] };

function mailing(port: number, user = `${mailUserInUrl}@`, change: Partial<SendOptions> = {}) {
  const settings = {
    smtpUrl: `smtp://${user}127.0.0.1:${port}`,
    from: 'FinOps <finops@example.com>',
    allowPrivateHosts: false,
  };
  return sending({ settings, ...change });
}

/** An e-mail as a reader decodes it. */
function decoded(raw: string): string {
  const text = raw.replace(/\r\n/g, '\n');
  const body = text.indexOf('\n\n');
  return `${text.slice(0, body)}${text.slice(body).replace(/=\n/g, '')}`.replace(
    /(=[0-9A-F]{2})+/g,
    (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'),
  );
}

describe('an e-mail', () => {
  it('arrives as text and HTML, from whom the settings say', async () => {
    const server = await serverWith();
    expect(await send(to, message, mailing(server.port))).toEqual({ ok: true, attempts: 1, status: 250 });
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'finops@example.com',
      to: ['anna@example.com', 'ben@example.com'],
      user: mailUser.user,
    });
    const text = decoded(mail?.raw ?? '');
    for (const line of [
      'From: FinOps <finops@example.com>',
      'To: anna@example.com, ben@example.com',
      `Message-ID: <${message.id}@example.com>`,
      'Date: Sat, 21 Nov 2026 09:30:00 +0000',
      'Auto-Submitted: auto-generated',
      'Spent: € 9 600.00 & rising',
      `Open the budget: ${message.link?.url}`,
    ])
      expect(text.split('\n'), line).toContain(line);
    expect(text).toContain(
      '<p style="margin:0 0 12px">The team &lt;b&gt;Storefront&lt;/b&gt; has spent 80 %.</p>',
    );
    expect(text).toContain('<a href="https://finops.example.com/budgets/retail?month=2026-10&amp;view=a"');
    expect(text).not.toMatch(/<img|<script|<link|src=|url\(/i);
    expect(text).not.toContain('Importance: high');
  });

  it('brings its attachments', async () => {
    const server = await serverWith();
    const attachments = [
      {
        name: 'relevé-octobre.pdf',
        contentType: 'application/pdf',
        content: Buffer.from([37, 80, 68, 70, 0, 255]),
      },
    ];
    await send(to, { ...message, severity: 'critical', attachments }, mailing(server.port));
    const raw = server.mails[0]?.raw ?? '';
    expect(raw).toContain('Content-Type: application/pdf');
    expect(raw).toContain(Buffer.from([37, 80, 68, 70, 0, 255]).toString('base64'));
    expect(raw).toContain('Importance: high');
  });

  it('has one subject and no header that a text smuggled in', async () => {
    const server = await serverWith();
    const sly: Message = {
      ...message,
      subject: 'Ünïcode =?utf-8?Q?x?= Subject: twice',
      text: ['.', 'Bcc: x@example.com', 'QUIT'],
      facts: [{ name: 'a\r\nBcc', value: 'b' }],
    };
    expect(await send(to, sly, mailing(server.port))).toMatchObject({ ok: true });
    const head = server.mails[0]?.raw.split('\r\n\r\n')[0] ?? '';
    expect(head.match(/^Subject:/gm)).toHaveLength(1);
    expect(head).not.toMatch(/^Bcc:/im);
    expect(decoded(server.mails[0]?.raw ?? '')).toContain('\nQUIT\n');
    await expect(
      send(to, { ...message, subject: 'a\r\nBcc: b@example.com' }, mailing(server.port)),
    ).rejects.toThrow('line end');
    await expect(
      send(
        { kind: 'email', to: ['a@example.com\r\nRCPT TO:<b@example.com>'] },
        message,
        mailing(server.port),
      ),
    ).rejects.toThrow('is refused');
    expect(server.mails).toHaveLength(1);
  });

  it('goes encrypted where the server offers it', async () => {
    const server = await serverWith({ disabledCommands: [] });
    expect(await send(to, message, mailing(server.port))).toMatchObject({ ok: true });
    expect(server.mails[0]?.secure).toBe(true);
    const implicit = await serverWith({ secure: true });
    const options = mailing(implicit.port);
    const settings = { ...options.settings, smtpUrl: options.settings.smtpUrl?.replace('smtp:', 'smtps:') };
    expect(await send(to, message, { ...options, settings })).toMatchObject({ ok: true });
    expect(implicit.mails[0]).toMatchObject({ secure: true, user: mailUser.user });
  });
});

describe('a mail server', () => {
  it('that does not know the password is not asked again, and the password is not told', async () => {
    const server = await serverWith();
    const result = await send(to, message, mailing(server.port, 'finops:very-wrong@'));
    expect(result).toEqual({
      ok: false,
      attempts: 1,
      status: 535,
      error: 'the mail server 127.0.0.1 answered 535 (EAUTH).',
    });
    expect(server.sessions()).toBe(1);
  });

  it('on another machine gets no password without TLS that can be trusted', async () => {
    // 0.0.0.0 leads to this machine and is not known as such.
    const elsewhere = (port: number) => {
      const options = mailing(port);
      const smtpUrl = options.settings.smtpUrl?.replace('127.0.0.1', '0.0.0.0');
      return { ...options, settings: { ...options.settings, smtpUrl } };
    };
    const plain = await serverWith();
    expect(await send(to, message, elsewhere(plain.port))).toMatchObject({ ok: false, attempts: 1 });
    const untrusted = await serverWith({ disabledCommands: [] });
    expect(await send(to, message, elsewhere(untrusted.port))).toEqual({
      ok: false,
      attempts: 1,
      error: 'the mail server 0.0.0.0 has a certificate that is not trusted.',
    });
    expect(plain.sessions()).toBe(1);
    expect([...plain.tried(), ...untrusted.tried(), ...plain.mails, ...untrusted.mails]).toEqual([]);
  });

  it('that wants somebody to come back later is tried again, for those only whom it put off', async () => {
    const server = await serverWith({
      rcpt: (address, session) => (address.startsWith('ben') && session < 3 ? 450 : undefined),
    });
    const options = mailing(server.port);
    expect(await send(to, message, options)).toEqual({ ok: true, attempts: 3, status: 250 });
    expect(server.mails.map((mail) => mail.to)).toEqual([['anna@example.com'], ['ben@example.com']]);
    expect(new Set(server.mails.map(({ raw }) => /Message-ID: .*/.exec(raw)?.[0])).size).toBe(1);
    expect(options.pauses).toEqual([1000, 2000]);
  });

  it('that refuses one address has the others served, and the address is named', async () => {
    const server = await serverWith({ rcpt: (address) => (address.startsWith('ben') ? 550 : undefined) });
    expect(await send(to, message, mailing(server.port))).toEqual({
      ok: false,
      attempts: 1,
      status: 250,
      error: 'the mail server refused ben@example.com (550).',
    });
    expect(server.mails.map((mail) => mail.to)).toEqual([['anna@example.com']]);
  });

  it('that refuses everybody is asked once', async () => {
    const server = await serverWith({ rcpt: () => 550 });
    expect(await send(to, message, mailing(server.port))).toMatchObject({
      ok: false,
      attempts: 1,
      error: 'the mail server refused anna@example.com (550), ben@example.com (550).',
    });
    const later = await serverWith({ rcpt: (_, session) => (session === 1 ? 451 : undefined) });
    expect(await send(to, message, mailing(later.port))).toMatchObject({ ok: true, attempts: 2 });
  });

  const hurried = { ...sendLimits, attempts: 2, timeoutMs: 200 };

  it.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['greets and says no more', (socket) => socket.write('220 mail.example ESMTP\r\n')],
    [
      'talks for ever',
      (socket) => {
        const talk = setInterval(() => socket.write('220-still here\r\n'), 20);
        socket.on('close', () => clearInterval(talk));
      },
    ],
  ])('that %s is not waited for', async (_, talk) => {
    const port = await rawServer(talk);
    const began = Date.now();
    const result = await send(to, message, mailing(port, '', { limits: hurried }));
    expect(result).toMatchObject({
      ok: false,
      attempts: 2,
      error: expect.stringMatching(/no answer within|could not be used/),
    });
    expect(Date.now() - began).toBeLessThan(5000);
  });

  it('that hangs up is tried again', async () => {
    let count = 0;
    const port = await rawServer((socket) => {
      count++;
      socket.write('220 mail.example ESMTP\r\n');
      socket.once('data', () => socket.destroy());
    });
    expect(await send(to, message, mailing(port, '', { limits: hurried }))).toMatchObject({
      ok: false,
      attempts: 2,
    });
    expect(count).toBe(2);
  });

  it('that is not there is said to be so', async () => {
    const server = await openMailServer();
    await server.close();
    expect(await send(to, message, mailing(server.port))).toMatchObject({
      ok: false,
      attempts: 4,
      error: expect.stringContaining('could not be used'),
    });
  });

  it('is left when the work is cancelled', async () => {
    const port = await rawServer(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('cancelled')), 50);
    await expect(send(to, message, mailing(port, '', { signal: stop.signal }))).rejects.toThrow('cancelled');
  });

  it('whose words could hold anything is not quoted', async () => {
    const port = await rawServer((socket) => socket.write('554 your password is hunter2\r\n'));
    const result = await send(to, message, mailing(port, ''));
    expect(result).toMatchObject({ ok: false, attempts: 1 });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});
