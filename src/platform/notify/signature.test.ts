import { describe, expect, it } from 'vitest';
import { type Received, signedHeaders, verifySignature } from './signature.ts';

const now = new Date('2026-11-21T09:30:00Z');
const secret = 'a secret of sixteen';
const body = '{"id":"a1","é":1}';
const headers = signedHeaders({ id: 'a1', secret, body }, now);

const verify = (change: Partial<Received> = {}) =>
  verifySignature({ headers, body, secrets: [secret], now, ...change });
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);

it('signs time and body with HMAC-SHA256, as another program computes it', () => {
  // Computed with Python's hmac module.
  const hex = '9b8a9c33e134453c45a225fc90126ab0b7e9155b2146ebc0a69a3bdf3da0e552';
  expect(headers).toEqual({
    'centrail-id': 'a1',
    'centrail-timestamp': '1795253400',
    'centrail-signature': `v1=${hex}`,
  });
});

describe('a receiver', () => {
  it('takes what is signed, as text or as bytes, for as long as it is fresh', () => {
    expect(verify()).toEqual({ valid: true, id: 'a1' });
    expect(verify({ body: Buffer.from(body) })).toEqual({ valid: true, id: 'a1' });
    expect(verify({ now: at(300) }).valid).toBe(true);
    expect(verify({ now: at(-300) }).valid).toBe(true);
    expect(verify({ now: at(30), toleranceSeconds: 10 })).toEqual({ valid: false, reason: 'stale' });
  });

  it('takes the old and the new secret while one replaces the other', () => {
    expect(verify({ secrets: ['the new one, also long', secret] }).valid).toBe(true);
    const two = {
      ...headers,
      'centrail-signature': `v1=${'0'.repeat(64)}, ${headers['centrail-signature']}`,
    };
    expect(verify({ headers: two }).valid).toBe(true);
  });

  it.each<[string, Partial<Received>]>([
    ['another secret', { secrets: ['another secret of it'] }],
    ['no secret', { secrets: [] }],
    ['another body', { body: '{"id":"a1","é":2}' }],
    ['another time', { headers: { ...headers, 'centrail-timestamp': '1795253401' } }],
    ['another signature', { headers: { ...headers, 'centrail-signature': `v1=${'0'.repeat(64)}` } }],
    ['an id that the body does not have', { headers: { ...headers, 'centrail-id': 'a2' } }],
  ])('takes %s for forged', (_, change) => {
    expect(verify(change)).toEqual({ valid: false, reason: 'forged' });
  });

  it.each<[string, Partial<Received>]>([
    ['no signature', { headers: { ...headers, 'centrail-signature': undefined } }],
    ['half a signature', { headers: { ...headers, 'centrail-signature': 'v1=00' } }],
    [
      'a signature of another version',
      { headers: { ...headers, 'centrail-signature': headers['centrail-signature']?.replace('v1', 'v0') } },
    ],
    ['no time', { headers: { ...headers, 'centrail-timestamp': undefined } }],
    ['a time that is none', { headers: { ...headers, 'centrail-timestamp': 'now' } }],
  ])('misses something when there is %s', (_, change) => {
    expect(verify(change)).toEqual({ valid: false, reason: 'incomplete' });
  });

  it('refuses a replay: by its age, and within that by its id', () => {
    expect(verify({ now: at(301) })).toEqual({ valid: false, reason: 'stale' });
    expect(verify({ now: at(-301) })).toEqual({ valid: false, reason: 'stale' });
    const taken = new Set<string>();
    const seen = (id: string) => taken.has(id) || !taken.add(id);
    expect(verify({ seen })).toEqual({ valid: true, id: 'a1' });
    expect(verify({ seen, now: at(60) })).toEqual({ valid: false, reason: 'repeated' });
  });
});
