import { describe, expect, it } from 'vitest';
import { judgeCookie, type SessionState } from './session-rules.ts';

const start = Date.parse('2026-11-21T10:00:00Z');
const at = (minutes: number) => new Date(start + minutes * 60_000);
const time = (minutes: number) => at(minutes).toISOString();

/** A session that was signed in at 0, and whose secret became `new` instead of `old` at 15. */
const rotated: SessionState = {
  secretHash: 'new',
  previousHash: 'old',
  rotatedAt: time(15),
  confirmedAt: null,
  lastSeenAt: time(15),
  expiresAt: time(720),
};
const confirmed = { ...rotated, confirmedAt: time(16), lastSeenAt: time(16) };
const judge = (session: SessionState, digest: string, minute: number, isSafe = true) =>
  judgeCookie(session, digest, { now: at(minute), isSafe });

describe('a cookie of a session', () => {
  it('with the new secret confirms it, and is then good until the next rotation', () => {
    expect(judge(rotated, 'new', 15.1)).toBe('confirm');
    expect(judge(confirmed, 'new', 29.9)).toBe('good');
    expect(judge(confirmed, 'new', 30)).toBe('rotate');
  });

  it('is replaced only on requests that change nothing', () => {
    expect(judge(confirmed, 'new', 30, false)).toBe('good');
    expect(judge(rotated, 'old', 20, false)).toBe('good');
    expect(judge(rotated, 'old', 20)).toBe('rotate');
  });

  it('with the secret before is good until the new one was shown, and half a minute longer', () => {
    expect(judge(rotated, 'old', 15.5)).toBe('good');
    expect(judge(confirmed, 'old', 16.5)).toBe('good');
    expect(judge(confirmed, 'old', 16.51)).toBe('reused');
  });

  it('with any other secret was stolen, or is shown by whoever was robbed', () => {
    expect(judge(rotated, 'older', 15.1)).toBe('reused');
    expect(judge({ ...rotated, previousHash: null }, 'older', 15.1)).toBe('reused');
  });

  it('is worth nothing after two idle hours or twelve in all', () => {
    expect(judge(confirmed, 'new', 135.9)).toBe('rotate');
    expect(judge(confirmed, 'new', 136)).toBe('ended');
    expect(judge({ ...confirmed, lastSeenAt: time(719) }, 'new', 720)).toBe('ended');
    expect(judge(confirmed, 'older', 136)).toBe('ended');
  });
});
