import { describe, expect, it } from 'vitest';
import { errorTable, refusal } from '../kernel/index.ts';
import { maxInterruptions, outcomeOf, outcomeOfInterruption, type Tried } from './outcome.ts';

const errors = errorTable('test', {
  bad: refusal(422, 'badData', (_: Record<never, never>) => 'It does not balance.'),
  away: refusal(503, 'remoteUnavailable', (_: Record<never, never>) => 'The bucket does not answer.'),
});
const run: Tried = {
  id: 'r1',
  resumable: true,
  place: 'queue',
  failures: 0,
  maxFailures: 3,
  interruptions: 0,
};
const failed = (error: unknown) => ({ error });

describe('what becomes of a run', () => {
  it('is success when there is a result, even when somebody wanted it to stop: the work is done', () => {
    for (const stopped of [undefined, 'cancel', 'stopping', 'lost'] as const)
      expect(outcomeOf(run, { result: 7 }, stopped)).toEqual({ state: 'succeeded', result: 7 });
  });

  it('is failure at once when the answer was no', () => {
    expect(outcomeOf(run, failed(errors.bad({})), undefined)).toMatchObject({
      state: 'failed',
      problem: { code: 'test.bad', exitCode: 5, message: 'It does not balance.' },
    });
  });

  it('is another try, later and later, when a remote was away, until the tries are used up', () => {
    const outcomes = [0, 1, 2].map((failures) =>
      outcomeOf({ ...run, failures }, failed(errors.away({})), undefined),
    );
    expect(outcomes).toMatchObject([
      { state: 'queued', delayMs: 5000, counts: 'failure' },
      { state: 'queued', delayMs: 20_000, counts: 'failure' },
      { state: 'failed', problem: { code: 'test.away' } },
    ]);
  });

  it('is failure when the work cannot begin again, whatever the error: it may have had its effect', () => {
    const once = { ...run, resumable: false };
    for (const error of [errors.away({}), new Error('x')])
      expect(outcomeOf(once, failed(error), undefined)).toMatchObject({ state: 'failed' });
    expect(outcomeOf(once, failed(new Error('killed')), 'stopping')).toMatchObject({
      state: 'failed',
      problem: { code: 'jobs.interrupted' },
    });
  });

  it('waits an hour at most between tries', () => {
    const many = { ...run, failures: 15, maxFailures: 20 };
    expect(outcomeOf(many, failed(new Error('x')), undefined)).toMatchObject({ delayMs: 3_600_000 });
  });

  it('tells nobody what a bug said', () => {
    const outcome = outcomeOf({ ...run, maxFailures: 1 }, failed(new Error('select secret')), undefined);
    expect(outcome).toMatchObject({ state: 'failed', problem: { code: 'jobs.defect' } });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('is cancelled when it was told so and gave no result', () => {
    expect(outcomeOf(run, failed(new Error('killed')), 'cancel')).toEqual({ state: 'cancelled' });
  });

  it('is the next worker’s when this one stops, and counts as no failure; work of a command ends with it', () => {
    expect(outcomeOf(run, failed(new Error('killed')), 'stopping')).toMatchObject({
      state: 'queued',
      counts: 'nothing',
    });
    expect(outcomeOf({ ...run, place: 'here' }, failed(new Error('killed')), 'stopping')).toEqual({
      state: 'cancelled',
    });
  });
});

describe('what becomes of a run whose process died', () => {
  const lost = { ...run, cancelRequestedBy: null };

  it('goes on when it can begin again', () => {
    expect(outcomeOfInterruption(lost)).toMatchObject({ state: 'queued', counts: 'interruption' });
  });

  it.each([
    ['it cannot begin again', { ...lost, resumable: false }],
    ['its command is gone', { ...lost, place: 'here' as const }],
    ['it has taken its process with it too often', { ...lost, interruptions: maxInterruptions }],
  ])('fails with the reason when %s', (_, interrupted) => {
    expect(outcomeOfInterruption(interrupted)).toMatchObject({
      state: 'failed',
      problem: { code: 'jobs.interrupted' },
    });
  });

  it('is cancelled when somebody wanted that', () => {
    expect(outcomeOfInterruption({ ...lost, cancelRequestedBy: 'ann' })).toEqual({
      state: 'cancelled',
    });
  });
});
