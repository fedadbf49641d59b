import { expect } from 'vitest';
import { simulate } from '../../src/modules/allocation/index.ts';
import {
  ask,
  byMetric,
  byPercent,
  expectNear,
  expectRetained,
  nodeOf,
  type OracleCase,
  type Verdict,
} from './oracle-cases.ts';

type Amounts = Readonly<Record<string, string>>;
type PercentRows = readonly (readonly [string, string, string])[];

const reproduced = (why: string): Verdict => ({ verdict: 'reproduced', why });

export function singleChild({ inputs, expected }: OracleCase): Verdict {
  const result = ask(inputs as never);
  for (const [id, amount] of Object.entries(expected['holistic'] as Amounts)) {
    expect(nodeOf(result, id).holistic).toBe(amount);
  }
  expect([result.allocated, result.unallocated]).toEqual([expected['allocated'], expected['unallocated']]);
  expect(Number(result.coverage) * 100).toBe(Number(expected['coverage_pct']));
  return reproduced('as given; retained is told beside holistic, so that the sum is no double count');
}

export function proportional({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const result = ask({
    nodes: pool(inputs['pool'] as string, Object.keys(inputs['usage'] as Amounts)),
    ...byMetric('pool', inputs['metric'] as string, inputs['usage'] as Amounts),
  });
  expectRetained(result, expected['alloc'] as Amounts, tolerance);
  for (const { to, share } of result.edges) expect(share).toBe((expected['share'] as Amounts)[to]);
  return reproduced('proportional (proportional_on is taken as another name)');
}

function pool(direct: string, receivers: readonly string[]) {
  return [{ id: 'pool', type: 'shared', direct }, ...receivers.map((id) => ({ id }))];
}

export function partialRollUp({ inputs, expected }: OracleCase): Verdict {
  const edges = byPercent(inputs['edges'] as PercentRows);
  const result = ask({
    nodes: [
      { id: 'base', type: 'platform', direct: inputs['base_holistic'] as string },
      ...edges.map(({ to }) => ({ id: to })),
    ],
    edges,
  });
  expectRetained(result, expected['retained'] as Amounts, '0');
  expect(result.total).toBe(expected['sum']);
  expect(result.causes).toEqual([{ node: 'base', cause: 'fixed', amount: '200' }]);
  return reproduced(
    'as the peer documents it; its engine loses the 200 that stay on base, here they are unallocated with the cause fixed',
  );
}

export function hybrid({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const hours = inputs['usage'] as Amounts;
  const { edges, usage } = byMetric('pool', 'hours', hours);
  const params = { metric: 'hours', fixed_percent: inputs['fixed_percent'] };
  const result = ask({
    nodes: pool(inputs['pool'] as string, Object.keys(hours)),
    edges: edges.map((edge) => ({ ...edge, strategy: 'hybrid_fixed_proportional', params })),
    usage,
  });
  expectRetained(result, expected['alloc'] as Amounts, tolerance);
  expect(result.allocated).toBe(inputs['pool']);
  return reproduced(
    '283.333333333, 583.333333333 and 133.333333334: the published cents add up to 999.99, ours to 1000',
  );
}

export function weightedAverage({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const series = inputs['usage'] as Readonly<Record<string, readonly number[]>>;
  const params = { metric: 'hours', window_days: 7 };
  const result = ask({
    nodes: pool(inputs['pool'] as string, Object.keys(series)),
    edges: Object.keys(series).map((to) => ({ from: 'pool', to, strategy: 'weighted_average', params })),
    usage: Object.entries(series).flatMap(([node, values]) =>
      values.map((value, index) => ({ node, metric: 'hours', value, day: `2026-10-0${index + 1}` })),
    ),
  });
  expectRetained(result, expected['alloc'] as Amounts, tolerance);
  expectNear(nodeOf(result, 'A').retained, String((1000 * 1100) / 2800), '0.000001');
  return reproduced(
    '392.857142857 and 607.142857143, exact; the document rounds the averages first (392.50)',
  );
}

export function diamond({ inputs, expected }: OracleCase): Verdict {
  const result = ask({
    nodes: [
      { id: 'P', type: 'platform', direct: inputs['platform'] as string },
      { id: 'A', type: 'service' },
      { id: 'B', type: 'service' },
      { id: 'C' },
    ],
    edges: byPercent(inputs['edges'] as PercentRows),
  });
  expect(nodeOf(result, 'C').retained).toBe(expected['C']);
  expect(Number(result.allocated) - Number(result.total)).toBe(Number(expected['amplification']));
  const resting = result.nodes.filter(({ retained }) => retained !== '0').map(({ id }) => id);
  expect(resting).toEqual(expected['final_cost_centres']);
  return reproduced('1000 rests on C, nothing elsewhere');
}

export function customerSegments({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const hours = inputs['usage'] as Amounts;
  const { edges } = byMetric('pool', 'requests', hours);
  const params = { metric: 'requests', segment_filter: { label: 'customer', operator: 'exists' } };
  const labelled = Object.entries(hours).map(([node, value]) => ({
    ...{ node, metric: 'requests', value },
    labels: { customer: node },
  }));
  const result = ask({
    nodes: pool(inputs['pool'] as string, Object.keys(hours)),
    edges: edges.map((edge) => ({ ...edge, strategy: 'segment_filtered_proportional', params })),
    // Usage without the label must not count.
    usage: [...labelled, { node: 'customer_003', metric: 'requests', value: 77_777 }],
  });
  expectRetained(result, expected['alloc'] as Amounts, tolerance);
  return reproduced('segment_filtered_proportional on the label; usage without it does not count');
}

export function infeasibleFloors({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const receivers = Array.from({ length: inputs['children'] as number }, (_, index) => `child${index}`);
  const params = { metric: 'hours', min_floor_percent: inputs['min_floor_percent'] };
  const question = {
    nodes: pool('1', receivers),
    edges: receivers.map((to) => ({ from: 'pool', to, strategy: 'min_floor_proportional', params })),
    usage: receivers.map((node, index) => ({ node, metric: 'hours', value: index + 1 })),
  };
  const result = ask({ ...question, groups: [{ node: 'pool', infeasibleFloors: 'equal' }] });
  for (const { share } of result.edges)
    expectNear(share as string, expected['share_each'] as string, tolerance);
  const refused = simulate({
    currency: 'USD',
    ...question,
    nodes: question.nodes.map((node) => ({ type: 'product', ...node })),
  });
  expect(refused.findings.map(({ code }) => code)).toContain('allocation.floorsOver100');
  return reproduced(
    'where the group says infeasibleFloors: equal; unless it does, such floors are refused by name',
  );
}

/** The unit cost of a machine, of which a core weighs as much as nine gigabytes. */
export function splitMachine({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const {
    instance_cost: cost,
    vcpu,
    mem_gb: memory,
  } = inputs as { instance_cost: string; vcpu: number; mem_gb: number };
  const result = ask({
    nodes: pool(cost, ['cpu', 'memory']),
    ...byMetric('pool', 'units', { cpu: 9 * vcpu, memory }),
  });
  expectNear(Number(nodeOf(result, 'cpu').retained) / vcpu, expected['per_vcpu_hour'] as string, tolerance);
  expectNear(
    Number(nodeOf(result, 'memory').retained) / memory,
    expected['per_gb_hour'] as string,
    tolerance,
  );
  expectNear(Number(result.total) / (9 * vcpu + memory), expected['unit'] as string, tolerance);
  return reproduced('the machine is shared by 9 × vCPU and 1 × GB; cost of each ÷ its size');
}

export function contraRow({ inputs, expected }: OracleCase): Verdict {
  const hours = inputs['usage'] as Amounts;
  const result = ask({
    nodes: pool(inputs['pool'] as string, Object.keys(hours)),
    ...byMetric('pool', 'hours', hours),
  });
  const { worker_unallocated_contra: contra, net, ...received } = expected as Amounts;
  expectRetained(result, received, '0');
  const { direct, outflow, retained } = nodeOf(result, 'pool');
  expect([`-${outflow}`, retained, direct]).toEqual([contra, net, inputs['pool']]);
  return reproduced('the contra row is the outflow of the source: direct 100 − outflow 100 = retained 0');
}

/** Two rules that both take everything. */
export function ruleOrder({ inputs }: OracleCase): Verdict {
  const rules = inputs['rules'] as readonly (readonly [string, number])[];
  const edges = byPercent(
    rules.map(([text, percent]) => {
      const [from = '', to = ''] = text.split('->');
      return [from, to, String(percent)] as const;
    }),
  );
  const { result, findings } = simulate({
    currency: 'USD',
    nodes: [
      { id: 'A', type: 'shared', direct: '100' },
      { id: 'B', type: 'product' },
      { id: 'C', type: 'product' },
    ],
    edges,
  });
  expect(result).toBeNull();
  expect(findings.map(({ code }) => code)).toContain('allocation.fixedOver100');
  return {
    verdict: 'contrasted',
    why: 'there the rule made first takes all and the second silently does nothing; here 200 % is refused when the graph is saved, naming both edges',
  };
}

export function budgetToDate({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const { monthly, day, days } = inputs as { monthly: string; day: number; days: number };
  const result = ask({
    nodes: pool(monthly, ['elapsed', 'left']),
    ...byMetric('pool', 'days', { elapsed: day, left: days - day }),
  });
  expectNear(nodeOf(result, 'elapsed').retained, expected['mtd_budget'] as string, tolerance);
  return reproduced('a month shared by days: 11 of 28 have 15,714.285714286');
}
