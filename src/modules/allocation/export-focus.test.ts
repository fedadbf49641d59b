import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costDataset } from '../focus/index.ts';
import type { GraphDocumentInput } from './model.ts';
import { openQuestionBench, type QuestionBench, sumTexts } from './testing/question-bench.ts';
import { charge } from './testing/run-bench.ts';

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench({ cloud: 'retail' });
});
afterAll(() => bench.close());

type Texts = Readonly<Record<string, string | null>>;

/** Six nodes in a row, the last two of them products; a node shares with some after it, in one of three ways. */
const nodes = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const arbitraryGroup = fc.record({
  way: fc.constantFrom('equal', 'fixed_percent', 'proportional', 'none'),
  to: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  percent: fc.integer({ min: 1, max: 33 }),
});
const arbitraryCharge = fc.record({
  app: fc.constantFrom(...nodes, 'nobody'),
  day: fc.integer({ min: 1, max: 28 }),
  days: fc.constantFrom(1, 3, 31),
  units: fc.bigInt(-(10n ** 15n), 3n * 10n ** 15n),
  currency: fc.constantFrom('USD', 'EUR'),
  category: fc.constantFrom('Usage', 'Usage', 'Tax', 'Credit'),
  service: fc.constantFrom('Compute', 'Storage'),
  consumed: fc.integer({ min: 0, max: 1000 }),
});
const arbitraryMonth = fc.record({
  groups: fc.array(arbitraryGroup, { minLength: 5, maxLength: 5 }),
  charges: fc.array(arbitraryCharge, { minLength: 4, maxLength: 14 }),
  usage: fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { minLength: 31, maxLength: 31 }),
  recoverableTax: fc.constantFrom('all' as const, 'none' as const),
});
type Month = typeof arbitraryMonth extends fc.Arbitrary<infer Value> ? Value : never;

function graphOf({ groups, recoverableTax }: Month): GraphDocumentInput {
  const edges = groups.flatMap(({ way, to, percent }, from) =>
    to
      .filter((target) => target > from && way !== 'none')
      .map((target) => ({
        ...{ from: `n${from}`, to: `n${target}`, strategy: way as 'equal' },
        params: (way === 'fixed_percent'
          ? { percent: String(percent) }
          : way === 'proportional'
            ? { metric: 'requests' }
            : {}) as Record<string, never>,
      })),
  );
  return {
    method: { recoverableTax },
    nodes: nodes.map((id, i) => ({ id, type: i > 3 ? 'product' : 'service', labels: { place: String(i) } })),
    edges,
    rules: [{ id: 'apps', where: "Tags.app != 'nobody'", node: '{Tags.app}' }],
    metrics: [{ id: 'requests', from: 'usage' }],
  };
}

function chargeOf({
  app,
  day,
  days,
  units,
  currency,
  category,
  service,
  consumed,
}: Month['charges'][number]) {
  const size = (units < 0n ? -units : units).toString().padStart(13, '0');
  const cost = `${units < 0n ? '-' : ''}${size.slice(0, -12)}.${size.slice(-12)}`;
  const at = (date: number) => new Date(Date.UTC(2026, 9, date)).toISOString().replace('.000', '');
  const start = days === 31 ? 1 : day;
  return charge(String(day), cost, app, {
    ...{ ChargePeriodStart: at(start), ChargePeriodEnd: at(start + days) },
    ...{ BillingCurrency: currency, BillingAccountId: `acme-${currency}`, ServiceCategory: service },
    ...{ ChargeCategory: category, ListCost: '0.000000000001', BilledCost: `${consumed}.01` },
    ...(category === 'Usage' ? { ConsumedQuantity: String(consumed), ConsumedUnit: 'Hours' } : {}),
  });
}

async function splitOf(graph: string): Promise<readonly Texts[]> {
  const { bytes, status } = await bench.get(
    `/allocation/exports?month=2026-10&dataset=focus&graph=${graph}&verbatim=true`,
  );
  expect(status).toBe(200);
  const file = join(bench.root, 'split.csv');
  await writeFile(file, bytes);
  const rows = await bench.rows(`select * from read_csv('${file}', header = true, all_varchar = true)`);
  return rows as Texts[];
}

const splitColumns = ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost', 'ConsumedQuantity'];

/** Every part of a charge is its own node's, of its sign, and all of them are the charge. */
function expectParts(origin: Texts, parts: readonly Texts[], { recoverableTax }: Month): void {
  for (const column of splitColumns) {
    const texts = parts.flatMap((part) => part[column] ?? []);
    expect([column, texts.length === 0 ? null : sumTexts(texts)]).toEqual([column, origin[column]]);
    const isCredit = origin[column]?.startsWith('-') ?? false;
    for (const text of texts) expect(text === '0' || text.startsWith('-') === isCredit).toBe(true);
  }
  const isLeftOut = origin['ChargeCategory'] === 'Tax' && recoverableTax === 'all';
  const owners = parts.map((part) => part['AllocatedResourceId']);
  expect(new Set(owners).size).toBe(parts.length);
  for (const part of parts) {
    expect(part['AllocatedMethodId'] === null).toBe(isLeftOut);
    if (isLeftOut) continue;
    const owner = part['AllocatedResourceId'] ?? '';
    const place = nodes.indexOf(owner);
    const tags = JSON.parse(part['AllocatedTags'] ?? '');
    expect(tags).toEqual(place < 0 ? {} : { place: String(place) });
    const details = JSON.parse(part['AllocatedMethodDetails'] ?? '');
    expect(details.x_Unallocated).toBe(place < 4);
    expect(details.x_Rule).toBe(details.x_Node === 'unattributed' ? null : 'apps');
  }
  if (isLeftOut) return;
  const ratio = (part: Texts) => JSON.parse(part['AllocatedMethodDetails'] ?? '').Elements[0].AllocatedRatio;
  expect(parts.reduce((sum, part) => sum + ratio(part), 0)).toBeCloseTo(1, 12);
}

/** Per node and currency what the run says it retains, and what the parts come to. */
async function expectRetained(graph: string, parts: readonly Texts[]): Promise<void> {
  const { body } = await bench.post('/allocation/queries', {
    graph,
    query: {
      measures: [{ sum: 'Retained' }],
      dimensions: [{ column: 'NodeId' }, { column: 'BillingCurrency' }],
      from: '2026-10',
      to: '2026-10',
    },
  });
  const sums = new Map<string, string[]>();
  for (const part of parts) {
    if (part['AllocatedMethodId'] === null) continue;
    const key = `${part['AllocatedResourceId']} ${part['BillingCurrency']}`;
    sums.set(key, [...(sums.get(key) ?? []), part['EffectiveCost'] ?? '0']);
  }
  for (const row of body.rows as Readonly<Record<string, string>>[]) {
    // What is below a unit of the run is its node `rounding`, and in the split part of its row.
    if (row['NodeId'] === 'rounding') continue;
    const key = `${row['NodeId']} ${row['BillingCurrency']}`;
    expect([key, Number(sumTexts(sums.get(key) ?? []))]).toEqual([
      key,
      expect.closeTo(Number(row['Retained']), 6),
    ]);
  }
}

describe('the bill of any month, split by any graph', () => {
  it('has parts that sum to every charge in every column, and to what each node retains', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryMonth, async (month) => {
        const graph = `g${++number}`;
        await bench.publishGraph(graphOf(month), { id: graph });
        await bench.bill('cloud', month.charges.map(chargeOf));
        const usage = month.usage.flatMap((value, i) =>
          value === null
            ? []
            : nodes.map((id, n) => `${id},2026-10-${String(i + 1).padStart(2, '0')},requests,${value * n}`),
        );
        await bench.usage(['node,day,metric,value', ...usage, ''].join('\n'), { graph });
        await bench.run('2026-10', { graph });
        const parts = await splitOf(graph);
        const { relation } = await bench.workspace.lake.select({ kind: 'all' }, costDataset);
        const origins = (await bench.rows(
          `select "x_RowId", "ChargeCategory", ${splitColumns.join(', ')} from ${relation}`,
        )) as Texts[];
        expect(origins).toHaveLength(month.charges.length);
        for (const origin of origins) {
          const own = parts.filter((part) => part['x_RowId'] === origin['x_RowId']);
          expectParts(origin, own, month);
        }
        await expectRetained(graph, parts);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);
});
