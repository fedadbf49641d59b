import { expect } from 'vitest';
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
type Hours = Readonly<Record<string, number>>;

/** Maintenance serves personnel and both departments; personnel serves the departments. */
export function stepDownOfTwo({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const direct = inputs['direct'] as Amounts;
  const maintenance = byMetric('maintenance', 'machine hours', inputs['machine_hours'] as Hours);
  const personnel = byMetric('personnel', 'labour hours', inputs['labour_hours'] as Hours);
  const result = ask({
    nodes: departments(direct, ['maintenance', 'personnel']),
    edges: [...maintenance.edges, ...personnel.edges],
    usage: [...maintenance.usage, ...personnel.usage],
    cycles: 'step_down',
    order: ['maintenance', 'personnel'],
  });
  const { personnel_after_step1: pool = '', ...departmentsExpected } = expected as Amounts;
  expectNear(nodeOf(result, 'personnel').holistic, pool, tolerance);
  expectRetained(result, departmentsExpected, tolerance);
  expect(result.unallocated).toBe('0');
  return { verdict: 'reproduced', why: 'step_down with order maintenance, personnel; to the unit' };
}

function departments(direct: Amounts, serving: readonly string[]) {
  return Object.entries(direct).map(([id, cost]) => ({
    id,
    direct: cost,
    ...(serving.includes(id) ? { type: 'shared' } : {}),
  }));
}

export function stepDownOfThree({ inputs, expected, abs_tolerance: tolerance }: OracleCase): Verdict {
  const serving = ['S1', 'S2', 'S3'];
  const steps = serving.map((id) => byMetric(id, `${id} units`, inputs[`${id}_units`] as Hours));
  // What the later ones give back is not published; it must not matter, because who is closed gets nothing.
  const back = [byMetric('S2', 'S2 units', { S1: 5000 }), byMetric('S3', 'S3 units', { S1: 700, S2: 300 })];
  const result = ask({
    nodes: departments(inputs['direct'] as Amounts, serving),
    edges: [...steps, ...back].flatMap(({ edges }) => edges),
    usage: [...steps, ...back].flatMap(({ usage }) => usage),
    cycles: 'step_down',
    order: serving,
  });
  const { S2_pool: s2 = '', S3_pool: s3 = '', sum = '', ...departmentsExpected } = expected as Amounts;
  expectNear(nodeOf(result, 'S2').holistic, s2, tolerance);
  expectNear(nodeOf(result, 'S3').holistic, s3, tolerance);
  expectRetained(result, departmentsExpected, tolerance);
  expect([result.total, result.allocated]).toEqual([sum, sum]);
  return {
    verdict: 'reproduced',
    why: 'to the unit, with three edges back to closed departments added: they are cut and leave the denominators',
  };
}

/** Two departments that serve each other. */
export function reciprocal(published: OracleCase): Verdict {
  const { inputs, expected, abs_tolerance: tolerance } = published;
  const percent = (share: unknown) => String(Number(share) * 100);
  const producing = inputs['producing_direct'] as Amounts;
  const result = ask({
    nodes: [
      { id: 'maintenance', type: 'shared', direct: inputs['maintenance'] as string },
      { id: 'gf', type: 'shared', direct: inputs['gf'] as string },
      ...Object.entries(producing).map(([id, direct]) => ({ id, direct })),
    ],
    edges: byPercent([
      ['gf', 'maintenance', percent(inputs['gf_to_m'])],
      ['maintenance', 'gf', percent(inputs['m_to_gf'])],
      ['maintenance', 'cutting', '45'],
      ['maintenance', 'sewing', '45'],
      ['gf', 'cutting', '31.25'],
      ['gf', 'sewing', '53.125'],
    ]),
    cycles: 'reciprocal',
  });
  expectNear(nodeOf(result, 'gf').holistic, expected['gf'] as string, tolerance);
  expectNear(nodeOf(result, 'maintenance').holistic, expected['maintenance'] as string, tolerance);
  const derived = published.derived_checks_not_published as Amounts;
  expectNear(nodeOf(result, 'cutting').retained, derived['cutting_total'] as string, '0.005');
  expectNear(nodeOf(result, 'sewing').retained, derived['sewing_total'] as string, '0.005');
  expect(Number(result.unallocated)).toBeLessThan(1e-7);
  return {
    verdict: 'reproduced',
    why: 'gross pools 284,444.44 and 144,444.44, solved exactly; departments 210,288.89 and 291,111.11',
  };
}
