import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, nothing, systemCaller } from '../../platform/kernel/index.ts';
import { audit, type Records } from '../../platform/records/index.ts';
import { openTestRecords, type TestRecords } from '../../platform/records/testing/test-records.ts';
import { errors } from './errors.ts';
import type { IdempotencyOptions } from './idempotency.ts';
import { openKeyedApp, type Work } from './testing/small-app.ts';

let test: TestRecords;
const apps: FastifyInstance[] = [];
beforeAll(async () => {
  test = await openTestRecords();
});
afterAll(() => test.close());
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function appWith(work: Work, options: Partial<IdempotencyOptions> = {}): Promise<FastifyInstance> {
  const app = await openKeyedApp(test, work, options);
  apps.push(app);
  return app;
}

/** Writes one line of the audit log: an effect that can be counted. */
async function note({ caller, body }: FastifyRequest): Promise<string> {
  const { text } = body as { readonly text: string };
  const object = { type: 'note', id: text };
  await test.records.write(caller, (tx) =>
    audit(tx, caller, { action: 'note.create', object, entity: null, before: null, after: { text } }),
  );
  return text;
}

const create: Work = async (request, reply) => {
  const text = await note(request);
  return reply
    .code(201)
    .headers({ location: `/notes/${text}`, etag: '"1"' })
    .send({ text, by: request.id });
};

async function effects(text: string): Promise<number> {
  const rows = await test.records.read(systemCaller, (tx) =>
    tx.selectFrom('audit_log').select('id').where('object_id', '=', text).execute(),
  );
  return rows.length;
}

let nextKey = 0;
const newKey = () => `key-${nextKey++}`;

async function post(
  app: FastifyInstance,
  key: string | undefined,
  text: string,
  headers: Readonly<Record<string, string>> = {},
  url = '/work',
) {
  const keyed = key === undefined ? {} : { 'idempotency-key': key };
  const answer = await app.inject({
    method: 'POST',
    url,
    payload: { text },
    headers: { ...keyed, ...headers },
  });
  return {
    status: answer.statusCode,
    hit: answer.headers['idempotency-hit'] === 'true',
    headers: answer.headers,
    text: answer.body,
    code: (String(answer.headers['content-type']).includes('problem') ? answer.json().code : undefined) as
      | string
      | undefined,
  };
}

describe('the same request with the same key', () => {
  it('is worked once, and gets the whole answer of the first again', async () => {
    const app = await appWith(create);
    const key = newKey();
    const first = await post(app, key, 'once');
    const again = await post(app, key, 'once');
    expect([first.status, first.hit, again.status, again.hit]).toEqual([201, false, 201, true]);
    expect(again.text).toBe(first.text);
    for (const name of ['location', 'etag', 'content-type'])
      expect([name, again.headers[name]]).toEqual([name, first.headers[name]]);
    expect(await effects('once')).toBe(1);
  });

  it('is worked each time without a key', async () => {
    const app = await appWith(create);
    await post(app, undefined, 'keyless');
    await post(app, undefined, 'keyless');
    expect(await effects('keyless')).toBe(2);
  });

  it('gets the answer from another server, and after a restart', async () => {
    const key = newKey();
    const first = await post(await appWith(create), key, 'moved');
    const again = await post(await appWith(create), key, 'moved');
    expect([again.hit, again.text, await effects('moved')]).toEqual([true, first.text, 1]);
  });

  it('waits while the first one is worked', async () => {
    const app = await appWith(async (request, reply) => {
      await sleep(150);
      return create(request, reply);
    });
    const key = newKey();
    const answers = await Promise.all([post(app, key, 'slow'), post(app, key, 'slow')]);
    expect(answers.map(({ hit }) => hit).sort()).toEqual([false, true]);
    expect([new Set(answers.map(({ text }) => text)).size, await effects('slow')]).toEqual([1, 1]);
  });

  it('is told that the first one still runs when that takes too long', async () => {
    let finish = () => {};
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const app = await appWith(
      async (request, reply) => {
        await running;
        return create(request, reply);
      },
      { waitMs: 100 },
    );
    const key = newKey();
    const first = post(app, key, 'endless');
    await sleep(50);
    const impatient = await post(app, key, 'endless');
    expect([impatient.status, impatient.code]).toEqual([409, 'server.keyInUse']);
    finish();
    expect((await first).status).toBe(201);
  });

  it('keeps an answer without a body', async () => {
    const app = await appWith(async (request, reply) => {
      await note(request);
      return reply.code(204).send();
    });
    const key = newKey();
    const answers = [await post(app, key, 'empty'), await post(app, key, 'empty')];
    expect(answers.map(({ status, hit, text }) => [status, hit, text])).toEqual([
      [204, false, ''],
      [204, true, ''],
    ]);
  });

  it('is worked again when the answer has expired', async () => {
    const app = await appWith(create, { keepMs: 1 });
    const key = newKey();
    await post(app, key, 'expired');
    await sleep(5);
    expect((await post(app, key, 'expired')).hit).toBe(false);
    expect(await effects('expired')).toBe(2);
  });
});

describe('200 identical requests at once, over HTTP, with one key', () => {
  it('have one effect: one is worked, 199 get its answer again', async () => {
    const app = await appWith(create);
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/work`;
    const key = newKey();
    const ask = async () => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ text: 'crowd' }),
      });
      return { status: answer.status, hit: answer.headers.get('idempotency-hit'), text: await answer.text() };
    };
    const { committed } = test.records.figures().transactions;
    const answers = await Promise.all(Array.from({ length: 200 }, ask));
    // Those that wait do not ask the records; those that come later do, once each.
    expect(test.records.figures().transactions.committed - committed).toBeLessThan(100);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(200);
    expect(answers.filter(({ hit }) => hit === 'true')).toHaveLength(199);
    expect([new Set(answers.map(({ text }) => text)).size, await effects('crowd')]).toEqual([1, 1]);
  });
});

describe('a key', () => {
  it.each([
    ['another body', 'other', {}],
    ['another version', 'same', { 'if-match': '"2"' }],
    ['another form of answer', 'same', { accept: 'text/csv' }],
  ])('is refused with %s', async (_, text, headers) => {
    const app = await appWith(create);
    const key = newKey();
    await post(app, key, 'same');
    const refused = await post(app, key, text, headers);
    expect([refused.status, refused.code]).toEqual([422, 'server.keyReused']);
  });

  it('is refused with another body also while the first request is worked', async () => {
    const app = await appWith(async (request, reply) => {
      await sleep(100);
      return create(request, reply);
    });
    const key = newKey();
    const [first, other] = await Promise.all([post(app, key, 'this'), post(app, key, 'that')]);
    expect([first.status, other.code, await effects('that')]).toEqual([201, 'server.keyReused', 0]);
  });

  it('belongs to its caller: another one with the same key is worked', async () => {
    const app = await appWith(create);
    const key = newKey();
    await post(app, key, 'mine');
    const other = await post(app, key, 'mine', { 'x-caller': 'bob' });
    expect([other.status, other.hit, await effects('mine')]).toEqual([201, false, 2]);
  });

  it('gives nothing again to a caller who may see less than before', async () => {
    const app = await appWith(create);
    const key = newKey();
    await post(app, key, 'secret');
    const later = await post(app, key, 'secret', { 'x-caller': 'aliceWithLess' });
    expect([later.status, later.code]).toEqual([422, 'server.keyReused']);
  });

  it.each(['', 'two words', 'x'.repeat(256), 'naïve'])('cannot be %j', async (key) => {
    const refused = await post(await appWith(create), key, 'unfit');
    expect([refused.status, refused.code, await effects('unfit')]).toEqual([400, 'server.badRequest', 0]);
  });

  it('is not looked at where people sign in, nor where there is nothing', async () => {
    const app = await appWith(create);
    const key = newKey();
    await post(app, key, 'somebody', {}, '/sign-in');
    expect((await post(app, key, 'somebody', {}, '/sign-in')).hit).toBe(false);
    const nowhere = await post(app, key, 'somebody', {}, '/nowhere');
    expect([nowhere.status, nowhere.code]).toEqual([404, 'server.noRoute']);
  });
});

describe('a request that was refused', () => {
  it('can be asked again with its key, also differently', async () => {
    let refusals = 1;
    const app = await appWith(async (request, reply) => {
      if (refusals-- > 0) throw errors.badRequest({ problem: 'not yet' });
      return create(request, reply);
    });
    const key = newKey();
    expect((await post(app, key, 'early')).status).toBe(400);
    expect((await post(app, key, 'corrected')).status).toBe(201);
    expect([await effects('early'), await effects('corrected')]).toEqual([0, 1]);
  });

  it('gives the turn to the next that waits', async () => {
    let tries = 0;
    const app = await appWith(async (request, reply) => {
      await sleep(30);
      if (tries++ < 2) throw errors.badRequest({ problem: 'not yet' });
      return create(request, reply);
    });
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(app, key, 'third')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 400, 400]);
    expect([answers.filter(({ hit }) => hit).length, await effects('third')]).toEqual([2, 1]);
  });

  it('is asked again when it names errors in its answer', async () => {
    let left = ['a bill'];
    const app = await appWith(async (request) => {
      const errorsOf = left;
      left = [];
      return { text: await note(request), errors: errorsOf };
    });
    const key = newKey();
    const answers = [await post(app, key, 'partly'), await post(app, key, 'partly')];
    expect(answers.map(({ hit, status }) => [status, hit])).toEqual([
      [200, false],
      [200, false],
    ]);
    expect((await post(app, key, 'partly')).hit).toBe(true);
  });
});

describe('a request that failed', () => {
  it('is worked again when it changed nothing', async () => {
    let failures = 1;
    const app = await appWith(async (request, reply) => {
      if (failures-- > 0) throw new Error('a bug');
      return create(request, reply);
    });
    const key = newKey();
    expect((await post(app, key, 'unharmed')).status).toBe(500);
    expect((await post(app, key, 'unharmed')).status).toBe(201);
  });

  it('is not worked again when it had changed the records', async () => {
    const app = await appWith(async (request) => {
      await note(request);
      throw new Error('a bug after the change');
    });
    const key = newKey();
    expect((await post(app, key, 'changed')).status).toBe(500);
    const again = await post(app, key, 'changed');
    expect([again.status, again.code, await effects('changed')]).toEqual([409, 'server.keyLost', 1]);
  });

  it('is not worked again when the lake was changed meanwhile', async () => {
    let generation = 7;
    const lake = { current: async () => ({ generation }) as never };
    const app = await appWith(
      async () => {
        generation++;
        throw new Error('a bug after the change');
      },
      { lake },
    );
    const key = newKey();
    expect((await post(app, key, 'rolled back')).status).toBe(500);
    expect((await post(app, key, 'rolled back')).code).toBe('server.keyLost');
  });

  it('counts a change that was rolled back as none', async () => {
    let failures = 1;
    const app = await appWith(async (request, reply) => {
      const { caller } = request;
      if (failures-- > 0)
        await test.records.write(caller, async (tx) => {
          const object = { type: 'note', id: 'undone' };
          await audit(tx, caller, { action: 'note.create', object, entity: null, before: null, after: {} });
          throw new Error('a bug in the change');
        });
      return create(request, reply);
    });
    const key = newKey();
    expect((await post(app, key, 'undone')).status).toBe(500);
    expect([(await post(app, key, 'undone')).status, await effects('undone')]).toEqual([201, 1]);
  });
});

describe('a request whose server died', () => {
  /** A request that never ends, on a server that is never heard of again; `changes`: it has written before. */
  async function die(key: string, text: string, changes: boolean): Promise<void> {
    let begun = () => {};
    const isUnderWay = new Promise<void>((resolve) => {
      begun = resolve;
    });
    // Its lease is not renewed within this test.
    const app = await openKeyedApp(test, async (request) => {
      if (changes) await note(request);
      begun();
      return await new Promise(() => {});
    });
    void post(app, key, text);
    await isUnderWay;
    await app.close();
  }

  const endLeases = () =>
    test.records.write(systemCaller, (tx) =>
      tx
        .updateTable('idempotency_key')
        .set({ lease_until: new Date(0).toISOString() })
        .where('state', '=', 'claimed')
        .execute(),
    );

  it('is waited for until nothing was heard of it for the time of a lease, and is then worked again', async () => {
    const key = newKey();
    await die(key, 'interrupted', false);
    const next = post(await appWith(create), key, 'interrupted');
    await sleep(200);
    expect(await effects('interrupted')).toBe(0);
    await endLeases();
    expect([(await next).status, await effects('interrupted')]).toEqual([201, 1]);
  });

  it('is never worked again when it had changed something', async () => {
    const key = newKey();
    await die(key, 'half done', true);
    await endLeases();
    const next = await post(await appWith(create), key, 'half done');
    expect([next.status, next.code, await effects('half done')]).toEqual([409, 'server.keyLost', 1]);
  });

  it('changes nothing any more when it lives after all and another one has taken over', async () => {
    const key = newKey();
    let goOn = () => {};
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const sleeper = await appWith(async (request, reply) => {
      await paused;
      return create(request, reply);
    });
    const asleep = post(sleeper, key, 'twice');
    await sleep(100);
    await endLeases();
    const next = await post(await appWith(create), key, 'twice');
    goOn();
    expect([next.status, (await asleep).code, await effects('twice')]).toEqual([201, 'server.keyInUse', 1]);
  });

  it('is alive while its lease is renewed, however long it takes', async () => {
    const key = newKey();
    const slow = await appWith(
      async (request, reply) => {
        await sleep(600);
        return create(request, reply);
      },
      { leaseMs: 150 },
    );
    const first = post(slow, key, 'long');
    await sleep(300);
    const second = await post(await appWith(create), key, 'long');
    expect([second.hit, second.text, await effects('long')]).toEqual([true, (await first).text, 1]);
  });
});

describe('a streamed answer', () => {
  const stream =
    (...lines: readonly string[]): Work =>
    async (request, reply) => {
      const out = new PassThrough();
      void note(request).then(async () => {
        for (const line of lines) {
          out.write(line);
          await sleep(5);
        }
        out.end();
      });
      return reply.type('application/x-ndjson').send(out);
    };

  it('is repeated as its last line, which is kept before anybody reads it', async () => {
    const app = await appWith(stream('{"progress":1}\n{"progr', 'ess":2}\n', '{"result":{"text":"é"}}\n'));
    const key = newKey();
    const first = await post(app, key, 'stream');
    const again = await post(app, key, 'stream');
    expect(first.text).toBe('{"progress":1}\n{"progress":2}\n{"result":{"text":"é"}}\n');
    expect([again.hit, again.text, again.headers['content-type']]).toEqual([
      true,
      '{"result":{"text":"é"}}\n',
      'application/x-ndjson',
    ]);
  });

  it.each([
    ['with a problem', '{"problem":{}}\n'],
    ['with a result that names errors', '{"result":{"errors":["a bill"]}}\n'],
  ])('is worked again when it ended %s', async (_, line) => {
    const app = await appWith(stream(line));
    const key = newKey();
    await post(app, key, line);
    expect((await post(app, key, line)).hit).toBe(false);
  });

  it('is lost when it broke off after a change', async () => {
    const app = await appWith(async (request, reply) => {
      const out = new PassThrough();
      void note(request).then(() => out.destroy(new Error('broken')));
      return reply.type('application/x-ndjson').send(out);
    });
    const key = newKey();
    await post(app, key, 'broken').catch(() => {});
    await expect.poll(async () => (await post(app, key, 'broken')).code).toBe('server.keyLost');
    expect(await effects('broken')).toBe(1);
  });
});

describe('an answer', () => {
  it.each([
    ['plain', create],
    [
      'streamed',
      async (request, reply) => {
        await note(request);
        return reply.type('application/x-ndjson').send(Readable.from(['{"result":{}}\n']));
      },
    ],
  ] as readonly (readonly [string, Work])[])('that is %s is kept before anybody gets it', async (_, work) => {
    let mayWrite = Promise.resolve();
    let goOn = () => {};
    const slow: Records = {
      ...test.records,
      write: async (caller, change) => {
        await mayWrite;
        return await test.records.write(caller, change);
      },
    };
    const app = await appWith(
      async (request, reply) => {
        // From now on the database takes its time.
        mayWrite = new Promise((resolve) => {
          goOn = resolve;
        });
        return await work(request, reply);
      },
      { records: async () => slow },
    );
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/work`;
    let text = '';
    const answer = fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': newKey() },
      body: '{"text":"kept first"}',
    }).then(async (found) => {
      text = await found.text();
    });
    await sleep(200);
    expect(text).toBe('');
    goOn();
    await answer;
    expect(text).not.toBe('');
  });
});

describe('what is kept', () => {
  const keys = (caller: Caller) =>
    test.records.read(caller, (tx) =>
      tx.selectFrom('idempotency_key').selectAll().orderBy('created_at').execute(),
    );

  it('holds neither the request nor the answer in readable form, and nobody with a scope sees it', async () => {
    const app = await appWith(create);
    await post(app, newKey(), 'a-password-of-somebody');
    const kept = (await keys(systemCaller)).at(-1);
    const inClear = JSON.stringify({ ...kept, headers: null }, (_, part) =>
      typeof part === 'bigint' ? `${part}` : part,
    );
    expect(kept).toMatchObject({ state: 'done', status: 201, effect: true, operation: 'POST /work' });
    expect(inClear).not.toContain('a-password-of-somebody');
    expect(await keys({ ...systemCaller, scope: nothing })).toEqual([]);
  });

  it('is removed when it has expired', async () => {
    await post(await appWith(create, { keepMs: 1 }), newKey(), 'swept');
    await sleep(5);
    // The first key of a server has it look for what has expired.
    await post(await appWith(create), newKey(), 'sweeper');
    const expired = async () =>
      (await keys(systemCaller)).filter(({ expires_at }) => Date.parse(expires_at) < Date.now()).length;
    await expect.poll(expired).toBe(0);
  });
});

describe('the records', () => {
  it('are not opened while nobody sends a key', async () => {
    const records = async () => {
      throw new Error('opened');
    };
    const app = await appWith(async () => ({ done: true }), { records });
    expect((await post(app, undefined, 'x')).status).toBe(200);
    expect((await post(app, newKey(), 'x')).status).toBe(500);
  });
});
