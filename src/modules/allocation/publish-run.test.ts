import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerCaller } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';
import { publishRun, requireRun } from './publish-run.ts';
import { selectRun } from './query-run.ts';
import { computeRun } from './run-compute.ts';
import { listRuns } from './run-records-sql.ts';
import { charge, openRunBench, personOf, type RunBench, smallGraph } from './testing/run-bench.ts';

const everyone = personOf();
const retail = personOf({ entities: ['retail'], sources: ['retail-aws'] });
const labs = personOf({ entities: ['labs'], sources: ['labs-aws'] });
const october = { graph: 'main', period: '2026-10' };

let bench: RunBench;
beforeAll(async () => {
  bench = await openRunBench({ 'retail-aws': 'retail', 'labs-aws': 'labs' });
  await bench.publishGraph(smallGraph);
  await bench.publishGraph(smallGraph, { id: 'retail', entity: 'retail' });
  await bench.bill('retail-aws', [charge('5', '10', 'shop')]);
  await bench.bill('labs-aws', [charge('5', '3', 'lab')]);
  await bench.usage('node,day,metric,value\napp:shop,2026-10-05,requests,1\n');
});
afterAll(() => bench.close());

async function pins() {
  const { partitions } = await bench.workspace.lake.current();
  return partitions.flatMap(({ dataset, source, pins: of, current }) =>
    of.map(({ snapshot, reason }) => [dataset, source, snapshot === current?.id, reason].join(' ')),
  );
}

async function current(graph = 'main') {
  const { partitions } = await bench.workspace.lake.current();
  const own = partitions.filter(({ source }) => source === `graph~${graph}`);
  return [...new Set(own.map(({ current: entry }) => entry?.id ?? null))];
}

async function states() {
  const runs = await bench.records.read(everyone, (tx) => listRuns(tx, { ...october, limit: 10 }));
  return Object.fromEntries(runs.map(({ id, state }) => [id, state]));
}

describe('publishing a run', () => {
  it('makes its three snapshots current in one generation, and pins what it was computed from', async () => {
    const { run } = await computeRun(bench, everyone, october);
    expect(await current()).toEqual([null]);
    await expect(
      selectRun(bench.workspace, everyone.scope, { graph: 'main', month: '2026-10' }),
    ).rejects.toMatchObject({ code: 'allocation.noPublishedRun' });
    const { generation } = await bench.workspace.lake.current();
    const published = await publishRun(bench, everyone, run.id.slice(0, 10));
    expect(published).toMatchObject({ id: run.id, state: 'published', publishedBy: 'ann@example.com' });
    expect((await bench.workspace.lake.current()).generation).toBe(generation + 1);
    expect(await current()).toEqual([run.snapshot]);
    expect(await pins()).toEqual([
      'cost labs-aws true allocation of main 2026-10',
      'cost retail-aws true allocation of main 2026-10',
      'usage usage~main~monitoring true allocation of main 2026-10',
    ]);
  });

  it('changes nothing when it is published already', async () => {
    const { generation } = await bench.workspace.lake.current();
    const { run } = await computeRun(bench, everyone, october);
    expect((await publishRun(bench, everyone, run.id)).state).toBe('published');
    expect((await bench.workspace.lake.current()).generation).toBe(generation);
  });

  it('supersedes the run before, whose bills are free again; and back', async () => {
    const before = (await computeRun(bench, everyone, october)).run;
    await bench.bill('retail-aws', [charge('5', '11', 'shop')]);
    const { run } = await computeRun(bench, everyone, october);
    expect(await current()).toEqual([before.snapshot]);
    await publishRun(bench, everyone, run.id);
    expect(await current()).toEqual([run.snapshot]);
    expect(await states()).toEqual({ [before.id]: 'superseded', [run.id]: 'published' });
    expect((await pins()).filter((pin) => pin.includes('retail-aws'))).toEqual([
      'cost retail-aws true allocation of main 2026-10',
    ]);
    await publishRun(bench, everyone, before.id);
    expect(await current()).toEqual([before.snapshot]);
    expect(await states()).toEqual({ [before.id]: 'published', [run.id]: 'superseded' });
    expect((await pins()).filter((pin) => pin.includes('retail-aws'))).toEqual([
      'cost retail-aws false allocation of main 2026-10',
    ]);
    await publishRun(bench, everyone, run.id);
  });

  it('is told in the audit log, with the run that was computed', async () => {
    const lines = await bench.records.asOwner((tx) =>
      tx.selectFrom('audit_log').select(['action', 'actor_name', 'entity_id']).orderBy('id').execute(),
    );
    const told = lines
      .filter(({ action }) => action.startsWith('allocationRun.'))
      .map(({ action }) => action);
    expect(told.slice(0, 3)).toEqual([
      'allocationRun.compute',
      'allocationRun.publish',
      'allocationRun.compute',
    ]);
  });

  it('mends a crash between the lake and the records', async () => {
    const { run } = await computeRun(bench, everyone, october);
    await bench.records.asOwner((tx) =>
      tx
        .updateTable('allocation_run')
        .set({ state: 'computed', published_at: null, published_by: null })
        .where('id', '=', run.id)
        .execute(),
    );
    expect((await publishRun(bench, everyone, run.id)).state).toBe('published');
    expect((await states())[run.id]).toBe('published');
  });
});

describe('publishing is refused', () => {
  it('for a month that is closed for an entity whose bills the graph reads', async () => {
    await bench.bill('labs-aws', [charge('5', '4', 'lab')]);
    const { run } = await computeRun(bench, everyone, october);
    await bench.period('labs', '2026-10', 'CLOSED');
    const refused = publishRun(bench, everyone, run.id);
    await expect(refused).rejects.toMatchObject({
      code: 'allocation.closedMonth',
      exitCode: 7,
      params: { entity: 'labs', period: '2026-10' },
    });
    await expect(refused).rejects.toThrow(/next open month/);
    const own = await computeRun(bench, retail, { graph: 'retail', period: '2026-10' });
    expect((await publishRun(bench, retail, own.run.id)).state).toBe('published');
    await bench.period('retail', '2026-10', 'LOCKED');
    await expect(publishRun(bench, retail, own.run.id)).rejects.toMatchObject({ exitCode: 7 });
    for (const entity of ['labs', 'retail']) await bench.period(entity, '2026-10', 'OPEN');
  });

  it('for a run whose books do not balance', async () => {
    const { run } = await computeRun(bench, everyone, october);
    const checks = run.result.checks.map((check) =>
      check.name === 'nodeBalance' ? { ...check, ok: false, difference: '0.01' } : check,
    );
    await bench.records.asOwner((tx) =>
      tx
        .updateTable('allocation_run')
        .set({
          state: 'failed',
          snapshot_id: null,
          published_at: null,
          published_by: null,
          result: JSON.stringify({ ...run.result, checks }),
        })
        .where('id', '=', run.id)
        .execute(),
    );
    const refused = publishRun(bench, everyone, run.id);
    await expect(refused).rejects.toMatchObject({ code: 'allocation.unbalanced', exitCode: 6 });
    await expect(refused).rejects.toThrow(/nodeBalance is off by 0.01/);
    expect(await computeRun(bench, everyone, october)).toMatchObject({
      known: false,
      run: { state: 'computed' },
    });
  });

  it('for a run whose figures gc has removed', async () => {
    const { run } = await computeRun(bench, everyone, october);
    await bench.workspace.lake.write((writer) =>
      writer.change('as gc does', ({ partitions, discarded }) => ({
        partitions: partitions.map((p) => ({
          ...p,
          history: p.history.filter(({ id }) => id !== run.snapshot),
        })),
        discarded,
      })),
    );
    await expect(publishRun(bench, everyone, run.id)).rejects.toMatchObject({ code: 'allocation.lostRun' });
    expect(await computeRun(bench, everyone, october)).toMatchObject({ known: false, run: { id: run.id } });
  });
});

describe('runs are of the entity of their graph', () => {
  it('so that somebody of another entity can neither see, compute nor publish them', async () => {
    const { run } = await computeRun(bench, retail, { graph: 'retail', period: '2026-10' });
    const unknown = { code: 'allocation.unknownRun', status: 404 };
    await expect(requireRun(bench, labs, run.id)).rejects.toMatchObject(unknown);
    await expect(publishRun(bench, labs, run.id)).rejects.toMatchObject(unknown);
    expect(await bench.records.read(labs, (tx) => listRuns(tx, { limit: 10 }))).toEqual([]);
    for (const graph of ['retail', 'main']) {
      const refused = computeRun(bench, labs, { graph, period: '2026-10' });
      await expect(refused).rejects.toMatchObject({ code: 'allocation.unknownGraph' });
    }
  });

  it('and read the bills of that entity only, whoever asks', async () => {
    const byRetail = await computeRun(bench, retail, { graph: 'retail', period: '2026-10' });
    const byOwner = await computeRun(bench, ownerCaller(null), { graph: 'retail', period: '2026-10' });
    expect(byOwner).toMatchObject({ known: true, run: { id: byRetail.run.id, entity: 'retail' } });
    expect(byRetail.run.result.currencies).toMatchObject([{ currency: 'USD', total: '11' }]);
    expect(byRetail.run.inputs.cost.map(({ source }) => source)).toEqual(['retail-aws']);
  });
});

describe('a run', () => {
  it('is not found by a beginning that others share, nor by what is no id', async () => {
    for (const run of ['deadbeef', 'x', '', 'ffffffffffffffffffffffffffffffff'])
      await expect(requireRun(bench, everyone, run)).rejects.toMatchObject({
        code: errors.unknownRun({ run }).code,
      });
  });

  it('is of a published version, never of a draft', async () => {
    const { replaceDraft } = await import('./drafts.ts');
    const { graphDocumentSchema } = await import('./model.ts');
    const rules = [{ id: 'all', node: 'app:shop' }];
    const draft = graphDocumentSchema.parse({ ...smallGraph, rules });
    await bench.records.write(everyone, (tx) => replaceDraft(tx, everyone, 'main', draft));
    const refused = computeRun(bench, everyone, { ...october, version: 2 });
    await expect(refused).rejects.toMatchObject({ code: 'allocation.draftRun', exitCode: 7 });
    const unknown = computeRun(bench, everyone, { ...october, version: 3 });
    await expect(unknown).rejects.toMatchObject({ code: 'allocation.unknownVersion' });
    const noBill = computeRun(bench, everyone, { graph: 'main', period: '2026-01' });
    await expect(noBill).rejects.toMatchObject({ code: 'allocation.nothingToAttribute', exitCode: 3 });
  });
});

describe('the figures of a published run', () => {
  it('cannot be changed by anybody, whoever owns the tables', async () => {
    const { run } = await computeRun(bench, everyone, october);
    await publishRun(bench, everyone, run.id);
    const change = bench.records.asOwner((tx) =>
      tx.updateTable('allocation_run').set({ result: '{}' }).where('id', '=', run.id).execute(),
    );
    await expect(change).rejects.toThrow(/is published: its figures stay as they are/);
    const other = bench.records.asOwner((tx) =>
      sql`update allocation_run set period = '2026-11' where id = ${run.id}`.execute(tx),
    );
    await expect(other).rejects.toThrow(/stay as they are/);
    const second = bench.records.asOwner((tx) =>
      sql`insert into allocation_run
        select lpad('', 32, 'e'), graph_id, version, entity_id, period, state, method, inputs, result, snapshot_id,
          computed_at, computed_by, published_at, published_by
        from allocation_run where id = ${run.id}`.execute(tx),
    );
    await expect(second).rejects.toThrow(/allocation_run_one_published/);
  });
});
