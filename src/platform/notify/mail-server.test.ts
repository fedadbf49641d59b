import { describe, expect, it } from 'vitest';
import { mailServer, senderOf } from './mail-server.ts';

const server = (smtpUrl?: string) => mailServer({ smtpUrl, allowPrivateHosts: false });
const sender = (from?: string) => senderOf({ from, allowPrivateHosts: false });

describe('smtp.url', () => {
  it('demands TLS where a password would travel', () => {
    expect(server('smtp://finops:p%25w@mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 587,
      secure: false,
      tls: 'required',
      auth: { user: 'finops', pass: 'p%w' },
      local: false,
    });
    expect(server('smtps://mail.example.com')).toMatchObject({ port: 465, secure: true, auth: undefined });
    expect(server('smtp://relay.corp:25')).toMatchObject({ port: 25, tls: 'offered' });
    expect(server('smtp://relay.corp:25?tls=never')).toMatchObject({ tls: 'never' });
    expect(server('smtp://u:p@localhost:2525')).toMatchObject({ tls: 'offered', local: true });
    expect(server('smtp://[::1]:2525')).toMatchObject({ host: '::1', local: true });
    expect(server('smtp://u:p@localhost.example.com')).toMatchObject({ tls: 'required', local: false });
  });

  it.each([
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://u:very-hidden@relay.corp?tls=never',
    'smtp://relay.corp?tls=never&rejectUnauthorized=false',
    'smtp://relay.corp?proxy=http://x',
    'smtps://relay.corp?tls=never',
    'smtp://u:very-hidden%zz@relay.corp',
  ])('%s is refused, without its password', (url) => {
    expect(() => server(url)).toThrow(expect.objectContaining({ code: 'notify.badMailSetting' }));
    expect(() => server(url)).not.toThrow(/very-hidden/);
  });

  it('is missing where it is missing', () => {
    expect(() => server()).toThrow(expect.objectContaining({ code: 'notify.mailNotConfigured' }));
  });
});

describe('smtp.from', () => {
  it('is an address, or a name with one', () => {
    expect(sender('finops@example.com')).toEqual({ name: '', address: 'finops@example.com' });
    expect(sender('FinOps Équipe <finops@example.com>')).toEqual({
      name: 'FinOps Équipe',
      address: 'finops@example.com',
    });
    expect(sender('"FinOps, Retail" <finops@example.com>')).toEqual({
      name: 'FinOps, Retail',
      address: 'finops@example.com',
    });
  });

  it.each(['FinOps', 'a@b', 'A <a@example.com>, B <b@example.com>', 'A\r\nBcc: x <a@example.com>'])(
    '%j is refused',
    (from) => {
      expect(() => sender(from)).toThrow(expect.objectContaining({ code: 'notify.badMailSetting' }));
    },
  );
});
