import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemCaller } from '../kernel/index.ts';
import { openTestRecords, type TestRecords } from '../records/testing/test-records.ts';
import type { Jobs } from './jobs.ts';
import { openTestJobs, personOf } from './testing/test-jobs.ts';

let test: TestRecords;
let now = new Date(0);
const clock: Clock = { now: () => now };
let jobs: Jobs;

beforeAll(async () => {
  test = await openTestRecords();
  jobs = openTestJobs(test.records, {}, { clock });
});
afterEach(() => test.records.asOwner((tx) => sql`truncate run, run_step, run_log, run_schedule`.execute(tx)));
afterAll(() => test.close());

const nightly = {
  name: 'nightly',
  kind: 'test.work',
  input: { work: 'count' },
  cron: '0 6 * * *',
  timeZone: 'Europe/Paris',
  enabled: true,
};
const runs = () => jobs.list(systemCaller, { limit: 10 });
const at = (instant: string) => {
  now = new Date(instant);
};

describe('a schedule', () => {
  it('asks for its run when its time has come, once, and says when it will again', async () => {
    at('2026-10-14T00:00:00Z');
    await jobs.setSchedule(systemCaller, nightly);
    at('2026-10-14T03:59:59Z');
    expect(await jobs.fireDue()).toEqual([]);
    at('2026-10-14T04:00:00Z');
    const [id] = await jobs.fireDue();
    expect(await jobs.fireDue()).toEqual([]);
    expect(await runs()).toMatchObject([
      {
        id,
        kind: 'test.work',
        state: 'queued',
        schedule: 'nightly',
        detached: true,
        input: { work: 'count' },
        askedBy: { kind: 'system', name: 'schedule nightly' },
      },
    ]);
    expect(await jobs.findSchedule(systemCaller, 'nightly')).toMatchObject({
      lastRun: id,
      lastAt: '2026-10-14T04:00:00.000Z',
      nextAt: '2026-10-15T04:00:00.000Z',
    });
  });

  it('fires once however many workers look at the same time', async () => {
    at('2026-10-14T00:00:00Z');
    await jobs.setSchedule(systemCaller, nightly);
    at('2026-10-14T04:00:01Z');
    const workers = Array.from({ length: 8 }, () => openTestJobs(test.records, {}, { clock }));
    const fired = await Promise.all(workers.map((worker) => worker.fireDue()));
    expect(fired.flat()).toHaveLength(1);
  });

  it('makes up by one run for the times that went by while nobody was there', async () => {
    at('2026-10-14T00:00:00Z');
    await jobs.setSchedule(systemCaller, nightly);
    at('2026-10-20T12:00:00Z');
    expect(await jobs.fireDue()).toHaveLength(1);
    expect((await jobs.findSchedule(systemCaller, 'nightly')).nextAt).toBe('2026-10-21T04:00:00.000Z');
  });

  it('starts no second run while the first is under way', async () => {
    at('2026-10-14T00:00:00Z');
    await jobs.setSchedule(systemCaller, nightly);
    at('2026-10-14T04:00:00Z');
    const [first] = await jobs.fireDue();
    at('2026-10-15T04:00:00Z');
    expect(await jobs.fireDue()).toEqual([]);
    expect(await jobs.findSchedule(systemCaller, 'nightly')).toMatchObject({
      lastRun: first,
      nextAt: '2026-10-16T04:00:00.000Z',
    });
  });

  it('is silent while it is off, and after it was removed', async () => {
    at('2026-10-14T00:00:00Z');
    await jobs.setSchedule(systemCaller, nightly);
    expect(await jobs.setSchedule(systemCaller, { ...nightly, enabled: false })).toMatchObject({
      nextAt: null,
    });
    at('2026-10-16T00:00:00Z');
    expect(await jobs.fireDue()).toEqual([]);
    await jobs.removeSchedule(systemCaller, 'nightly');
    await expect(jobs.removeSchedule(systemCaller, 'nightly')).rejects.toMatchObject({
      code: 'jobs.unknownSchedule',
    });
    const lines = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').select('action').where('object_type', '=', 'runSchedule').execute(),
    );
    expect(lines.slice(-3).map(({ action }) => action)).toEqual([
      'runSchedule.set',
      'runSchedule.set',
      'runSchedule.remove',
    ]);
  });

  it.each([
    [{ kind: 'test.other' }, 'jobs.unknownKind'],
    [{ cron: 'every day' }, 'jobs.unfitCron'],
    [{ timeZone: 'Mars' }, 'jobs.unfitTimeZone'],
  ])('is refused with %j, and nothing is kept', async (more, code) => {
    await expect(jobs.setSchedule(systemCaller, { ...nightly, ...more })).rejects.toMatchObject({ code });
    expect(await jobs.listSchedules(systemCaller)).toEqual([]);
  });

  it('belongs to an entity like its runs: others neither see nor replace nor remove it', async () => {
    const own = { ...nightly, input: { work: 'count', entity: 'retail' } };
    await jobs.setSchedule(personOf('retail'), own);
    const foreigner = personOf('labs');
    expect(await jobs.listSchedules(foreigner)).toEqual([]);
    await expect(jobs.findSchedule(foreigner, 'nightly')).rejects.toMatchObject({
      code: 'jobs.unknownSchedule',
    });
    await expect(jobs.removeSchedule(foreigner, 'nightly')).rejects.toMatchObject({
      code: 'jobs.unknownSchedule',
    });
    const theirs = { ...nightly, input: { work: 'count', entity: 'labs' } };
    await expect(jobs.setSchedule(foreigner, theirs)).rejects.toMatchObject({ status: 403 });
    expect(await jobs.listSchedules(systemCaller)).toMatchObject([{ entity: 'retail' }]);
  });
});
