import { describe, expect, it } from 'vitest';
import { attempt, blockMs, type Failures, throttledAddress } from './throttle.ts';

const at = (seconds: number) => new Date(Date.parse('2026-11-21T10:00:00Z') + seconds * 1000);

function failing(times: readonly number[], free = 5): (number | 'counted')[] {
  let found: Failures | undefined;
  return times.map((time) => {
    const result = attempt(found, at(time), free);
    if ('waitSeconds' in result) return result.waitSeconds;
    found = result.next;
    return 'counted';
  });
}

describe('throttling', () => {
  it('blocks for 1, 2, 4, 8 and then 15 minutes from the fifth failure on', () => {
    const minutes = [1, 4, 5, 6, 7, 8, 9, 10, 1000].map((failures) => blockMs(failures, 5) / 60_000);
    expect(minutes).toEqual([0, 0, 1, 2, 4, 8, 15, 15, 15]);
  });

  it('does not count what is tried during a block', () => {
    expect(failing([0, 0, 0, 0, 0, 1, 30, 59, 60, 60])).toEqual([
      ...Array<string>(5).fill('counted'),
      59,
      30,
      1,
      'counted',
      120,
    ]);
  });

  it('forgets failures after a quiet hour, and not before', () => {
    expect(failing([0, 0, 0, 0, 3600, 3600]).at(-1)).toBe(60);
    expect(failing([0, 0, 0, 0, 3601, 3601]).at(-1)).toBe('counted');
  });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:0:2:3:4:5:6', '2001:db8:0:2::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['2001:db8::2:0:0:0:1', '2001:db8:0:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
    ['127.0.0.1', undefined],
    ['::1', undefined],
    ['::ffff:127.8.8.8', undefined],
  ])('takes %s for %s', (address, taken) => {
    expect(throttledAddress(address)).toBe(taken);
  });
});
