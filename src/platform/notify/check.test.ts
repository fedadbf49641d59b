import { describe, expect, it } from 'vitest';
import { channelText, checkChannel, checkMessage, cleanMessage } from './check.ts';
import type { Channel } from './contract.ts';
import type { Message } from './model.ts';
import { notifySettings } from './settings.ts';
import { message } from './testing/options.ts';

const outside = { allowPrivateHosts: false };
const inside = { allowPrivateHosts: true };
const mail = { ...outside, smtpUrl: 'smtp://localhost', from: 'FinOps <finops@example.com>' };
const slack = (url: string): Channel => ({ kind: 'slack', url });

describe('a channel', () => {
  it('is taken when it can be used', () => {
    checkChannel(slack('https://hooks.slack.com/services/T0/B0/x'), outside);
    checkChannel(slack('http://127.0.0.1:8080/x'), inside);
    checkChannel({ kind: 'webhook', url: 'https://example.com', secret: 'x'.repeat(16) }, outside);
    checkChannel({ kind: 'email', to: ['a@example.com', "o'neil+x@sub.example.org"] }, mail);
  });

  it.each([
    ['http://hooks.slack.com/x', 'only https'],
    ['https://user:hidden-key@hooks.slack.com/x', 'user name or a password'],
    ['https://127.0.0.1/x', 'this machine'],
    ['https://2130706433/x', 'this machine'],
    ['https://0x7f.1/x', 'this machine'],
    ['https://[::1]/x', 'this machine'],
    ['https://10.1.2.3/x', 'private network'],
    ['https://169.254.169.254/latest', 'never called'],
    ['https://[::ffff:a9fe:a9fe]/x', 'never called'],
    ['file:///etc/passwd', 'begins with https'],
    ['https://a.example/x\r\nHost: b', 'begins with https'],
    ['https://', 'begins with https'],
  ])('at %s is refused', (url, problem) => {
    expect(() => checkChannel(slack(url), outside)).toThrow(problem);
    try {
      checkChannel(slack(url), outside);
    } catch (error) {
      expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/hidden-key|passwd/);
      expect(error).toMatchObject({ code: 'notify.badChannel', status: 422 });
    }
  });

  it('of a metadata service is refused also where private hosts are allowed', () => {
    expect(() => checkChannel(slack('http://169.254.169.254/latest'), inside)).toThrow('never called');
    expect(() => checkChannel(slack('http://52.216.1.1/'), inside)).toThrow('only https');
  });

  it.each([
    'a@example.com\r\nBcc: b@example.com',
    'A <a@example.com>',
    'a@example.com, b@example.com',
    'a@example.com b@example.com',
    '@example.com',
    'jürgen@example.com',
  ])('with the address %j is refused', (address) => {
    expect(() => checkChannel({ kind: 'email', to: [address] }, mail)).toThrow('is refused');
  });

  it('of e-mail needs a server and a sender', () => {
    const email: Channel = { kind: 'email', to: ['a@example.com'] };
    expect(() => checkChannel(email, outside)).toThrow('smtp.url is not set');
    expect(() => checkChannel(email, { ...outside, smtpUrl: 'smtp://localhost' })).toThrow(
      'smtp.from is not set',
    );
    expect(() => checkChannel({ kind: 'email', to: [] }, mail)).toThrow('to: ');
  });

  it('is shown without what lets others post', () => {
    expect(channelText(slack('https://hooks.slack.com/services/T0/B0/x'))).toBe('Slack at hooks.slack.com');
    expect(channelText({ kind: 'webhook', url: 'https://u:p@a.example/x', secret: 's'.repeat(16) })).toBe(
      'webhook at a.example',
    );
    expect(channelText({ kind: 'email', to: ['a@example.com', 'b@example.com'] })).toBe(
      'e-mail to a@example.com and 1 more',
    );
  });
});

describe('a message', () => {
  it.each<[string, Partial<Message>]>([
    ['another header in its subject', { subject: 'Hello\r\nBcc: everybody@example.com' }],
    ['another header in its id', { id: 'a>\r\nBcc: b' }],
    ['no subject', { subject: ' ' }],
    ['a subject too long', { subject: 'x'.repeat(201) }],
    ['a script as link', { link: { title: 'a', url: 'javascript:alert(1)' } }],
    ['a password in its link', { link: { title: 'a', url: 'https://a:b@c.example' } }],
    ['too many lines', { text: Array.from({ length: 201 }, () => 'x') }],
    [
      'a file that leads elsewhere',
      { attachments: [{ name: '../x', contentType: 'text/csv', content: Buffer.alloc(1) }] },
    ],
    [
      'a file name with a line end',
      { attachments: [{ name: 'a\r\nb', contentType: 'text/csv', content: Buffer.alloc(1) }] },
    ],
    [
      'a type that is a header',
      { attachments: [{ name: 'a', contentType: 'text/csv\r\nX: y', content: Buffer.alloc(1) }] },
    ],
    [
      'attachments too large',
      { attachments: [{ name: 'a', contentType: 'text/csv', content: Buffer.alloc(10_000_001) }] },
    ],
  ])('with %s is refused', (_, change) => {
    expect(() => checkMessage({ ...message, ...change })).toThrow(
      expect.objectContaining({ code: 'notify.badMessage' }),
    );
  });

  it('loses what hides letters or turns their direction', () => {
    const clean = cleanMessage({
      ...message,
      subject: 'a\u200bb',
      text: ['x\u202ey\u0007', 'two\r\nlines'],
      facts: [{ name: 'n\n', value: 'v\u0000' }],
    });
    expect(clean).toMatchObject({
      subject: 'ab',
      text: ['xy', 'two', 'lines'],
      facts: [{ name: 'n ', value: 'v' }],
    });
  });
});

it('allows private hosts only when the configuration says yes', () => {
  const values = { 'smtp.url': undefined, 'smtp.from': 'a@example.com' };
  expect(notifySettings({ ...values, 'notify.allowPrivateHosts': 'no' })).toEqual({
    smtpUrl: undefined,
    from: 'a@example.com',
    allowPrivateHosts: false,
  });
  expect(notifySettings({ ...values, 'notify.allowPrivateHosts': 'yes' }).allowPrivateHosts).toBe(true);
});
