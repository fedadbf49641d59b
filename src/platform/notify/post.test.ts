import selfSigned from 'smtp-server/lib/tls-options.js';
import { afterEach, expect, it } from 'vitest';
import type { Channel } from './contract.ts';
import { sendLimits } from './model.ts';
import { send } from './send.ts';
import { verifySignature } from './signature.ts';
import { type Hook, openHook } from './testing/hook.ts';
import { message, sending } from './testing/options.ts';

const open: Hook[] = [];

afterEach(async () => {
  for (const hook of open.splice(0)) await hook.close();
});

async function hookWith(...given: Parameters<typeof openHook>): Promise<Hook> {
  const hook = await openHook(...given);
  open.push(hook);
  return hook;
}

const secret = 'a secret nobody tells';
const webhook = (url: string): Channel => ({ kind: 'webhook', url, secret });

it('posts a signed message that its receiver can prove', async () => {
  const hook = await hookWith();
  const options = sending();
  const attachments = [{ name: 'a.csv', contentType: 'text/csv', content: Buffer.from('1,2') }];
  expect(await send(webhook(hook.url), { ...message, attachments }, options)).toEqual({
    ok: true,
    attempts: 1,
    status: 204,
  });
  const [request] = hook.requests;
  expect(request?.path).toBe('/hooks/very-secret-path');
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Centrail',
    'centrail-id': message.id,
  });
  const received = { headers: request?.headers ?? {}, body: request?.body ?? '', now: options.clock.now() };
  expect(verifySignature({ ...received, secrets: [secret] })).toEqual({ valid: true, id: message.id });
  expect(verifySignature({ ...received, secrets: ['somebody else entirely'] })).toMatchObject({
    valid: false,
  });
  expect(JSON.parse(received.body)).toEqual({
    schemaVersion: 1,
    id: message.id,
    severity: 'warning',
    subject: message.subject,
    text: message.text,
    facts: message.facts,
    link: message.link?.url,
    attachments: [{ name: 'a.csv', contentType: 'text/csv', bytes: 3 }],
  });
});

it('tries again when the receiver is in trouble: the same message, signed anew', async () => {
  const hook = await hookWith((response, count) => response.writeHead(count < 3 ? 503 : 200).end());
  const options = sending();
  expect(await send(webhook(hook.url), message, options)).toEqual({ ok: true, attempts: 3, status: 200 });
  expect(options.pauses).toEqual([1000, 2000]);
  expect(new Set(hook.requests.map(({ body }) => body)).size).toBe(1);
  const times = hook.requests.map(({ headers }) => Number(headers['centrail-timestamp']));
  expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 1, 3]);
});

it('gives up after some tries, and says what was answered', async () => {
  const hook = await hookWith((response) => response.writeHead(500).end(`we got ${secret}`));
  const options = sending();
  expect(await send(webhook(hook.url), message, options)).toEqual({
    ok: false,
    attempts: 4,
    status: 500,
    error: '127.0.0.1 answered with status 500.',
  });
  expect(options.pauses).toEqual([1000, 2000, 4000]);
});

it('does not insist when it is refused', async () => {
  const hook = await hookWith((response) => response.writeHead(404).end('no_service'));
  expect(await send({ kind: 'slack', url: hook.url }, message, sending())).toEqual({
    ok: false,
    attempts: 1,
    status: 404,
    error: '127.0.0.1 answered with status 404 (no_service).',
  });
  expect(JSON.parse(hook.requests[0]?.body ?? '')).toHaveProperty('blocks');
});

it('posts a card to Teams', async () => {
  const hook = await hookWith((response) => response.writeHead(202).end());
  expect(await send({ kind: 'teams', url: hook.url }, message, sending())).toMatchObject({
    ok: true,
    status: 202,
  });
  expect(JSON.parse(hook.requests[0]?.body ?? '')).toHaveProperty(
    'attachments.0.content.type',
    'AdaptiveCard',
  );
  expect(hook.requests[0]?.headers).not.toHaveProperty('centrail-signature');
});

it.each([
  ['seconds', '7', [7000]],
  ['a date', 'Sat, 21 Nov 2026 09:30:09 GMT', [9000]],
  ['a date that is over', 'Sat, 21 Nov 2026 09:29:00 GMT', [1000]],
  ['nothing that makes sense', 'soon', [1000]],
])('waits as long as it is asked to, in %s', async (_, value, pauses) => {
  const hook = await hookWith((response, count) =>
    count === 1 ? response.writeHead(429, { 'retry-after': value }).end() : response.writeHead(200).end(),
  );
  const options = sending();
  expect(await send(webhook(hook.url), message, options)).toMatchObject({ ok: true, attempts: 2 });
  expect(options.pauses).toEqual(pauses);
});

it('leaves a receiver alone that asks for an hour, and says so', async () => {
  const hook = await hookWith((response) => response.writeHead(429, { 'retry-after': '3600' }).end());
  const options = sending();
  expect(await send(webhook(hook.url), message, options)).toMatchObject({
    ok: false,
    attempts: 1,
    status: 429,
    retryAfterSeconds: 3600,
  });
  expect(options.pauses).toEqual([]);
});

const hurried = { ...sendLimits, attempts: 2, timeoutMs: 150 };

it('does not wait for a server that hangs', async () => {
  const silent = await hookWith(() => {});
  const began = Date.now();
  expect(await send(webhook(silent.url), message, sending({ limits: hurried }))).toEqual({
    ok: false,
    attempts: 2,
    error: '127.0.0.1 gave no answer within 0.15 s.',
  });
  expect(Date.now() - began).toBeLessThan(5000);
});

it('knows what was answered though the rest of the answer never ends', async () => {
  const dripping = await hookWith((response, count) => {
    response.writeHead(count === 1 ? 429 : 400, { 'retry-after': '5' });
    const drip = setInterval(() => response.write('.'), 10);
    response.on('close', () => clearInterval(drip));
  });
  const options = sending({ limits: hurried });
  expect(await send(webhook(dripping.url), message, options)).toMatchObject({
    ok: false,
    attempts: 2,
    status: 400,
  });
  expect(options.pauses).toEqual([5000]);
});

it('reads no more of an answer than it needs', async () => {
  let written = 0;
  const closed: Promise<void>[] = [];
  const hook = await hookWith((response) => {
    response.writeHead(400);
    closed.push(new Promise((resolve) => response.on('close', resolve)));
    const pour = (): void => {
      while (!response.destroyed) {
        written += 65_536;
        if (!response.write(Buffer.alloc(65_536))) break;
      }
    };
    response.on('drain', pour);
    pour();
  });
  expect(await send(webhook(hook.url), message, sending())).toMatchObject({
    ok: false,
    attempts: 1,
    status: 400,
  });
  await Promise.all(closed);
  expect(written).toBeLessThan(20_000_000);
});

it('takes a message for delivered that was accepted, however long the rest of the answer takes', async () => {
  const hook = await hookWith((response) => {
    response.writeHead(200);
    response.write('thinking');
  });
  expect(await send(webhook(hook.url), message, sending({ limits: hurried }))).toEqual({
    ok: true,
    attempts: 1,
    status: 200,
  });
});

it('follows no redirect, least of all to a metadata service', async () => {
  const second = await hookWith();
  for (const location of ['http://169.254.169.254/latest/meta-data', second.url]) {
    const first = await hookWith((response) => response.writeHead(307, { location }).end());
    expect(await send(webhook(first.url), message, sending())).toMatchObject({
      ok: false,
      attempts: 1,
      status: 307,
      error: expect.stringContaining('redirects are not followed'),
    });
    expect(first.requests).toHaveLength(1);
  }
  expect(second.connections()).toBe(0);
});

it('tells a server that is not there from one that refuses', async () => {
  const hook = await openHook();
  await hook.close();
  expect(await send(webhook(hook.url), message, sending())).toEqual({
    ok: false,
    attempts: 4,
    error: '127.0.0.1 could not be reached (ECONNREFUSED).',
  });
});

it('posts to nobody whose certificate nobody trusts', async () => {
  const { key, cert } = selfSigned();
  const hook = await hookWith(undefined, { key: String(key), cert: String(cert) });
  expect(await send(webhook(hook.url), message, sending())).toEqual({
    ok: false,
    attempts: 1,
    error: expect.stringMatching(/^127\.0\.0\.1 could not be reached \(\w*(CERT|SIGNATURE)\w*\)\.$/),
  });
  expect(hook.connections()).toBe(1);
  expect(hook.requests).toEqual([]);
});

it('stops waiting when it is told to', async () => {
  const hook = await hookWith((response) => response.writeHead(503).end());
  const stop = new AbortController();
  const options = sending({ signal: stop.signal, sleep: undefined });
  setTimeout(() => stop.abort(new Error('the run was cancelled')), 100);
  await expect(send(webhook(hook.url), message, options)).rejects.toThrow('the run was cancelled');
  expect(hook.requests).toHaveLength(1);
  const hanging = await hookWith(() => {});
  const second = new AbortController();
  setTimeout(() => second.abort(new Error('cancelled too')), 50);
  await expect(send(webhook(hanging.url), message, sending({ signal: second.signal }))).rejects.toThrow(
    'cancelled too',
  );
});

it('never repeats what lets others post', async () => {
  const answers = [302, 400, 500].map((status) =>
    hookWith((response) => response.writeHead(status).end(secret)),
  );
  for (const hook of await Promise.all(answers)) {
    const url = hook.url.replace('/hooks', '/services/T0/B0/xoxb-token');
    for (const channel of [webhook(url), { kind: 'slack', url }, { kind: 'teams', url }] as const) {
      const told = JSON.stringify(await send(channel, message, sending()));
      expect(told).not.toMatch(/secret|xoxb|services/);
    }
  }
});
