import { expect, it } from 'vitest';
import { nextFiring } from './cron.ts';

const next = (cron: string, timeZone: string, after: string) =>
  nextFiring({ cron, timeZone }, new Date(after)).toISOString();

it.each([
  ['30 6 * * *', 'UTC', '2026-10-14T06:29:59Z', '2026-10-14T06:30:00.000Z'],
  ['30 6 * * *', 'UTC', '2026-10-14T06:30:00Z', '2026-10-15T06:30:00.000Z'],
  ['0 6 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', '2026-03-29T04:00:00.000Z'],
  ['0 6 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', '2026-10-25T05:00:00.000Z'],
  ['0 4 3 * *', 'America/New_York', '2026-10-14T00:00:00Z', '2026-11-03T09:00:00.000Z'],
  ['30 6 * * 1-5', 'UTC', '2026-10-16T07:00:00Z', '2026-10-19T06:30:00.000Z'],
])('%s in %s fires after %s at %s', (cron, timeZone, after, expected) => {
  expect(next(cron, timeZone, after)).toBe(expected);
});

it.each(['', '* * *', '0 * * * * *', '61 * * * *', '0 0 31 2 *', 'a b c d e', '@daily', '* * * * * x'])(
  'refuses the schedule %j',
  (cron) => {
    expect(() => next(cron, 'UTC', '2026-10-14T00:00:00Z')).toThrow(
      expect.objectContaining({ code: 'jobs.unfitCron' }),
    );
  },
);

it.each(['', 'Mars/Olympus', '+02:00', "UTC'; drop"])('refuses the time zone %j', (timeZone) => {
  expect(() => next('* * * * *', timeZone, '2026-10-14T00:00:00Z')).toThrow(
    expect.objectContaining({ code: 'jobs.unfitTimeZone' }),
  );
});
