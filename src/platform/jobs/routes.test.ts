import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorTable, refusal, systemCaller } from '../kernel/index.ts';
import { openTestRecords, type TestRecords } from '../records/testing/test-records.ts';
import type { RunDetailAnswer, RunList, ScheduleList } from './contract.ts';
import type { Jobs } from './jobs.ts';
import { openTestApp } from './testing/test-app.ts';
import { gate, openTestJobs, personOf, untilAborted } from './testing/test-jobs.ts';

const errors = errorTable('test', {
  bad: refusal(422, 'badData', (_: Record<never, never>) => 'It does not balance.'),
});

let test: TestRecords;
let jobs: Jobs;
let app: FastifyInstance;
let url: string;
let go = gate();

beforeAll(async () => {
  test = await openTestRecords();
  jobs = openTestJobs(test.records, {
    add: async ({ step, log }) => {
      step('add').rows({ in: 2, out: 1 });
      log('info', 'adding');
      return { sum: '3' };
    },
    wait: async ({ step, log, progress }) => {
      step('wait');
      log('info', 'waiting');
      progress({ label: 'wait', done: 1, total: 2, unit: 'items' });
      await go.passed;
      log('info', 'waited');
    },
    refuse: async () => {
      throw errors.bad({});
    },
    endless: async ({ signal }) => untilAborted(signal),
  });
  await jobs.start();
  ({ app, url } = await openTestApp(async () => jobs, { ann: personOf('retail'), bob: personOf('labs') }));
});
afterAll(async () => {
  await app.close();
  await jobs.close();
  await test.close();
});

function ask(
  path: string,
  { method = 'GET', body, caller = 'owner' }: { method?: string; body?: unknown; caller?: string } = {},
): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      'x-caller': caller,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const json = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
const coded = async (answer: Promise<Response>) => {
  const { status } = await answer;
  return [status, ((await (await answer).json()) as { code?: string }).code];
};

async function asked(work: string, more: object = {}): Promise<string> {
  const wish = { kind: 'test.work', input: { work, ...more }, detached: true };
  return (await jobs.ask(systemCaller, wish)).run.id;
}

async function ended(work: string, more: object = {}): Promise<string> {
  const wish = { kind: 'test.work', input: { work, ...more }, detached: true };
  const one = await jobs.ask(systemCaller, wish);
  await jobs.result(systemCaller, one).catch(() => {});
  return one.run.id;
}

interface Event {
  readonly id?: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads a stream of events to its end; `onEvent` hears each as it comes. */
async function eventsOf(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  onEvent: (event: Event) => void = () => {},
): Promise<Event[]> {
  const answer = await fetch(`${url}/api/v1${path}`, { headers });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const events: Event[] = [];
  let text = '';
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames.filter((one) => !one.startsWith(':'))) {
      const fields = Object.fromEntries(frame.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      const event = { ...fields, data: JSON.parse(fields['data'] ?? 'null') } as Event;
      events.push(event);
      onEvent(event);
    }
  }
  return events;
}

describe('runs over HTTP', () => {
  it('are told with result, steps and log', async () => {
    const id = await ended('add');
    expect(await json(ask(`/runs/${id}`))).toMatchObject({
      id,
      kind: 'test.work',
      state: 'succeeded',
      result: { sum: '3' },
      steps: [{ name: 'add', state: 'succeeded', rowsIn: 2, rowsOut: 1 }],
      log: [{}, { level: 'info', message: 'adding' }, { message: 'succeeded' }],
    });
  });

  it('are listed newest first, filtered, page by page without gap or double', async () => {
    for (let count = 0; count < 5; count++) await ended(count % 2 === 0 ? 'add' : 'refuse');
    const all = await json<RunList>(ask('/runs?kind=test.work'));
    expect(all.context.kinds).toEqual(['test.work', 'test.once']);
    const ids = all.items.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    const paged: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: RunList = await json<RunList>(ask(`/runs?limit=2${next && `&cursor=${next}`}`));
      paged.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(paged).toEqual(ids);
    const failed = await json<RunList>(ask('/runs?state=failed'));
    expect(new Set(failed.items.map(({ state }) => state))).toEqual(new Set(['failed']));
    expect((await json<RunList>(ask('/runs?kind=other.kind'))).items).toEqual([]);
  });

  it.each([
    ['/runs?limit=0', 400, undefined],
    ['/runs?state=lost', 400, undefined],
    ['/runs?colour=red', 400, undefined],
    ['/runs?cursor=%F0%9F', 400, 'jobs.unfitCursor'],
    ['/runs/nope', 404, 'jobs.unknownRun'],
    ["/runs/'%20or%20true--", 404, 'jobs.unknownRun'],
    ['/runs/nope/events', 404, 'jobs.unknownRun'],
  ])('refuse %s', async (path, status, code) => {
    const [found, foundCode] = await coded(ask(path));
    expect(found).toBe(status);
    if (code) expect(foundCode).toBe(code);
  });

  it('are cancelled and run again, and refuse what does not fit their state', async () => {
    const id = await ended('refuse');
    expect(await coded(ask(`/runs/${id}/cancel`, { method: 'POST', body: {} }))).toEqual([
      409,
      'jobs.hasEnded',
    ]);
    expect(await json(ask(`/runs/${id}/retry`, { method: 'POST', body: {} }))).toMatchObject({
      id,
      state: 'queued',
    });
    const endless = await asked('endless');
    await untilRunning(endless);
    expect(await coded(ask(`/runs/${endless}/retry`, { method: 'POST', body: {} }))).toEqual([
      409,
      'jobs.notEnded',
    ]);
    await ask(`/runs/${endless}/cancel`, { method: 'POST', body: {} });
    const events = await eventsOf(`/runs/${endless}/events`);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { state: 'cancelled' } });
  });

  it('show a caller those of the scope, by every route', async () => {
    const id = await ended('add', { entity: 'retail' });
    const visible = await json<RunList>(ask('/runs', { caller: 'ann' }));
    expect(visible.items.map((run) => run.id)).toEqual([id]);
    expect((await json<RunList>(ask('/runs', { caller: 'bob' }))).items).toEqual([]);
    for (const [path, method] of [
      ['', 'GET'],
      ['/events', 'GET'],
      ['/retry', 'POST'],
      ['/cancel', 'POST'],
    ] as const) {
      const body = method === 'POST' ? {} : undefined;
      expect(await coded(ask(`/runs/${id}${path}`, { method, body, caller: 'bob' }))).toEqual([
        404,
        'jobs.unknownRun',
      ]);
    }
  });
});

async function untilRunning(id: string): Promise<void> {
  while ((await json<RunDetailAnswer>(ask(`/runs/${id}`))).state !== 'running') await sleep(20);
}

describe('events of a run', () => {
  it('tell first how it stands, then what happens, and end with it', async () => {
    go = gate();
    const id = await asked('wait');
    await untilRunning(id);
    const seen = new Set<string>();
    const events = await eventsOf(`/runs/${id}/events`, {}, ({ event }) => {
      if (seen.add(event).has('progress') && seen.has('step')) go.open();
    });
    const names = events.map(({ event }) => event);
    expect(names[0]).toBe('state');
    expect(names.at(-1)).toBe('end');
    expect(events.find(({ event }) => event === 'progress')?.data).toMatchObject({ done: 1, total: 2 });
    const steps = events.filter(({ event }) => event === 'step').map(({ data }) => data['state']);
    expect(steps).toEqual(['running', 'succeeded']);
    const messages = events.filter(({ event }) => event === 'log').map(({ data }) => data['message']);
    expect(messages.slice(1)).toEqual(['waiting', 'waited', 'succeeded']);
  });

  it('leave out the log lines that were seen before, when a reader comes back', async () => {
    const id = await ended('add');
    const all = await eventsOf(`/runs/${id}/events`);
    const lines = all.filter(({ event }) => event === 'log');
    const after = await eventsOf(`/runs/${id}/events`, { 'last-event-id': lines[1]?.id ?? '' });
    expect(after.filter(({ event }) => event === 'log')).toEqual([lines[2]]);
    expect(after.at(-1)?.event).toBe('end');
  });

  it('come from another process too, about once a second', async () => {
    go = gate();
    const other = openTestJobs(test.records, {});
    const there = await openTestApp(async () => other, {});
    const id = await asked('wait');
    await untilRunning(id);
    const seen: string[] = [];
    const answer = await fetch(`${there.url}/api/v1/runs/${id}/events`);
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      seen.push(
        ...[
          ...Buffer.from(chunk)
            .toString()
            .matchAll(/^event: (\w+)/gm),
        ].map(([, name]) => name ?? ''),
      );
      if (seen.includes('progress')) go.open();
    }
    expect([seen[0], seen.at(-1)]).toEqual(['state', 'end']);
    await there.app.close();
  });

  it('end when the server stops, which does not wait for them', async () => {
    go = gate();
    const there = await openTestApp(async () => jobs, {});
    const id = await asked('wait');
    await untilRunning(id);
    const answer = await fetch(`${there.url}/api/v1/runs/${id}/events`);
    const started = performance.now();
    const [text] = await Promise.all([answer.text(), there.app.close()]);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(text).not.toContain('event: end');
    go.open();
  });
});

describe('schedules over HTTP', () => {
  const nightly = { kind: 'test.work', input: { work: 'add' }, cron: '30 6 * * *', timeZone: 'Europe/Paris' };

  it('are made, listed, shown, replaced and removed', async () => {
    const made = await json(ask('/run-schedules/nightly', { method: 'PUT', body: nightly }));
    expect(made).toMatchObject({ name: 'nightly', enabled: true, ...nightly, setBy: 'local owner' });
    const replaced = await json(
      ask('/run-schedules/nightly', { method: 'PUT', body: { ...nightly, enabled: false } }),
    );
    expect(replaced).toMatchObject({ enabled: false, nextAt: null });
    expect((await json<ScheduleList>(ask('/run-schedules'))).items).toEqual([replaced]);
    expect(await json(ask('/run-schedules/nightly'))).toEqual(replaced);
    const left = await json<ScheduleList>(ask('/run-schedules/nightly', { method: 'DELETE' }));
    expect(left.items).toEqual([]);
  });

  it.each([
    ['a strange name', 'a b', nightly, 400, undefined],
    ['an unknown field', 'x', { ...nightly, colour: 'red' }, 400, undefined],
    ['no cron', 'x', { ...nightly, cron: undefined }, 400, undefined],
    ['a cron that is none', 'x', { ...nightly, cron: 'daily' }, 400, 'jobs.unfitCron'],
    ['input that does not fit', 'x', { ...nightly, input: { work: 7 } }, 400, 'jobs.unfitInput'],
    ['a kind that is none', 'x', { ...nightly, kind: 'no.kind' }, 400, 'jobs.unknownKind'],
  ])('refuse %s', async (_, name, body, status, code) => {
    const found = await coded(ask(`/run-schedules/${encodeURIComponent(name)}`, { method: 'PUT', body }));
    expect(found[0]).toBe(status);
    if (code) expect(found[1]).toBe(code);
    expect((await json<ScheduleList>(ask('/run-schedules'))).items).toEqual([]);
  });
});
