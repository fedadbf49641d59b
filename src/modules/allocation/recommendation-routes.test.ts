import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import type { GraphDocumentInput } from './model.ts';
import { openQuestionBench, type QuestionBench } from './testing/question-bench.ts';
import { charge, inMonth } from './testing/run-bench.ts';

/** Machines that a cluster runs on, which two products share by requests; utilisation in percent and as a ratio. */
const graph: GraphDocumentInput = {
  nodes: [
    { id: 'machines', type: 'resource', name: 'Machines' },
    { id: 'cluster', type: 'platform', name: 'Cluster' },
    { id: 'shop', type: 'product', application: 'shop' },
    { id: 'lab', type: 'product', application: 'lab' },
  ],
  edges: [
    { from: 'machines', to: 'cluster', strategy: 'equal' },
    { from: 'cluster', to: 'shop', strategy: 'proportional', params: { metric: 'requests' } },
    { from: 'cluster', to: 'lab', strategy: 'proportional', params: { metric: 'requests' } },
  ],
  rules: [
    { id: 'tagged', where: 'Tags.app is not null', node: '{Tags.app}' },
    { id: 'commitments', where: 'CommitmentDiscountId is not null', node: 'machines' },
  ],
  metrics: [
    { id: 'requests', from: 'usage' },
    { id: 'cpu', from: 'usage', unit: 'percent' },
    { id: 'memory', from: 'usage', unit: 'ratio' },
  ],
};
const days = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1).padStart(2, '0'));
const usage = (month: string, requests: number, more: readonly string[] = []) =>
  [
    'node,day,metric,value',
    ...days(20).flatMap((day) => [
      `shop,${month}-${day},requests,${requests}`,
      `lab,${month}-${day},requests,${requests}`,
    ]),
    ...more,
  ].join('\n');
const unused = {
  ...{
    CommitmentDiscountId: 'sp-1',
    CommitmentDiscountStatus: 'Unused',
    CommitmentDiscountCategory: 'Spend',
  },
  ...{ CommitmentDiscountType: 'Savings Plan', Tags: '', ResourceId: 'sp-1' },
};

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench();
  await bench.publishGraph(graph);
  await bench.bill('aws', [inMonth('2026-09', charge('5', '300', 'machines'))]);
  await bench.bill('aws', [
    charge('5', '500', 'machines', { ResourceId: 'i-1' }),
    charge('6', '100', 'machines', { ResourceId: 'i-2' }),
    charge('7', '40', '', unused),
    charge('8', '30', 'x', { Tags: '', ResourceId: 'vol-1', ServiceName: 'Disks' }),
    charge('8', '10', 'x', { Tags: '', ResourceId: 'vol-2', ServiceName: 'Disks' }),
    charge('9', '-5', 'x', { Tags: '' }),
    charge('9', '6', 'lab', {
      SkuMeter: 'EUC1-PublicIPv4:IdleAddress',
      ResourceId: 'eip-1',
      SubAccountId: 'acme-prod',
    }),
    charge('9', '2', 'lab', {
      SkuMeter: 'PublicIPv4:IdleAddress',
      ResourceId: 'eip-2',
      SubAccountId: 'acme-prod',
    }),
    charge('9', '3', 'lab', {
      SkuMeter: 'PublicIPv4:InUseAddress',
      ResourceId: 'eip-3',
      SubAccountId: 'acme-prod',
    }),
  ]);
  await bench.usage(usage('2026-09', 30));
  // A third of the machines is used at most: the memory. The lab was measured on too few days.
  await bench.usage(
    usage('2026-10', 31, [
      ...days(10).map((day) => `machines,2026-10-${day},cpu,${Number(day) % 2 === 0 ? 10 : 14}`),
      ...days(10).map((day) => `machines,2026-10-${day},memory,0.24`),
      ...days(6).map((day) => `lab,2026-10-${day},cpu,1`),
    ]),
  );
  await bench.run('2026-09');
  await bench.run('2026-10');
}, 120_000);
afterAll(() => bench.close());

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly cost: string;
  readonly saving: string | null;
  readonly countedIn: string | null;
  readonly status: string;
}
const list = async (query = '') =>
  (await bench.get(`/allocation/recommendations?month=2026-10${query}`)).body;
const refresh = async (more: object = {}) =>
  (await bench.post('/allocation/recommendations/refresh', { month: '2026-10', ...more })).body;
const idOf = async (kind: string) =>
  ((await list()).items as Listed[]).find((one) => one.kind === kind)?.id ?? '';

describe('recommendations', () => {
  it('are computed from a published run, and say what they are about and what they save', async () => {
    const none = await bench.post('/allocation/recommendations/refresh', { month: '2026-08' });
    expect([none.status, none.body.code]).toEqual([404, 'allocation.noPublishedRun']);
    const answer = await refresh();
    expect(answer).toMatchObject({ found: 6, made: 6 });
    const { items, totals } = await list();
    const kinds = new Map((items as Listed[]).map((one) => [one.id, one.kind]));
    const shown = (items as Listed[]).map(({ kind, cost, saving, countedIn }) => [
      ...[kind, cost, saving, countedIn === null ? null : kinds.get(countedIn)],
    ]);
    expect(shown).toEqual([
      // 640 for 1240 requests on 20 of 31 days, and 300 for 1200 on 20 of 30 days the month before.
      ['idle', '640', '384', null],
      ['oversized_pool', '640', '319.666666666667', 'idle'],
      ['unused_commitment', '40', '40', 'idle'],
      ['idle_address', '8', '8', null],
      ['missing_tag', '80', null, null],
      ['no_rule', '40', null, null],
    ]);
    // The pool and the commitment are cost of the machines, which are saved already.
    expect(totals).toEqual([{ currency: 'USD', saving: '392', count: 2 }]);
    const parts = (items as Listed[]).filter((one) => one.saving !== null && one.countedIn === null);
    expect(formatDecimal(sumDecimals(parts.map((one) => parseDecimal(one.saving ?? '0'))))).toBe('392');
  });

  it('show their formula, facts, and the rows that they rest on', async () => {
    const show = async (kind: string) =>
      (await bench.get(`/allocation/recommendations/${await idOf(kind)}`)).body;
    const idle = await show('idle');
    expect(idle).toMatchObject({
      ...{ node: 'machines', title: 'Machines was used 24.0 % at most (memory, 10 days)' },
      formula: 'cost × (1 − utilisation ÷ target) = 640 × (1 − 0.24 ÷ 0.6)',
      facts: { level: 'low', metric: 'memory', measuredDays: 10 },
      basis: [{ node: 'machines' }],
      evidenceRows: 4,
    });
    expect(idle.evidence).toMatchObject([
      { metric: 'cpu', utilisation: '0.12', peak: '14' },
      { metric: 'memory', utilisation: '0.24' },
      { rule: 'tagged', source: 'aws', cost: '600' },
      { rule: 'commitments', cost: '40' },
    ]);
    const noRule = await show('no_rule');
    expect(noRule.evidence).toMatchObject([
      { resource: 'vol-1', service: 'Disks', cost: '30', rows: 1 },
      { resource: 'vol-2', cost: '10' },
    ]);
    const pool = await show('oversized_pool');
    expect(pool.facts).toMatchObject({ metric: 'requests', since: '2026-09' });
    expect(pool.evidence.map((e: { month: string; units: string }) => [e.month, e.units])).toEqual([
      ['2026-09', '1200'],
      ['2026-10', '1240'],
    ]);
    expect((await show('missing_tag')).facts).toEqual({ tag: 'app', rows: 3 });
    expect((await show('idle_address')).evidence).toMatchObject([
      { resource: 'eip-1' },
      { resource: 'eip-2' },
    ]);
    expect((await bench.get('/allocation/recommendations/none')).body.code).toBe(
      'allocation.unknownRecommendation',
    );
  });

  it('keep what was decided of them when they are computed again, and count without what was dismissed', async () => {
    const idle = await idOf('idle');
    const decide = async (body: object) => bench.post(`/allocation/recommendations/${idle}/status`, body);
    expect((await decide({ status: 'dismissed' })).body.code).toBe('server.invalid');
    const dismissed = await decide({ status: 'dismissed', reason: 'needed at year end' });
    expect(dismissed.body).toMatchObject({
      status: 'dismissed',
      reason: 'needed at year end',
      decidedBy: 'ann@example.com',
    });
    const again = await refresh();
    expect(again).toMatchObject({ found: 6, made: 0 });
    const { items, totals } = await list();
    expect((items as Listed[]).find(({ id }) => id === idle)?.status).toBe('dismissed');
    // The pool's saving counts now, with the commitment's in it.
    expect(totals).toEqual([{ currency: 'USD', saving: '327.666666666667', count: 2 }]);
    expect((await list('&status=dismissed')).items).toHaveLength(1);
    expect((await list('&kind=no_rule')).items).toHaveLength(1);
    expect((await list('&node=machines')).items).toHaveLength(2);
    await decide({ status: 'open' });
    expect((await list()).totals[0].saving).toBe('392');
    await decide({ status: 'open' });
    const { lines } = await bench.records.asOwner(async (tx) => ({
      lines: await tx
        .selectFrom('audit_log')
        .selectAll()
        .where('object_id', '=', idle)
        .orderBy('id')
        .execute(),
    }));
    // What is so already is no change.
    expect(lines.map(({ action }) => action)).toEqual(['recommendation.dismiss', 'recommendation.open']);
  });

  it('that no longer hold are gone from the month, and keep what was decided', async () => {
    await bench.post(`/allocation/recommendations/${await idOf('idle')}/status`, { status: 'accepted' });
    const strict = await refresh({ targetUtilisation: '0.2' });
    expect(strict.found).toBe(5);
    expect(await idOf('idle')).toBe('');
    await refresh();
    expect((await list('&kind=idle')).items).toMatchObject([{ status: 'accepted' }]);
  });

  it('come page by page', async () => {
    const first = await list('&limit=4');
    expect(first.items).toHaveLength(4);
    const second = await list(`&limit=4&cursor=${first.next}`);
    expect(second.items).toHaveLength(2);
    expect(second.next).toBeUndefined();
  });

  it('of a graph of everybody are not for who sees a part: only those on their own nodes', async () => {
    const seen = async (scope: object) =>
      (await bench.get('/allocation/recommendations?month=2026-10', scope)).body.items as Listed[];
    expect((await seen({ entities: ['labs'] })).map(({ kind }) => kind)).toEqual(['idle_address']);
    expect((await seen({ applications: ['lab'] })).map(({ kind }) => kind)).toEqual(['idle_address']);
    expect(await seen({ entities: ['retail'] })).toEqual([]);
    const id = await idOf('idle');
    const foreign = await bench.get(`/allocation/recommendations/${id}`, { entities: ['labs'] });
    expect(foreign.body.code).toBe('allocation.unknownRecommendation');
    const change = await bench.post(
      `/allocation/recommendations/${id}/status`,
      { status: 'done' },
      { entities: ['labs'] },
    );
    expect(change.body.code).toBe('allocation.unknownRecommendation');
    const other = await bench.post(
      '/allocation/recommendations/refresh',
      { month: '2026-10' },
      { entities: ['labs'] },
    );
    expect(other.body.code).toBe('allocation.unknownGraph');
  });
});
