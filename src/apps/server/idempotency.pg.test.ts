import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../platform/kernel/index.ts';
import { audit, openRecords, type Records } from '../../platform/records/index.ts';
import {
  openTestRecords,
  type TestRecords,
  testServer,
} from '../../platform/records/testing/test-records.ts';
import { openKeyedApp, type Work } from './testing/small-app.ts';

/** Each server has connections of its own, as processes on two machines have. */
interface Server {
  readonly app: FastifyInstance;
  readonly records: Records;
  readonly url: string;
}

describe.skipIf(testServer === undefined)(
  'two servers on one PostgreSQL (needs FINOPS_TEST_DATABASE_URL)',
  () => {
    let test: TestRecords;
    const servers: Server[] = [];
    let worked = 0;

    beforeAll(async () => {
      test = await openTestRecords();
      servers.push(await openServer(), await openServer());
    });
    afterAll(async () => {
      for (const { app, records } of servers) {
        await app.close();
        await records.close();
      }
      await test?.close();
    });

    async function openServer(): Promise<Server> {
      const records = await openRecords({ root: test.root, databaseUrl: test.databaseUrl });
      const app = await openKeyedApp({ ...test, records }, workWith(records));
      return { app, records, url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/work` };
    }

    function workWith(records: Records): Work {
      return async ({ caller, body }, reply) => {
        worked++;
        const { text } = body as { readonly text: string };
        await sleep(100);
        const object = { type: 'note', id: text };
        await records.write(caller, (tx) =>
          audit(tx, caller, { action: 'note.create', object, entity: null, before: null, after: null }),
        );
        return reply.code(201).send({ text, by: caller.actor.requestId });
      };
    }

    async function ask({ url }: Server, key: string, text: string) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ text }),
      });
      return { status: answer.status, hit: answer.headers.get('idempotency-hit'), text: await answer.text() };
    }

    async function effects(text: string): Promise<number> {
      const rows = await test.records.read(systemCaller, (tx) =>
        tx.selectFrom('audit_log').select('id').where('object_id', '=', text).execute(),
      );
      return rows.length;
    }

    it('work 200 identical requests with one key once: 199 get the answer again, from either server', async () => {
      worked = 0;
      const crowd = Array.from({ length: 200 }, (_, i) => ask(servers[i % 2] as Server, 'shared', 'shared'));
      const answers = await Promise.all(crowd);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(200);
      expect(answers.filter(({ hit }) => hit === 'true')).toHaveLength(199);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect([worked, await effects('shared')]).toEqual([1, 1]);
    });

    it('work 100 pairs with a key each once, whichever server is first', async () => {
      worked = 0;
      const keys = Array.from({ length: 100 }, (_, i) => `pair-${i}`);
      const answers = await Promise.all(
        keys.flatMap((key) => servers.map((server) => ask(server, key, key))),
      );
      expect(answers.filter(({ status, hit }) => status === 201 && hit === 'true')).toHaveLength(100);
      expect(worked).toBe(100);
      expect(await Promise.all(keys.map(effects))).toEqual(keys.map(() => 1));
    });
  },
);
