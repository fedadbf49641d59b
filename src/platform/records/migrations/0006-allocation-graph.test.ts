import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, fixedClock, nothing, systemCaller } from '../../kernel/index.ts';
import { openLake } from '../../warehouse/index.ts';
import { createBackup } from '../backup/create-backup.ts';
import { restoreBackup } from '../backup/restore.ts';
import { openRecords } from '../open-records.ts';
import type { Records, Tx } from '../records.ts';
import {
  openTestRecords,
  prepareTestRecords,
  type TestRecords,
  testServer,
} from '../testing/test-records.ts';

let test: TestRecords;
let records: Records;

/** Versions 1 and 2 of the graph main are published, 3 is its draft; labs has one published version and no draft. */
beforeAll(async () => {
  test = await openTestRecords();
  records = test.records;
  await records.write(systemCaller, async (tx) => {
    await sql`insert into entity (id, country, currency, time_zone, label) values
      ('retail', 'FR', 'EUR', 'UTC', 'Retail'), ('labs', 'DE', 'EUR', 'UTC', 'Labs')`.execute(tx);
    await sql`insert into graph (id, entity_id, label) values ('main', null, 'Main'), ('labs', 'labs', 'Labs')`.execute(
      tx,
    );
    for (const [graph, number] of [
      ['main', 1],
      ['labs', 1],
      ['main', 2],
      ['main', 3],
    ] as const) {
      await begin(tx, graph, number);
      await put(tx, graph, number, `n${number}`);
      if (number === 2) await end(tx, 'n1', 2);
      if (number < 3) await publish(tx, graph);
    }
  });
});
afterAll(() => test.close());

const begin = (tx: Tx, graph: string, number: number) =>
  sql`insert into graph_version (graph_id, number, state, content_hash, nodes, edges, groups, rules, metrics, created_by)
    values (${graph}, ${number}, 'draft', ${'a'.repeat(64)}, 1, 0, 0, 0, 0, 'ann')`.execute(tx);
const put = (tx: Tx, graph: string, since: number, key: string) =>
  sql`insert into graph_part (graph_id, kind, key, since, body)
    values (${graph}, 'node', ${key}, ${since}, ${`{"id":"${key}"}`}::json)`.execute(tx);
const end = (tx: Tx, key: string, until: number) =>
  sql`update graph_part set until = ${until} where graph_id = 'main' and key = ${key}`.execute(tx);
const publish = (tx: Tx, graph: string) =>
  sql`update graph_version set state = 'published', published_at = now(), published_by = 'ann'
    where graph_id = ${graph} and state = 'draft'`.execute(tx);

/** Everything about graphs that is kept, as text. */
async function kept(of: Records = records): Promise<string> {
  return of.asOwner(async (tx) => {
    const { rows } = await sql<{ row: string }>`
      select g::text as row from graph g union all
      select v::text from graph_version v union all
      select p::text from graph_part p order by 1`.execute(tx);
    return rows.map(({ row }) => row).join('\n');
  });
}

describe('what a published version shows', () => {
  /** Each would change what version 1 or 2 of main, or version 1 of labs, holds. */
  const attempts: readonly (readonly [what: string, statement: string])[] = [
    [
      'a part put into it',
      `insert into graph_part (graph_id, kind, key, since, body) values ('main', 'node', 'x', 2, '{}')`,
    ],
    [
      'a part put before its time',
      `insert into graph_part (graph_id, kind, key, since, body) values ('main', 'node', 'x', 1, '{}')`,
    ],
    [
      'a part with an end',
      `insert into graph_part (graph_id, kind, key, since, until, body) values ('main', 'node', 'x', 3, 4, '{}')`,
    ],
    [
      'a part put into a graph without draft',
      `insert into graph_part (graph_id, kind, key, since, body) values ('labs', 'node', 'x', 1, '{}')`,
    ],
    [
      'a part put into a version to come',
      `insert into graph_part (graph_id, kind, key, since, body) values ('labs', 'node', 'x', 2, '{}')`,
    ],
    ['a part taken out', `delete from graph_part where graph_id = 'main' and key = 'n2'`],
    ['a part of the past taken out', `delete from graph_part where graph_id = 'main' and key = 'n1'`],
    ['all taken out at once', `delete from graph_part where graph_id = 'main'`],
    [
      'a part that ends earlier',
      `update graph_part set until = 2 where graph_id = 'main' and key = 'n1' and since = 1`,
    ],
    ['a part ended in the past', `update graph_part set until = 2 where graph_id = 'labs' and key = 'n1'`],
    [
      'a part of the past that holds again',
      `update graph_part set until = null where graph_id = 'main' and key = 'n1'`,
    ],
    [
      'a part of the past ended anew',
      `update graph_part set until = 3 where graph_id = 'main' and key = 'n1'`,
    ],
    [
      'a part ended after the draft',
      `update graph_part set until = 4 where graph_id = 'main' and key = 'n2'`,
    ],
    [
      'its hash',
      `update graph_version set content_hash = '${'b'.repeat(64)}' where graph_id = 'main' and number = 2`,
    ],
    ['its note', `update graph_version set note = 'better' where graph_id = 'main' and number = 1`],
    [
      'its state',
      `update graph_version set state = 'draft', published_at = null, published_by = null where graph_id = 'labs'`,
    ],
    ['the version itself', `delete from graph_version where graph_id = 'main' and number = 2`],
    ['a draft that has parts', `delete from graph_version where graph_id = 'main' and number = 3`],
    [
      'a version born published',
      `insert into graph_version (graph_id, number, state, content_hash, nodes, edges, groups, rules, metrics, created_by, published_at, published_by) values ('labs', 2, 'published', '${'a'.repeat(64)}', 0, 0, 0, 0, 0, 'x', now(), 'x')`,
    ],
    [
      'a version out of turn',
      `insert into graph_version (graph_id, number, state, content_hash, nodes, edges, groups, rules, metrics, created_by) values ('labs', 3, 'draft', '${'a'.repeat(64)}', 0, 0, 0, 0, 0, 'x')`,
    ],
    [
      'a second draft',
      `insert into graph_version (graph_id, number, state, content_hash, nodes, edges, groups, rules, metrics, created_by) values ('main', 4, 'draft', '${'a'.repeat(64)}', 0, 0, 0, 0, 0, 'x')`,
    ],
  ];
  /** Columns that requests may not write at all. */
  const ownersOnly: readonly (readonly [what: string, statement: string])[] = [
    [
      'another text of a part',
      `update graph_part set body = '{"id":"n2","type":"product"}' where graph_id = 'main' and key = 'n2'`,
    ],
    [
      'another text of a part of the draft',
      `update graph_part set body = '{}', until = 3 where graph_id = 'main' and key = 'n2'`,
    ],
    ['another name', `update graph_part set key = 'm2' where graph_id = 'main' and key = 'n2'`],
    ['another start', `update graph_part set since = 1 where graph_id = 'main' and key = 'n2'`],
    ['another graph', `update graph_part set graph_id = 'labs' where graph_id = 'main' and key = 'n3'`],
    [
      'its version numbered anew',
      `update graph_version set number = 9 where graph_id = 'main' and number = 2`,
    ],
    ['all of it', 'truncate graph_part'],
    ['every version', 'truncate graph_version cascade'],
  ];

  it.each(attempts)('cannot be changed by a request, nor by the owner: %s', async (_, statement) => {
    const before = await kept();
    const refused = /published|draft|still has parts|keeps its number|duplicate|graph_part_one_now/;
    await expect(records.write(systemCaller, (tx) => sql.raw(statement).execute(tx))).rejects.toThrow(
      refused,
    );
    await expect(records.asOwner((tx) => sql.raw(statement).execute(tx))).rejects.toThrow(refused);
    expect(await kept()).toBe(before);
  });

  it.each(ownersOnly)('cannot be changed by the owner of the tables: %s', async (_, statement) => {
    const before = await kept();
    await expect(records.write(systemCaller, (tx) => sql.raw(statement).execute(tx))).rejects.toThrow(
      /permission denied/,
    );
    await expect(records.asOwner((tx) => sql.raw(statement).execute(tx))).rejects.toThrow(
      /is not changed|append-only|is published/,
    );
    expect(await kept()).toBe(before);
  });

  it('leaves the open draft free: parts come, end, hold again and go', async () => {
    const before = await kept();
    await records.write(systemCaller, async (tx) => {
      await put(tx, 'main', 3, 'm');
      await end(tx, 'n2', 3);
      await sql`update graph_part set until = null where graph_id = 'main' and until = 3`.execute(tx);
      await sql`delete from graph_part where graph_id = 'main' and key = 'm'`.execute(tx);
    });
    expect(await kept()).toBe(before);
  });
});

describe('the tables of graphs', () => {
  const only = (scope: Partial<typeof nothing>): Caller => ({
    ...systemCaller,
    scope: { ...nothing, ...scope },
  });
  const seen = async (caller: Caller) =>
    records.read(caller, async (tx) => {
      const { rows } = await sql<{ what: string }>`
        select 'graph ' || id as what from graph union all
        select 'version ' || graph_id || number from graph_version union all
        select 'part ' || graph_id || key from graph_part order by 1`.execute(tx);
      return rows.map(({ what }) => what);
    });

  it('show a graph to whoever sees its entity, and the installation’s to those who see everything', async () => {
    expect(await seen(only({ entities: ['labs'] }))).toEqual(['graph labs', 'part labsn1', 'version labs1']);
    expect(await seen(only({ entities: ['retail'] }))).toEqual([]);
    expect(await seen(only({ applications: ['shop'] }))).toEqual([]);
    expect(await seen(systemCaller)).toHaveLength(10);
  });

  it('take nothing from whoever does not see the graph', async () => {
    const before = await kept();
    const retail = only({ entities: ['retail'] });
    const outside: readonly ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => begin(tx, 'labs', 2),
      (tx) => put(tx, 'main', 3, 'mine'),
      (tx) => sql`insert into graph (id, entity_id, label) values ('mine', null, 'Mine')`.execute(tx),
      (tx) => sql`insert into graph (id, entity_id, label) values ('mine', 'labs', 'Mine')`.execute(tx),
    ];
    for (const work of outside)
      await expect(records.write(retail, work)).rejects.toThrow(
        /outside your|row-level security|somebody else|draft/,
      );
    await records.write(retail, async (tx) => {
      await end(tx, 'n2', 3);
      await publish(tx, 'main');
      await sql`delete from graph_part where graph_id = 'main'`.execute(tx);
      await sql`update graph set label = 'Mine'`.execute(tx);
    });
    expect(await kept()).toBe(before);
  });

  it.runIf(testServer !== undefined)('let nobody publish a draft while another one changes it', async () => {
    const steps: string[] = [];
    let isChanged: () => void = () => {};
    const changed = new Promise<void>((resolve) => {
      isChanged = resolve;
    });
    const before = await kept();
    const changing = records.write(systemCaller, async (tx) => {
      await put(tx, 'main', 3, 'late');
      isChanged();
      await sql`select pg_sleep(0.5)`.execute(tx);
      steps.push('changed');
    });
    await changed;
    await records.write(systemCaller, async (tx) => {
      await sql`update graph_version set note = 'mine' where graph_id = 'main' and number = 3`.execute(tx);
      steps.push('published');
      await sql`delete from graph_part where graph_id = 'main' and key = 'late'`.execute(tx);
      await sql`update graph_version set note = null where graph_id = 'main' and number = 3`.execute(tx);
    });
    await changing;
    expect(steps).toEqual(['changed', 'published']);
    expect(await kept()).toBe(before);
  });

  it('come back from a backup as they were, with what guards them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'finops-graphs-'));
    const clock = fixedClock('2026-11-21T10:00:00Z');
    const taken = await createBackup(
      { records, lake: openLake(test.root, clock), workspaceRoot: test.root, clock, product: '0.1.0' },
      { caller: systemCaller, folder: join(folder, 'taken'), withRaw: false, keyFile: undefined },
    );
    const root = join(folder, 'place');
    const place = testServer === undefined ? undefined : await prepareTestRecords(join(folder, 'unused'));
    await restoreBackup({ backup: taken.folder, root, databaseUrl: place?.databaseUrl, clock });
    const restored = await openRecords({ root, databaseUrl: place?.databaseUrl });
    try {
      expect(await kept(restored)).toBe(await kept());
      const attempt = restored.write(systemCaller, (tx) => put(tx, 'main', 2, 'x'));
      await expect(attempt).rejects.toThrow(/open draft/);
      await restored.write(systemCaller, (tx) => put(tx, 'main', 3, 'x'));
    } finally {
      await restored.close();
      await place?.remove();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
