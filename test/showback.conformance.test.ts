import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spreadPool } from '../src/modules/showback/spread-pool.ts';
import { type CostBench, openCostBench } from '../src/modules/showback/testing/cost-bench.ts';
import {
  formatDecimal,
  formatFixed,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
} from '../src/platform/kernel/index.ts';

/**
 * Worked cases of others about prices, weights, tiers and hierarchy, with the results that they publish, kept outside the repository;
 * without them this suite is skipped by name. Each case names its source. `reproduced`: our costs are theirs. `contrasted`: our rule
 * is another, for the reason that stands beside it, and the test shows what we do.
 */
const file = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'shared',
  'oracles',
  'applications-and-group.json',
);
const absent = !existsSync(file);
const title = absent
  ? 'worked cases about prices (SKIPPED: no folder of cases beside the repository)'
  : 'worked cases about prices';

interface OracleCase {
  readonly id: string;
  readonly topic: string;
  readonly inputs: never;
  readonly expected: never;
}
type Verdict = 'reproduced' | 'contrasted';

/** Cases that `showback-prices.conformance.test.ts` puts to price views and rates. */
const elsewhere = [
  'ck-best-flat-wins',
  'koku-price-list-resolution',
  'koku-fx-backfill',
  'eu-triangulation',
  'optscale-single-currency',
];

let bench: CostBench;
/** A month of its own for each question. */
let month = 0;

/** Costs of applications for their quantities under the lines, in their order. */
async function costsOf(
  lines: Parameters<CostBench['view']>[1],
  facts: Parameters<CostBench['facts']>[2],
): Promise<Readonly<Record<string, string>>> {
  month++;
  const period = `20${String(10 + month)}-01`;
  const view = `case-${month}`;
  await bench.view(
    view,
    lines.map((line) => ({ from: period, ...line })),
  );
  await bench.facts('retail', period, facts);
  const { items } = await bench.ask({ months: [period], view, groupBy: ['application'] });
  return Object.fromEntries(items.map(({ key, cost }) => [key['application'] ?? '', cost]));
}

const plain = (text: string | number) => formatDecimal(parseDecimal(String(text)));

/** CloudKitty: the highest reached level prices the whole quantity, the level included. */
async function volumeThreshold({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { flat_per_unit, rate_thresholds, project_override, quantities } = inputs as {
    flat_per_unit: string;
    rate_thresholds: { level: number; factor: string }[];
    project_override: { level: number; factor: string };
    quantities: number[];
  };
  const step = (level: number, factor: string) => {
    const [a, b] = [parseDecimal(flat_per_unit), parseDecimal(factor)];
    return {
      from: String(level),
      price: formatDecimal({ units: a.units * b.units, scale: a.scale + b.scale }),
    };
  };
  const tiers = (thresholds: readonly { level: number; factor: string }[]) => ({
    mode: 'all-units' as const,
    steps: [
      { from: '0', price: flat_per_unit },
      ...thresholds.map(({ level, factor }) => step(level, factor)),
    ],
  });
  const overridden = rate_thresholds.map((one) =>
    one.level === project_override.level ? project_override : one,
  );
  const costs = async (thresholds: readonly { level: number; factor: string }[]) => {
    const found = [];
    for (const quantity of quantities)
      found.push(
        (
          await costsOf([{ product: 'vcpu', tiers: tiers(thresholds) }], [['shop', 'vcpu', String(quantity)]])
        )['shop'],
      );
    return found;
  };
  const { default: byDefault, project } = expected as { default: string[]; project: string[] };
  expect(await costs(rate_thresholds)).toEqual(byDefault.map(plain));
  // A narrower line says all of its steps: nothing of a wider line is inherited.
  expect(await costs(overridden)).toEqual(project.map(plain));
  return 'reproduced';
}

/** CloudKitty adds up the groups of a service; here each group is a product with a price of its own. */
async function additiveGroups({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { flat, quantities } = inputs as { flat: Record<string, string>; quantities: number[] };
  const prices = Object.values(flat);
  const products = ['vcpu', 'ram'];
  const costs = [];
  for (const quantity of quantities)
    costs.push(
      (
        await costsOf(
          products.map((product, index) => ({
            product,
            price: prices[index] ?? '',
            unit: product === 'ram' ? 'GB-hour' : 'vCPU-hour',
          })),
          products.map((product) => ['shop', product, String(quantity)] as const),
        )
      )['shop'],
    );
  expect(costs).toEqual(expected);
  return 'reproduced';
}

/** CloudKitty chooses the price by a level of an attribute; here a class is a region, or a product, of its own. */
async function attributeThreshold({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { items, levels } = inputs as {
    items: { memory: number; qty: number }[];
    levels: { level: number; flat: string }[];
  };
  const classOf = (memory: number) => levels.filter(({ level }) => level <= memory).length;
  const lines = levels.map(({ flat }, index) => ({
    product: 'vcpu',
    region: `class-${index + 1}`,
    price: flat,
  }));
  const costs = [];
  for (const { memory, qty } of items)
    costs.push(
      (await costsOf(lines, [['shop', 'vcpu', String(qty), { region: `class-${classOf(memory)}` }]]))['shop'],
    );
  expect(costs).toEqual(expected);
  return 'contrasted';
}

async function poolByWeights({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { pool, weights } = inputs as { pool: string; weights: Record<string, string> };
  const { A, B, net } = expected as { A: string; B: string; net: string };
  const costs = await costsOf(
    [{ product: 'lan', entity: 'retail', pool }],
    [
      ['shop', 'lan', weights['A'] ?? '', { kind: 'INDIRECT' }],
      ['blog', 'lan', weights['B'] ?? '', { kind: 'INDIRECT' }],
    ],
  );
  expect(costs).toEqual({ blog: B, shop: A });
  const spread = sumDecimals(Object.values(costs).map(parseDecimal));
  expect(formatDecimal(subtractDecimal(spread, parseDecimal(pool)))).toBe(net);
  return 'reproduced';
}

async function networkByWeights({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { weights, unit_price } = inputs as { weights: Record<string, string>; unit_price: string };
  const { cost_exact, cost_2dp, coefficients, sum } = expected as Record<string, Record<string, string>> & {
    sum: string;
  };
  await bench.owner((tx) =>
    sql`insert into application (id, entity_id, environments, label) values ('third', 'retail', '{prod}', 'third') on conflict do nothing`.execute(
      tx,
    ),
  );
  const costs = await costsOf(
    [{ product: 'lan', entity: 'retail', pool: unit_price }],
    ['shop', 'blog', 'third'].map(
      (application, index) =>
        [application, 'lan', Object.values(weights)[index] ?? '', { kind: 'INDIRECT' }] as const,
    ),
  );
  const at9 = (text: string | undefined) => formatFixed(parseDecimal(text ?? ''), 9);
  expect([costs['shop'], costs['blog'], costs['third']].map(at9)).toEqual(Object.values(cost_exact ?? {}));
  const list = Object.entries(weights).map(([key, weight]) => ({ key, weight }));
  expect(Object.fromEntries(spreadPool(unit_price, list, 2) ?? [])).toEqual(
    Object.fromEntries(Object.entries(cost_2dp ?? {}).map(([key, cost]) => [key, plain(cost)])),
  );
  const shares = spreadPool('1', list, 12);
  for (const [key, coefficient] of Object.entries(coefficients ?? {}))
    expect(formatFixed(parseDecimal(shares?.get(key) ?? ''), 11)).toBe(
      formatFixed(parseDecimal(coefficient), 11),
    );
  expect(formatDecimal(sumDecimals(Object.values(costs).map(parseDecimal)))).toBe(plain(sum));
  return 'reproduced';
}

async function productLine({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { quantity, unit_price } = inputs as { quantity: string; unit_price: string };
  const costs = await costsOf([{ product: 'vcpu', price: unit_price }], [['shop', 'vcpu', quantity]]);
  expect(costs['shop']).toBe(plain((expected as { cost: string }).cost));
  return 'reproduced';
}

/** Azure cuts an amount off and books the rest; here it is rounded half-up, and what that took is named as well. */
async function roundingResidue({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { raw, currency_decimals } = inputs as { raw: string; currency_decimals: number };
  const { invoiced, rounding_adjustment } = expected as { invoiced: string; rounding_adjustment: string };
  const shown = formatFixed(parseDecimal(raw), currency_decimals);
  expect(shown).toBe('12.35');
  const residue = (text: string) => formatDecimal(subtractDecimal(parseDecimal(text), parseDecimal(raw)));
  expect([residue(shown), residue(invoiced)]).toEqual(['0.0043211', rounding_adjustment]);
  return 'contrasted';
}

/** A group of groups owns what the teams below it own. */
async function deepOwnership({ inputs, expected }: OracleCase): Promise<Verdict> {
  const { parentOf, owns } = inputs as { parentOf: Record<string, string[]>; owns: Record<string, string[]> };
  month++;
  const period = `20${String(10 + month)}-01`;
  await bench.owner(async (tx) => {
    const parent = new Map(
      Object.entries(parentOf).flatMap(([above, below]) => below.map((one) => [one, above])),
    );
    const teams = [...new Set([...Object.keys(parentOf), ...parent.keys()])];
    for (const team of teams) await sql`insert into team (id, label) values (${team}, ${team})`.execute(tx);
    for (const [team, above] of parent)
      await sql`update team set parent_id = ${above} where id = ${team}`.execute(tx);
    for (const [team, systems] of Object.entries(owns))
      for (const system of systems) {
        await sql`insert into application (id, entity_id, environments, label) values (${system}, 'retail', '{prod}', ${system})`.execute(
          tx,
        );
        await sql`insert into application_assignment (application_id, entity_id, valid_from, team_id, attributes)
          values (${system}, 'retail', '2000-01-01', ${team}, '{}')`.execute(tx);
      }
  });
  const systems = Object.values(owns).flat();
  await bench.view('owned', [{ product: 'vcpu', price: '1', from: '2000-01' }]);
  await bench.facts(
    'retail',
    period,
    systems.map((system) => [system, 'vcpu', '1'] as const),
  );
  for (const [group, applications] of Object.entries(expected as Record<string, string[]>)) {
    const { items } = await bench.ask({
      months: [period],
      view: 'owned',
      groupRef: `group:default/${group}`,
      groupBy: ['application'],
    });
    expect(items.map(({ key }) => key['application']).sort()).toEqual(applications);
  }
  return 'reproduced';
}

const adapters: Readonly<Record<string, readonly [Verdict, (published: OracleCase) => Promise<Verdict>]>> = {
  'ck-volume-threshold-discount': ['reproduced', volumeThreshold],
  'ck-service-two-groups': ['reproduced', additiveGroups],
  'ck-field-threshold': ['contrasted', attributeThreshold],
  'koku-worker-unallocated': ['reproduced', poolByWeights],
  'seed-indirect-network': ['reproduced', networkByWeights],
  'seed-product-line': ['reproduced', productLine],
  'azure-rounding-adjustment': ['contrasted', roundingResidue],
  'bs-deep-ownership': ['reproduced', deepOwnership],
};

describe.skipIf(absent)(title, () => {
  const cases = absent
    ? []
    : (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly OracleCase[] }).cases;
  beforeAll(async () => {
    bench = await openCostBench();
  });
  afterAll(() => bench.close());

  it('each has an adapter here or beside, and none is left out', () => {
    expect([...Object.keys(adapters), ...elsewhere].sort()).toEqual(cases.map(({ id }) => id).sort());
  });

  it.each(
    cases
      .filter(({ id }) => !elsewhere.includes(id))
      .map((published) => [published.id, published.topic, published] as const),
  )('%s %s', async (id, _, published) => {
    const [verdict, adapter] = adapters[id] as (typeof adapters)[string];
    expect(await adapter(published)).toBe(verdict);
  });
});
