import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../platform/records/index.ts';
import { testServer } from '../../platform/records/testing/test-records.ts';
import { changeDraft, discardDraft, openDraft, publishDraft, replaceDraft, rollBack } from './drafts.ts';
import { type GraphChangeInput, graphChangeSchema } from './graph-changes.ts';
import { hashDocument } from './graph-hash.ts';
import {
  createGraph,
  diffVersions,
  graphDocument,
  listGraphs,
  requireGraph,
  type VersionRef,
  versionsOf,
} from './graphs.ts';
import { type GraphDocument, type GraphDocumentInput, graphDocumentSchema } from './model.ts';
import { type GraphBench, openGraphBench, smallGraph } from './testing/graph-bench.ts';
import { personOf } from './testing/run-bench.ts';

const ann = personOf();
const parse = (input: GraphDocumentInput) => graphDocumentSchema.parse(input);

let bench: GraphBench;
let graph: string;
let made = 0;
beforeAll(async () => {
  bench = await openGraphBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  graph = `g${++made}`;
  await write((tx) => createGraph(tx, ann, { id: graph, label: 'Main', entity: null }));
});

const write = <T>(work: (tx: Tx) => Promise<T>) => bench.records.write(ann, work);
const read = <T>(work: (tx: Tx) => Promise<T>) => bench.records.read(ann, work);
const replace = (document: GraphDocumentInput) =>
  write((tx) => replaceDraft(tx, ann, graph, parse(document)));
const change = (...changes: GraphChangeInput[]) =>
  write((tx) =>
    changeDraft(
      tx,
      ann,
      graph,
      changes.map((one) => graphChangeSchema.parse(one)),
    ),
  );
const publish = (note?: string) => write((tx) => publishDraft(tx, ann, graph, { note: note ?? null }));
const content = (version: VersionRef) => read((tx) => graphDocument(tx, graph, version));
const documentOf = async (version: VersionRef): Promise<GraphDocument> => (await content(version)).document;

/** Rows of the graph: how many there are, and how many the draft has made or ended. */
async function rowsOf(draft: number): Promise<{ readonly all: number; readonly ofDraft: number }> {
  const { rows } = await read((tx) =>
    sql<{ all: number; ofDraft: number }>`
      select count(*)::integer as all,
        (count(*) filter (where since = ${draft} or until = ${draft}))::integer as "ofDraft"
      from graph_part where graph_id = ${graph}`.execute(tx),
  );
  return rows[0] ?? { all: 0, ofDraft: 0 };
}

async function auditOf(): Promise<{ action: string; before: unknown; after: unknown }[]> {
  return read((tx) =>
    tx
      .selectFrom('audit_log')
      .select(['action', 'before', 'after'])
      .where('object_type', '=', 'graph')
      .where('object_id', '=', graph)
      .orderBy('id')
      .execute(),
  );
}

/** Every version still has the content that its hash was taken of. */
async function expectHashesHold(): Promise<void> {
  for (const { number, hash } of await read((tx) => versionsOf(tx, graph)))
    expect([number, hashDocument(await documentOf(number))]).toEqual([number, hash]);
}

/** The small graph with the database shared equally, and one product more. */
const second: GraphDocumentInput = {
  ...smallGraph,
  nodes: [...(smallGraph.nodes ?? []), { id: 'app:api', type: 'product' }],
  edges: ['app:shop', 'app:web', 'app:api'].map((to) => ({ from: 'db', to, strategy: 'equal' })),
};

describe('a draft', () => {
  it('holds a whole document, tells all findings of it, and becomes the published version', async () => {
    const saved = await replace(smallGraph);
    expect(saved).toMatchObject({
      number: 1,
      state: 'draft',
      nodes: 3,
      edges: 2,
      groups: 1,
      rules: 2,
      metrics: 1,
    });
    expect(saved.hash).toBe(hashDocument(parse(smallGraph)));
    expect(saved.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(await publish('the first one')).toMatchObject({ number: 1, state: 'published', hash: saved.hash });
    const found = await content('published');
    expect(found).toMatchObject({ graph, entity: null, number: 1, state: 'published', hash: saved.hash });
    expect(hashDocument(found.document)).toBe(saved.hash);
    expect(found.document.rules.map(({ id }) => id)).toEqual(['tagged', 'rest']);
    expect(await read((tx) => versionsOf(tx, graph))).toMatchObject([
      { number: 1, state: 'published', note: 'the first one', publishedBy: 'ann@example.com', basedOn: null },
    ]);
  });

  it('costs as many rows as it changes, and opening it none', async () => {
    await replace(smallGraph);
    await publish();
    await write((tx) => openDraft(tx, ann, graph));
    expect(await rowsOf(2)).toEqual({ all: 10, ofDraft: 0 });
    expect(await documentOf('draft')).toEqual(await documentOf(1));
    await change({ put: 'node', value: { id: 'app:web', type: 'product', name: 'Web' } });
    expect(await rowsOf(2)).toEqual({ all: 11, ofDraft: 2 });
    expect((await documentOf(1)).nodes.find(({ id }) => id === 'app:web')?.name).toBeUndefined();
    expect((await documentOf('draft')).nodes.find(({ id }) => id === 'app:web')?.name).toBe('Web');
    await expectHashesHold();
  });

  it('leaves no trace of what was changed and changed back', async () => {
    await replace(smallGraph);
    await publish();
    await change({ remove: 'node', id: 'db', withEdges: true });
    expect(await content('draft')).toMatchObject({ document: { edges: [], groups: [] } });
    await change({ put: 'metric', value: { id: 'bytes', from: 'usage' } });
    const back = await replace(smallGraph);
    expect(back).toMatchObject({ changed: { added: 4, changed: 0, removed: 1 }, number: 2 });
    expect(await rowsOf(2)).toEqual({ all: 10, ofDraft: 0 });
    expect(back.hash).toBe((await content(1)).hash);
  });

  it('is discarded with all that was changed in it, and its number is free again', async () => {
    await replace(smallGraph);
    await publish();
    await replace(second);
    const gone = await write((tx) => discardDraft(tx, ann, graph));
    expect(gone).toMatchObject({ number: 2, edges: 3 });
    expect(await rowsOf(2)).toEqual({ all: 10, ofDraft: 0 });
    await expect(content('draft')).rejects.toMatchObject({ code: 'allocation.unknownVersion' });
    await expect(write((tx) => discardDraft(tx, ann, graph))).rejects.toMatchObject({
      code: 'allocation.unknownVersion',
    });
    expect(await replace(second)).toMatchObject({ number: 2 });
    await expectHashesHold();
  });

  it('is one at a time', async () => {
    await write((tx) => openDraft(tx, ann, graph));
    await expect(write((tx) => openDraft(tx, ann, graph))).rejects.toMatchObject({
      code: 'allocation.draftOpen',
      params: { number: 1, by: 'ann@example.com' },
    });
  });

  it('tells in a dry run what it would become, and keeps nothing', async () => {
    await replace(smallGraph);
    await publish();
    const before = [await rowsOf(2), (await auditOf()).length, await read((tx) => requireGraph(tx, graph))];
    const dry = await write((tx) => replaceDraft(tx, ann, graph, parse(second), { dryRun: true }));
    expect(dry).toMatchObject({
      number: 2,
      dryRun: true,
      edges: 3,
      changed: { added: 2, changed: 2, removed: 0 },
    });
    expect(dry.hash).toBe(hashDocument(parse(second)));
    expect([await rowsOf(2), (await auditOf()).length, await read((tx) => requireGraph(tx, graph))]).toEqual(
      before,
    );
    await replace(second);
    const state = await read((tx) => requireGraph(tx, graph));
    expect(await write((tx) => publishDraft(tx, ann, graph, { dryRun: true }))).toMatchObject({
      state: 'draft',
    });
    expect(await read((tx) => requireGraph(tx, graph))).toEqual(state);
  });

  it('takes two parts under one id for a mistake, and is left as it was', async () => {
    await replace(smallGraph);
    const { hash } = await content('draft');
    const twice = {
      ...smallGraph,
      nodes: [...(smallGraph.nodes ?? []), { id: 'db', type: 'product' as const }],
    };
    await expect(replace(twice)).rejects.toMatchObject({
      code: 'allocation.malformedGraph',
      status: 422,
      params: { issues: [{ path: 'nodes/db' }] },
    });
    expect((await content('draft')).hash).toBe(hash);
  });

  it('keeps what people wrote to the byte: odd characters, numbers, order of rules', async () => {
    const odd = 'a"b\\c\u2028\u0001\t 漢字 😀 ﬁ {"x":1}';
    const document: GraphDocumentInput = {
      nodes: ['😀', 'ﬁ', 'z', 'É', 'a/b', "o'c", '%x', 'ünï'].map((id) => ({
        id,
        type: 'service',
        labels: { k: odd, '9': 'x', '10': 'y' },
      })),
      rules: Array.from({ length: 30 }, (_, index) => ({
        id: `r${(index * 7) % 30}`,
        node: `n{Tags.x}${odd}`,
      })),
    };
    const { hash } = await replace(document);
    const found = await documentOf('draft');
    expect(hashDocument(found)).toBe(hash);
    expect(found.rules).toEqual(parse(document).rules);
    expect(found.nodes.map(({ id }) => id)).toEqual(['%x', 'a/b', "o'c", 'z', 'É', 'ünï', 'ﬁ', '😀']);
    expect(found.nodes[0]?.labels).toEqual({ k: odd, '9': 'x', '10': 'y' });
  });
});

describe('changes of a draft', () => {
  beforeEach(async () => {
    await replace(smallGraph);
    await publish();
  });

  it('are done one after the other, all or nothing', async () => {
    await expect(
      change({ put: 'node', value: { id: 'new', type: 'service' } }, { remove: 'edge', id: 'db -> nowhere' }),
    ).rejects.toMatchObject({
      code: 'allocation.unknownPart',
      message: expect.stringContaining("edge 'db -> nowhere'"),
    });
    await expect(content('draft')).rejects.toMatchObject({ code: 'allocation.unknownVersion' });
    const done = await change(
      { put: 'node', value: { id: 'app:api', type: 'product' } },
      {
        put: 'edge',
        value: { from: 'db', to: 'app:api', strategy: 'fixed_percent', params: { percent: '10 %' } },
      },
      { remove: 'edge', id: 'db -> app:web' },
      {
        put: 'edge',
        value: { from: 'db', to: 'app:web', strategy: 'proportional', params: { metric: 'queries' } },
      },
      { put: 'group', value: { node: 'db', name: 'reserved', percent: 20 } },
      { remove: 'group', node: 'db' },
      { put: 'method', value: { dimension: 'RegionId' } },
    );
    expect(done.changed).toEqual({ added: 3, changed: 1, removed: 1 });
    const { edges, groups, method } = await documentOf('draft');
    expect(edges.map(({ id }) => id)).toEqual(['db -> app:api', 'db -> app:shop', 'db -> app:web']);
    expect(edges[0]).toMatchObject({ params: { percent: '10' } });
    expect(groups).toMatchObject([{ name: 'reserved', percent: '20' }]);
    expect(method).toMatchObject({ dimension: 'RegionId', metric: 'EffectiveCost' });
    expect(done.hash).toBe(hashDocument(await documentOf('draft')));
  });

  it('take a node away with its edges and groups, also those just made', async () => {
    await change(
      { put: 'node', value: { id: 'app:old', type: 'product' } },
      { remove: 'node', id: 'app:old', withEdges: true },
      { put: 'edge', value: { from: 'app:web', to: 'db', strategy: 'equal' } },
      { put: 'group', value: { node: 'db', name: 'x' } },
      { remove: 'edge', id: 'db -> app:web' },
      { remove: 'node', id: 'db', withEdges: true },
    );
    const { nodes, edges, groups } = await documentOf('draft');
    expect([nodes.map(({ id }) => id), edges, groups]).toEqual([['app:shop', 'app:web'], [], []]);
  });

  it('leave the edges of a node that is taken away alone to findings', async () => {
    await change(
      { put: 'node', value: { id: 'cache', type: 'shared' } },
      { put: 'edge', value: { from: 'cache', to: 'app:web', strategy: 'equal' } },
    );
    const { findings } = await change({ remove: 'node', id: 'cache' });
    const wrong = findings.filter(({ severity }) => severity === 'error');
    expect(wrong.map(({ path }) => path)).toEqual([expect.stringContaining('edges/cache -> app:web')]);
  });

  it('put a rule before another one, or last, and leave the place of one that is there', async () => {
    const ids = async () => (await documentOf('draft')).rules.map(({ id }) => id);
    await change(
      { put: 'rule', value: { id: 'first', node: 'db' }, before: 'tagged' },
      { put: 'rule', value: { id: 'last', node: 'db' } },
      { put: 'rule', value: { id: 'tagged', node: 'app:{Tags.app}', note: 'x' } },
    );
    expect(await ids()).toEqual(['first', 'tagged', 'rest', 'last']);
    await change(
      { put: 'rule', value: { id: 'last', node: 'db' }, before: 'rest' },
      { remove: 'rule', id: 'first' },
    );
    expect(await ids()).toEqual(['tagged', 'last', 'rest']);
    await expect(
      change({ put: 'rule', value: { id: 'x', node: 'db' }, before: 'nowhere' }),
    ).rejects.toMatchObject({ code: 'allocation.unknownPart' });
    await expectHashesHold();
  });

  it('that say what is so already raise nothing and stand nowhere', async () => {
    await change({ put: 'node', value: { id: 'new', type: 'service' } });
    const before = [await read((tx) => requireGraph(tx, graph)), await auditOf()];
    const done = await change({ put: 'node', value: { id: 'new', type: 'service', labels: {} } });
    expect(done.changed).toEqual({ added: 0, changed: 0, removed: 0 });
    expect([await read((tx) => requireGraph(tx, graph)), await auditOf()]).toEqual(before);
  });
});

describe('publishing', () => {
  it('is refused with every finding when one is an error, and the draft stays', async () => {
    const wrong: GraphDocumentInput = {
      ...smallGraph,
      edges: [
        ...(smallGraph.edges ?? []),
        { from: 'db', to: 'nowhere', strategy: 'equal' },
        { from: 'app:web', to: 'app:web', strategy: 'equal' },
      ],
    };
    const { findings } = await replace(wrong);
    const found = findings.filter(({ severity }) => severity === 'error');
    expect(found.length).toBeGreaterThan(1);
    await expect(publish()).rejects.toMatchObject({
      code: 'allocation.invalidGraph',
      status: 422,
      exitCode: 5,
      params: { graph, number: 1, findings },
    });
    expect(await content('draft')).toMatchObject({ number: 1, state: 'draft' });
  });

  it('knows the applications of the graph’s entity', async () => {
    const errorsOf = async (entity: string | null, application: string) => {
      const id = `${graph}-${entity}-${application}`;
      const document = parse({ nodes: [{ id: 'p', type: 'product', application }] });
      await write((tx) => createGraph(tx, ann, { id, label: 'x', entity }));
      const { findings } = await write((tx) => replaceDraft(tx, ann, id, document));
      return findings.filter(({ path }) => path.includes('application')).length;
    };
    expect(await errorsOf(null, 'shop')).toBe(0);
    expect(await errorsOf(null, 'nothing')).toBe(1);
    expect(await errorsOf('retail', 'shop')).toBe(0);
    expect(await errorsOf('retail', 'lab')).toBe(1);
  });

  it('is refused where nothing differs from the last version, or no draft is open', async () => {
    await expect(publish()).rejects.toMatchObject({ code: 'allocation.unknownVersion' });
    await replace(smallGraph);
    await publish();
    await replace(smallGraph);
    await expect(publish()).rejects.toMatchObject({ code: 'allocation.nothingToPublish', exitCode: 7 });
  });
});

describe('the history of a graph', () => {
  it('keeps every version as it was published, and goes back to any of them', async () => {
    await replace(smallGraph);
    await publish('one');
    await replace(second);
    await publish('two');
    await change(
      { remove: 'rule', id: 'rest' },
      { put: 'node', value: { id: 'app:web', type: 'product', archived: true } },
    );
    await publish('three');
    const third = await content(3);
    const before = await rowsOf(4);
    const draft = await write((tx) => rollBack(tx, ann, graph, { version: 1 }));
    expect(draft).toMatchObject({
      number: 4,
      basedOn: 1,
      note: 'as version 1 was',
      hash: (await content(1)).hash,
    });
    expect(await documentOf('draft')).toEqual(await documentOf(1));
    // Two edges, a rule and a node come back; three edges and two nodes end; the other six parts are not touched.
    const { all, ofDraft } = await rowsOf(4);
    expect([all - before.all, ofDraft]).toEqual([4, 9]);
    await expect(write((tx) => rollBack(tx, ann, graph, { version: 2 }))).rejects.toMatchObject({
      code: 'allocation.draftOpen',
    });
    await publish();
    expect(await documentOf('published')).toEqual(await documentOf(1));
    expect(await content(3)).toEqual({ ...third, version: (await content(3)).version });
    await expectHashesHold();
    await expect(write((tx) => rollBack(tx, ann, graph, { version: 9 }))).rejects.toMatchObject({
      code: 'allocation.unknownVersion',
    });
    const versions = await read((tx) => versionsOf(tx, graph));
    expect(versions.map(({ number, note, basedOn }) => [number, note, basedOn])).toEqual([
      [4, 'as version 1 was', 1],
      [3, 'three', 2],
      [2, 'two', 1],
      [1, 'one', null],
    ]);
    expect(
      (await read((tx) => versionsOf(tx, graph, { before: 3, limit: 1 }))).map(({ number }) => number),
    ).toEqual([2]);
  });

  it('tells what differs between two versions, either way round', async () => {
    await replace(smallGraph);
    await publish();
    await replace(second);
    await publish();
    await change({ remove: 'node', id: 'app:api', withEdges: true });
    const between = (from: VersionRef, to: VersionRef) => read((tx) => diffVersions(tx, graph, from, to));
    const forth = await between(1, 2);
    const { diffDocuments } = await import('./diff-documents.ts');
    for (const [from, to] of [
      [1, 2],
      [2, 1],
      [1, 3],
      [3, 1],
      [2, 3],
      [2, 2],
    ] as const) {
      const { diff } = await between(from, to);
      expect([from, to, diff]).toEqual([
        from,
        to,
        diffDocuments(await documentOf(from), await documentOf(to)),
      ]);
    }
    expect(forth).toMatchObject({ from: 1, to: 2 });
    expect(await between('published', 'draft')).toMatchObject({ from: 2, to: 3 });
  });

  it('has a line for every change: few parts one by one, many by their number', async () => {
    await replace(smallGraph);
    await publish('one');
    await change({ put: 'node', value: { id: 'app:web', type: 'product', name: 'Web' } });
    await replace({
      nodes: Array.from({ length: 30 }, (_, index) => ({ id: `n${index}`, type: 'service' })),
    });
    await write((tx) => discardDraft(tx, ann, graph));
    const lines = await auditOf();
    expect(lines.map(({ action }) => action)).toEqual([
      'graph.create',
      'graph.draft.replace',
      'graph.publish',
      'graph.draft.change',
      'graph.draft.replace',
      'graph.draft.discard',
    ]);
    expect(lines[3]).toMatchObject({
      before: { parts: { 'nodes/app:web': { id: 'app:web', archived: false } } },
      after: { number: 2, parts: { 'nodes/app:web': { name: 'Web' } }, changed: { changed: 1 } },
    });
    expect(lines[4]?.after).toMatchObject({
      nodes: 30,
      edges: 0,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(lines[4]?.after).not.toHaveProperty('parts');
  });
});

describe('graphs', () => {
  it('belong to an entity or to the installation, and are seen by who sees that', async () => {
    const retail = personOf({ entities: ['retail'], applications: ['shop'] });
    const id = `${graph}-retail`;
    await bench.records.write(retail, (tx) =>
      createGraph(tx, retail, { id, label: 'Retail', entity: 'retail' }),
    );
    await bench.records.write(retail, (tx) => replaceDraft(tx, retail, id, parse(smallGraph)));
    await bench.records.write(retail, (tx) => publishDraft(tx, retail, id));
    expect((await bench.records.read(retail, (tx) => listGraphs(tx))).map((one) => one.id)).toContain(id);
    const refusals = [
      [
        retail,
        (tx: Tx) => createGraph(tx, retail, { id: 'x', label: 'x', entity: null }),
        'wholeScopeNeeded',
      ],
      [retail, (tx: Tx) => createGraph(tx, retail, { id: 'x', label: 'x', entity: 'labs' }), 'unknownEntity'],
      [
        retail,
        (tx: Tx) => createGraph(tx, retail, { id: graph, label: 'x', entity: 'retail' }),
        'graphTaken',
      ],
      [retail, (tx: Tx) => openDraft(tx, retail, graph), 'unknownGraph'],
      [retail, (tx: Tx) => graphDocument(tx, graph, 'published'), 'unknownGraph'],
      [personOf({ entities: ['labs'] }), (tx: Tx) => replaceDraft(tx, ann, id, parse({})), 'unknownGraph'],
      [personOf({ applications: ['shop'] }), (tx: Tx) => graphDocument(tx, id, 1), 'unknownGraph'],
    ] as const;
    for (const [caller, work, code] of refusals)
      await expect(bench.records.write(caller, work as (tx: Tx) => Promise<unknown>)).rejects.toMatchObject({
        code: `allocation.${code}`,
      });
  });

  it.runIf(testServer !== undefined)(
    'are changed by one after the other, however many come at once',
    async () => {
      const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
      const done = await Promise.all(
        names.map((id) => change({ put: 'node', value: { id, type: 'service' } })),
      );
      expect(new Set(done.map(({ version }) => version)).size).toBe(8);
      expect((await documentOf('draft')).nodes.map(({ id }) => id)).toEqual(names);
      await expectHashesHold();
      const opened = await Promise.allSettled([publish(), publish(), publish()]);
      expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    },
  );

  it('of thousands of nodes and edges are written and read whole', async () => {
    const nodes = Array.from({ length: 9000 }, (_, index) => ({ id: `n${index}`, type: 'service' as const }));
    const edges = Array.from({ length: 25_000 }, (_, index) => ({
      from: `n${index % 1000}`,
      to: `n${1000 + ((index * 7) % 8000)}`,
      id: `e${index}`,
      strategy: 'equal' as const,
    }));
    const { hash } = await replace({ nodes, edges });
    expect(await content('draft')).toMatchObject({ hash });
    await expectHashesHold();
    const { changed } = await replace({ nodes, edges: edges.slice(1) });
    expect(changed).toEqual({ added: 0, changed: 0, removed: 1 });
    expect(await documentOf('draft')).toMatchObject({ edges: { length: 24_999 } });
  });
});
