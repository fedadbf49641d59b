import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { errorTable, refusal, systemCaller } from '../kernel/index.ts';
import type { Records } from '../records/index.ts';
import { openTestRecords, type TestRecords } from '../records/testing/test-records.ts';
import type { Jobs } from './jobs.ts';
import { PartialFailure, type RunState } from './model.ts';
import { endAttempt, keepAlive } from './records.ts';
import { gate, openTestJobs, personOf, untilAborted, type Works } from './testing/test-jobs.ts';

const errors = errorTable('test', {
  bad: refusal(422, 'badData', (_: Record<never, never>) => 'It does not balance.'),
  away: refusal(503, 'remoteUnavailable', (_: Record<never, never>) => 'The bucket does not answer.'),
});

let test: TestRecords;
let records: Records;
const opened: Jobs[] = [];

beforeAll(async () => {
  test = await openTestRecords();
  records = test.records;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((jobs) => jobs.close()));
  await records.asOwner((tx) => sql`truncate run, run_step, run_log, run_schedule`.execute(tx));
});
afterAll(() => test.close());

async function open(works: Works, options: Parameters<typeof openTestJobs>[2] = {}): Promise<Jobs> {
  const jobs = openTestJobs(records, works, options);
  opened.push(jobs);
  await jobs.start();
  return jobs;
}

const wish = (work: string, more: object = {}) => ({
  kind: 'test.work',
  input: { work, ...more },
  detached: true,
});

async function stateOf(jobs: Jobs, id: string): Promise<RunState> {
  return (await jobs.find(systemCaller, id)).run.state;
}

async function until(condition: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await sleep(20);
  }
}

const untilState = (jobs: Jobs, id: string, state: RunState) =>
  until(async () => (await stateOf(jobs, id)) === state, `${id} ${state}`);

describe('a run', () => {
  it('is worked, and keeps its result, steps, rows and log', async () => {
    const jobs = await open({
      add: async ({ step, log, rows, progress }) => {
        step('read').rows({ in: 3 });
        step('read').end();
        step('write').rows({ in: 3, out: 2 });
        log('warning', 'one row\u0000 left out');
        progress({ label: 'write', done: 3, total: 3, unit: 'rows', rows: 3 });
        rows({ in: 3, out: 2 });
        return { sum: '12.500000000001', odd: 'a\u0000b' };
      },
    });
    const asked = await jobs.ask(systemCaller, wish('add'));
    expect(await jobs.result(systemCaller, asked)).toEqual({ sum: '12.500000000001', odd: 'ab' });
    const { run, steps, log } = await jobs.find(systemCaller, asked.run.id);
    expect(run).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      rowsIn: 3,
      rowsOut: 2,
      worker: null,
      progress: null,
      askedBy: { kind: 'system', id: 'system' },
    });
    expect(steps).toMatchObject([
      { name: 'read', state: 'succeeded', rowsIn: 3, rowsOut: 0 },
      { name: 'write', state: 'succeeded', rowsIn: 3, rowsOut: 2 },
    ]);
    expect(log.map(({ message }) => message)).toEqual([
      expect.stringContaining('attempt 1 begins'),
      'one row left out',
      'succeeded',
    ]);
  });

  it('begins in this process when no queue is open, and nothing is left waiting', async () => {
    const jobs = openTestJobs(records, { add: async () => 5 });
    opened.push(jobs);
    const asked = await jobs.ask(systemCaller, { ...wish('add'), detached: false });
    expect(asked.run).toMatchObject({ state: 'running', place: 'here', attempt: 1 });
    expect(await jobs.result(systemCaller, asked)).toBe(5);
  });

  it('fails with its reason, and is not tried again, when the answer is no', async () => {
    let tries = 0;
    const jobs = await open({
      refuse: async () => {
        tries++;
        throw errors.bad({});
      },
    });
    const asked = await jobs.ask(systemCaller, wish('refuse'));
    await expect(jobs.result(systemCaller, asked)).rejects.toMatchObject({ code: 'test.bad', exitCode: 5 });
    expect((await jobs.find(systemCaller, asked.run.id)).run).toMatchObject({
      state: 'failed',
      failures: 0,
      problem: { code: 'test.bad', message: 'It does not balance.' },
    });
    expect(tries).toBe(1);
  });

  it('is tried again when a remote was away, not before its time, and tells a caller at once instead', async () => {
    let tries = 0;
    const jobs = await open({
      remote: async () => {
        tries++;
        if (tries === 1) throw errors.away({});
        return tries;
      },
    });
    const { run } = await jobs.ask(systemCaller, wish('remote'));
    const waits = async () => (await jobs.find(systemCaller, run.id)).run;
    await until(async () => (await waits()).failures === 1, 'first failure');
    const waiting = await waits();
    expect(waiting).toMatchObject({ state: 'queued', problem: { code: 'test.away' } });
    expect(Date.parse(waiting.dueAt) - Date.now()).toBeGreaterThan(3000);
    expect(tries).toBe(1);
    await records.asOwner((tx) => sql`update run set due_at = clock_timestamp()`.execute(tx));
    await untilState(jobs, run.id, 'succeeded');
    expect(tries).toBe(2);

    tries = 0;
    const waited = await jobs.ask(systemCaller, { ...wish('remote'), detached: false });
    await expect(jobs.result(systemCaller, waited)).rejects.toMatchObject({ code: 'test.away' });
    expect(await stateOf(jobs, waited.run.id)).toBe('failed');
  });

  it('that did a part fails, and keeps and gives what it did', async () => {
    const jobs = await open({
      half: async () => {
        throw new PartialFailure(errors.bad({}), { done: 1 });
      },
    });
    const other = openTestJobs(records, {});
    const asked = await other.ask(systemCaller, wish('half'));
    const failure = { code: 'test.bad', exitCode: 5, result: { done: 1 } };
    await expect(jobs.result(systemCaller, asked)).rejects.toMatchObject(failure);
    await expect(other.result(systemCaller, asked)).rejects.toMatchObject(failure);
    expect((await jobs.find(systemCaller, asked.run.id)).run).toMatchObject({
      state: 'failed',
      problem: { code: 'test.bad' },
      result: { done: 1 },
    });
  });

  it('tells whoever waits in its own process the bug itself, and keeps what it said out of the records', async () => {
    const jobs = openTestJobs(records, {
      bug: async () => {
        throw new TypeError('select secret');
      },
    });
    opened.push(jobs);
    const asked = await jobs.ask(systemCaller, { ...wish('bug'), detached: false });
    await expect(jobs.result(systemCaller, asked)).rejects.toThrow('select secret');
    const detail = await jobs.find(systemCaller, asked.run.id);
    expect(detail.run.problem?.code).toBe('jobs.defect');
    expect(JSON.stringify(detail)).not.toContain('secret');
  });

  it('keeps its progress about once a second and tells it at once', async () => {
    const go = gate();
    const told: number[] = [];
    const jobs = await open({
      count: async ({ progress }) => {
        for (let done = 1; done <= 50; done++)
          progress({ label: 'count', done, total: 50, unit: 'items', rows: done });
        await go.passed;
      },
    });
    const asked = await jobs.ask(systemCaller, wish('count'));
    const result = jobs.result(systemCaller, asked, { onProgress: ({ done }) => told.push(done) });
    await until(
      async () => (await jobs.find(systemCaller, asked.run.id)).run.progress?.done === 50,
      'progress kept',
    );
    go.open();
    await result;
    expect(told.at(-1)).toBe(50);
  });
});

describe('one flight per key', () => {
  it('gives everybody who asks for the same the one run and its one result', async () => {
    const go = gate();
    let times = 0;
    const jobs = await open({
      slow: async () => {
        times++;
        await go.passed;
        return times;
      },
    });
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => jobs.ask(systemCaller, wish('slow', { key: 'same' }))),
    );
    expect(new Set(asked.map(({ run }) => run.id)).size).toBe(1);
    expect(asked.filter(({ joined }) => !joined)).toHaveLength(1);
    go.open();
    const results = await Promise.all(asked.map((one) => jobs.result(systemCaller, one)));
    expect([new Set(results), times]).toEqual([new Set([1]), 1]);
    const next = await jobs.ask(systemCaller, wish('slow', { key: 'same' }));
    expect(next.joined).toBe(false);
  });

  it('joins no run of another entity, nor of another key', async () => {
    const jobs = openTestJobs(records, {});
    const ask = (entity: string, key: string) =>
      jobs.ask(personOf('retail', 'labs'), wish('none', { entity, key }));
    const asked = [await ask('retail', 'a'), await ask('labs', 'a'), await ask('retail', 'b')];
    expect(asked.map(({ joined }) => joined)).toEqual([false, false, false]);
  });

  it('waits for a run that is being cancelled, and joins it never', async () => {
    const jobs = await open({
      slow: async ({ signal }) =>
        untilAborted(signal).catch(() => sleep(300).then(() => Promise.reject('x'))),
    });
    const first = await jobs.ask(systemCaller, wish('slow', { key: 'same' }));
    await untilState(jobs, first.run.id, 'running');
    await jobs.cancel(systemCaller, first.run.id);
    const second = await jobs.ask(systemCaller, wish('slow', { key: 'same' }));
    expect(second.joined).toBe(false);
    expect(await stateOf(jobs, first.run.id)).toBe('cancelled');
  });
});

describe('cancelling', () => {
  it('ends a run that waits at once, and it is never worked', async () => {
    let times = 0;
    const jobs = await open({ count: async () => times++ }, { concurrency: 0 });
    const { run } = await jobs.ask(systemCaller, wish('count'));
    expect(await jobs.cancel(systemCaller, run.id)).toMatchObject({ state: 'cancelled' });
    await open({ count: async () => times++ });
    await sleep(500);
    expect(times).toBe(0);
    await expect(jobs.cancel(systemCaller, run.id)).rejects.toMatchObject({ code: 'jobs.hasEnded' });
  });

  it('stops a run that is worked by another process, and says who wanted it', async () => {
    const worker = await open({ endless: async ({ signal }) => untilAborted(signal) });
    const other = openTestJobs(records, {});
    const { run } = await other.ask(systemCaller, wish('endless'));
    await untilState(other, run.id, 'running');
    await other.cancel(systemCaller, run.id);
    await untilState(worker, run.id, 'cancelled');
    const { log } = await other.find(systemCaller, run.id);
    expect(log.at(-1)).toMatchObject({ level: 'warning', message: 'cancelled by system' });
  });

  it('is what happens when the only one who waits hangs up, unless the run goes on alone', async () => {
    const jobs = await open({ endless: async ({ signal }) => untilAborted(signal) });
    const ids: string[] = [];
    for (const detached of [false, true]) {
      const hangUp = new AbortController();
      const asked = await jobs.ask(systemCaller, { ...wish('endless'), detached });
      ids.push(asked.run.id);
      const result = jobs.result(systemCaller, asked, { signal: hangUp.signal });
      await untilState(jobs, asked.run.id, 'running');
      hangUp.abort();
      await expect(result).rejects.toThrow();
    }
    await untilState(jobs, ids[0] as string, 'cancelled');
    await sleep(300);
    expect(await stateOf(jobs, ids[1] as string)).toBe('running');
  });

  it('leaves a run to the others who wait for it', async () => {
    const go = gate();
    const jobs = await open({ slow: async () => go.passed.then(() => 'done') });
    const same = { ...wish('slow', { key: 'same' }), detached: false };
    const [first, second] = [await jobs.ask(systemCaller, same), await jobs.ask(systemCaller, same)];
    const hangUp = new AbortController();
    const left = jobs.result(systemCaller, first, { signal: hangUp.signal });
    const stays = jobs.result(systemCaller, second);
    await untilState(jobs, first.run.id, 'running');
    hangUp.abort();
    await expect(left).rejects.toThrow();
    go.open();
    expect(await stays).toBe('done');
  });

  it('is done again for whoever joined a run at the moment when its caller went away', async () => {
    let attempts = 0;
    const jobs = await open({
      slow: async ({ signal }) => (++attempts === 1 ? untilAborted(signal) : 'done'),
    });
    const same = { ...wish('slow', { key: 'left' }), detached: false };
    const [first, second] = [await jobs.ask(systemCaller, same), await jobs.ask(systemCaller, same)];
    expect([first.joined, second.joined]).toEqual([false, true]);
    const hangUp = new AbortController();
    const left = jobs.result(systemCaller, first, { signal: hangUp.signal });
    await untilState(jobs, first.run.id, 'running');
    hangUp.abort();
    await expect(left).rejects.toThrow();
    // Joined before, waits only now.
    expect(await jobs.result(systemCaller, second)).toBe('done');
    expect(attempts).toBe(2);
  });
});

describe('running again', () => {
  it('is for what has failed or was cancelled, and keeps the log of what was before', async () => {
    let good = false;
    const jobs = await open({
      moody: async ({ step }) => {
        step('try');
        if (!good) throw errors.bad({});
        return 'good';
      },
    });
    const { run } = await jobs.ask(systemCaller, wish('moody'));
    await untilState(jobs, run.id, 'failed');
    good = true;
    await jobs.retry(personAll, run.id);
    await untilState(jobs, run.id, 'succeeded');
    const { run: after, steps, log } = await jobs.find(systemCaller, run.id);
    expect(after).toMatchObject({ attempt: 2, failures: 0, problem: null, result: 'good' });
    expect(steps).toMatchObject([
      { attempt: 1, state: 'failed' },
      { attempt: 2, state: 'succeeded' },
    ]);
    expect(log.map(({ message }) => message)).toContain('ann@example.com runs it again');
    await expect(jobs.retry(systemCaller, run.id)).rejects.toMatchObject({ code: 'jobs.notEnded' });
  });

  it('is refused while another run does the same', async () => {
    const jobs = openTestJobs(records, {});
    const { run } = await jobs.ask(systemCaller, wish('none', { key: 'same' }));
    await jobs.cancel(systemCaller, run.id);
    const other = await jobs.ask(systemCaller, wish('none', { key: 'same' }));
    await expect(jobs.retry(systemCaller, run.id)).rejects.toMatchObject({
      code: 'jobs.underWay',
      params: { other: other.run.id },
    });
  });
});

const personAll = { ...personOf(), scope: systemCaller.scope };

describe('the fence', () => {
  it('lets a worker that lost its run write nothing: neither a sign of life nor an end', async () => {
    const first = gate<void>();
    let times = 0;
    const works: Works = {
      once: async () => {
        times++;
        if (times === 1) await first.passed;
        return `result ${times === 1 ? 'of the lost worker' : times}`;
      },
    };
    const stuck = await open(works);
    const { run } = await stuck.ask(systemCaller, wish('once'));
    await untilState(stuck, run.id, 'running');
    // As after half a minute without a sign of life.
    await records.asOwner((tx) =>
      sql`update run set alive_at = clock_timestamp() - interval '31 seconds'`.execute(tx),
    );
    const next = await open(works);
    await untilState(next, run.id, 'succeeded');
    const fence = { id: run.id, attempt: 1 };
    await records.write(systemCaller, async (tx) => {
      expect(await keepAlive(tx, fence, { progress: null, rowsIn: 9, rowsOut: 9 })).toBeUndefined();
      expect(await endAttempt(tx, fence, { state: 'succeeded', result: 'stale' })).toBeUndefined();
    });
    first.open();
    await sleep(300);
    expect((await next.find(systemCaller, run.id)).run).toMatchObject({
      result: 'result 2',
      attempt: 2,
      interruptions: 1,
    });
  });

  it('makes a job that was sent twice, or to many workers, one execution', async () => {
    let times = 0;
    const works: Works = { count: async () => times++ };
    const workers = await Promise.all([open(works), open(works), open(works)]);
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, index) => (workers[index % 3] as Jobs).ask(systemCaller, wish('count'))),
    );
    for (const { run } of runs) await untilState(workers[0], run.id, 'succeeded');
    expect(times).toBe(30);
  });

  it('takes up a run whose entry never reached the queue', async () => {
    // Only the row is written: the process dies before the queue hears of it.
    const dead = openTestJobs(records, {});
    const { run } = await dead.ask(systemCaller, wish('add'));
    const worker = await open({ add: async () => 1 });
    await untilState(worker, run.id, 'succeeded');
  });
});

describe('a worker', () => {
  it('works no more at once than it may, in the order of asking', async () => {
    let now = 0;
    let most = 0;
    const order: string[] = [];
    const works: Works = {
      slow: async ({ id }) => {
        order.push(id);
        most = Math.max(most, ++now);
        await sleep(50);
        now--;
      },
    };
    const jobs = await open(works, { concurrency: 2 });
    const asked: string[] = [];
    for (let index = 0; index < 8; index++) asked.push((await jobs.ask(systemCaller, wish('slow'))).run.id);
    for (const id of asked) await untilState(jobs, id, 'succeeded');
    expect(most).toBe(2);
    expect(order).toEqual(asked);
  });

  it('that stops gives its run back, and tells whoever waits where it goes on', async () => {
    const works: Works = { endless: async ({ signal }) => untilAborted(signal) };
    const stopping = await open(works);
    const asked = await stopping.ask(systemCaller, wish('endless'));
    const result = stopping.result(systemCaller, asked);
    await untilState(stopping, asked.run.id, 'running');
    const ended = expect(result).rejects.toMatchObject({ code: 'jobs.stopping', status: 503 });
    await stopping.close();
    await ended;
    const next = openTestJobs(records, {});
    expect((await next.find(systemCaller, asked.run.id)).run).toMatchObject({
      state: 'queued',
      interruptions: 0,
      failures: 0,
    });
    const taker = await open({ endless: async () => 'done' });
    await untilState(taker, asked.run.id, 'succeeded');
  });

  it.each([
    ['test.work', 'queued', null],
    ['test.once', 'failed', 'jobs.interrupted'],
  ])('that died leaves %s %s when it holds the records alone', async (kind, state, code) => {
    const dead = openTestJobs(records, { endless: async ({ signal }) => untilAborted(signal) });
    await dead.start();
    const { run } = await dead.ask(systemCaller, { ...wish('endless'), kind });
    await untilState(dead, run.id, 'running');
    const alone = openTestJobs(records, {}, { alone: true });
    const found = (await alone.find(systemCaller, run.id)).run;
    expect(found).toMatchObject({ state, problem: code === null ? null : { code } });
    await dead.close();
  });

  it('is not taken for dead while it speaks', async () => {
    const go = gate();
    const first = await open({ slow: async () => go.passed.then(() => 'done') });
    const { run } = await first.ask(systemCaller, wish('slow'));
    await untilState(first, run.id, 'running');
    await open({ slow: async () => 'stolen' });
    await sleep(500);
    go.open();
    await untilState(first, run.id, 'succeeded');
    expect((await first.find(systemCaller, run.id)).run).toMatchObject({ result: 'done', attempt: 1 });
  });
});

describe('scope', () => {
  it('shows a caller the runs of the scope only, and lets nobody touch another’s', async () => {
    const jobs = openTestJobs(records, {});
    const ask = (more: object) => jobs.ask(systemCaller, wish('none', more)).then(({ run }) => run.id);
    const [retail, labs, installation] = [
      await ask({ entity: 'retail' }),
      await ask({ entity: 'labs' }),
      await ask({}),
    ];
    const ann = personOf('retail');
    expect((await jobs.list(ann, { limit: 10 })).map(({ id }) => id)).toEqual([retail]);
    for (const id of [labs, installation]) {
      const foreign = { code: 'jobs.unknownRun', status: 404 };
      await expect(jobs.find(ann, id)).rejects.toMatchObject(foreign);
      await expect(jobs.cancel(ann, id)).rejects.toMatchObject(foreign);
      await expect(jobs.retry(ann, id)).rejects.toMatchObject(foreign);
    }
    expect(await jobs.cancel(ann, retail)).toMatchObject({ state: 'cancelled' });
    await expect(jobs.ask(ann, wish('none', { entity: 'labs' }))).rejects.toMatchObject({
      code: 'records.outsideScope',
    });
  });

  it('gives a run with its steps and log to the entity that comes out while it runs', async () => {
    const jobs = await open({
      find: async ({ belongsTo, step }) => {
        step('look');
        belongsTo('labs');
      },
    });
    const asked = await jobs.ask(systemCaller, wish('find'));
    await jobs.result(systemCaller, asked);
    const detail = await jobs.find(personOf('labs'), asked.run.id);
    expect([detail.run.entity, detail.steps.length, detail.log.length]).toEqual(['labs', 1, 2]);
  });

  it('writes who asked, retried, cancelled and how it ended into the audit log', async () => {
    const jobs = await open({ refuse: async () => Promise.reject(errors.bad({})) });
    const { run } = await jobs.ask(personAll, wish('refuse'));
    await untilState(jobs, run.id, 'failed');
    const lines = await records.read(systemCaller, (tx) =>
      tx
        .selectFrom('audit_log')
        .select(['action', 'actor_id', 'after'])
        .where('object_id', '=', run.id)
        .orderBy('id')
        .execute(),
    );
    expect(lines).toMatchObject([
      { action: 'run.ask', actor_id: 'ann', after: { kind: 'test.work', input: { work: 'refuse' } } },
      { action: 'run.end', actor_id: 'system', after: { state: 'failed', problem: 'test.bad' } },
    ]);
  });
});
