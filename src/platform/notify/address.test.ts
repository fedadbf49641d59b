import { afterEach, describe, expect, it } from 'vitest';
import { type Address, AddressRefused, allowedAddresses } from './address.ts';
import { sendLimits } from './model.ts';
import { send } from './send.ts';
import { type Hook, openHook } from './testing/hook.ts';
import { message, sending } from './testing/options.ts';

const named = (...addresses: readonly string[]): readonly Address[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const look = (url: string, addresses: readonly string[], allowPrivateHosts = false) =>
  allowedAddresses(new URL(url), allowPrivateHosts, async () => named(...addresses));

describe('where a hook may lead', () => {
  it('is the internet, by https', async () => {
    expect(await look('https://hooks.example', ['52.216.1.1', '2600:1f18::1'])).toHaveLength(2);
    await expect(look('http://hooks.example', ['52.216.1.1'])).rejects.toThrow('only https');
    await expect(look('http://hooks.example', ['52.216.1.1'], true)).rejects.toThrow('only https');
  });

  it.each([
    ...[
      '127.0.0.1',
      '10.0.0.8',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '::1',
      'fd12::1',
      '::ffff:10.0.0.1',
    ],
    ...['192.0.2.1', '2002:a9fe:a9fe::1', '2001:0:1::1', '64:ff9b:1::1', '64:ff9b::a00:1'],
  ])('is %s only when the operator allows private hosts', async (address) => {
    await expect(look('https://hooks.example', [address])).rejects.toThrow('private network');
    expect(await look('https://hooks.example', [address], true)).toEqual(named(address));
    expect(await look('http://hooks.example', [address], true)).toEqual(named(address));
  });

  it.each([
    ...['169.254.169.254', '100.100.100.200', '168.63.129.16', '0.0.0.0', '224.0.0.1', '255.255.255.255'],
    ...['fe80::1', '::', 'ff02::1', 'fd00:ec2::254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'],
  ])('is never %s', async (address) => {
    await expect(look('https://hooks.example', [address])).rejects.toThrow(AddressRefused);
    await expect(look('https://hooks.example', [address], true)).rejects.toThrow('never called');
  });

  it('is refused when one of many addresses is', async () => {
    await expect(look('https://hooks.example', ['52.216.1.1', '10.0.0.8'])).rejects.toThrow(
      'private network',
    );
    await expect(look('https://hooks.example', ['10.0.0.8', '169.254.169.254'], true)).rejects.toThrow(
      'never',
    );
    await expect(look('http://hooks.example', ['10.0.0.8', '52.216.1.1'], true)).rejects.toThrow(
      'only https',
    );
    await expect(look('https://hooks.example', [])).rejects.toThrow('leads nowhere');
  });
});

describe('a socket', () => {
  let hook: Hook | undefined;

  afterEach(async () => {
    await hook?.close();
  });

  it('is not even opened to a name that leads to this machine', async () => {
    hook = await openHook();
    const options = sending({
      settings: { allowPrivateHosts: false },
      limits: { ...sendLimits, attempts: 3 },
    });
    const channel = (host: string) => ({ kind: 'slack' as const, url: `https://${host}:${hook?.port}/x` });
    const refused = {
      ok: false,
      attempts: 1,
      error: expect.stringMatching(/is not called: it leads to this machine/),
    };
    expect(await send(channel('localhost'), message, options)).toEqual(refused);
    const resolve = async () => named('127.0.0.1');
    expect(await send(channel('hooks.slack.com'), message, { ...options, resolve })).toEqual(refused);
    expect(hook.connections()).toBe(0);
  });

  it('is tied to the address that was checked, however the name resolves afterwards', async () => {
    hook = await openHook((response, count) => response.writeHead(count === 1 ? 503 : 204).end());
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return named('127.0.0.1');
    };
    const channel = { kind: 'slack' as const, url: `http://no-such-name.invalid:${hook.port}/x` };
    expect(await send(channel, message, sending({ resolve }))).toMatchObject({ ok: true, attempts: 2 });
    // Once for each try: what was checked is what was called.
    expect(asked).toEqual(['no-such-name.invalid', 'no-such-name.invalid']);
    expect(hook.requests[0]?.headers.host).toBe(`no-such-name.invalid:${hook.port}`);
  });

  it('is not opened at the second try when the name has moved inside', async () => {
    hook = await openHook((response) => response.writeHead(503).end());
    let count = 0;
    const resolve = async () => named(++count === 1 ? '127.0.0.1' : '169.254.169.254');
    const channel = { kind: 'slack' as const, url: `http://moving.invalid:${hook.port}/x` };
    expect(await send(channel, message, sending({ resolve }))).toMatchObject({
      ok: false,
      attempts: 2,
      error: 'moving.invalid is not called: link-local and metadata addresses are never called.',
    });
  });

  it('waits for no name server that hangs', async () => {
    const limits = { ...sendLimits, attempts: 1, timeoutMs: 50 };
    const resolve = () => new Promise<never>(() => {});
    const channel = { kind: 'slack' as const, url: 'https://hooks.slack.com/x' };
    expect(await send(channel, message, sending({ resolve, limits }))).toMatchObject({
      ok: false,
      error: expect.stringContaining('no answer'),
    });
  });
});
