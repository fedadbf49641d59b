import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everything, nothing } from '../../platform/kernel/index.ts';
import { attributeMonth } from './attribute.ts';
import { isIdSql } from './attribution-sql.ts';
import { nodeIdSchema } from './model.ts';
import {
  type AttributionLake,
  charge,
  documentOf,
  lines,
  openAttributionLake,
  requestOf,
} from './testing/attribution-lake.ts';

const byApp = { id: 'by app', node: 'app:{Tags.app}', type: 'product' } as const;

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({
    one: [
      charge('3', { app: 'shop' }),
      charge('5', { app: 'shop', env: 'test' }, { ServiceCategory: 'Storage' }),
      charge('-1', { app: 'shop' }, { ChargeCategory: 'Credit' }),
      charge('7', { app: '' }),
      charge('2', {}, { SubAccountId: 'sub-2' }),
      charge(
        '4',
        { app: 'pay' },
        { ChargePeriodStart: '2026-10-01T00:00:00Z', ChargePeriodEnd: '2026-10-04T00:00:00Z' },
      ),
      charge('1', {}, { ChargeCategory: 'Tax', SubAccountId: 'sub-9' }),
    ],
    two: [
      charge(
        '10',
        { app: 'shop' },
        { BillingCurrency: 'EUR', x_Team: 'blue', SkuPriceDetails: '{"app":"M"}' },
      ),
    ],
  });
});
afterAll(() => lake.close());

describe('rules', () => {
  test('send every row to the node of the first rule that fits, and the rest to unattributed', async () => {
    const answer = await lake.attribute({
      rules: [
        { id: 'tests', where: "Tags.env = 'test'", node: 'env:test' },
        byApp,
        { id: 'second account', where: "SubAccountId = 'sub-2'", node: 'account:{SubAccountId}' },
      ],
    });
    expect(lines(answer.cells)).toEqual([
      '01 app:pay by app Compute charge 1.333333333333',
      '02 app:pay by app Compute charge 1.333333333334',
      '03 app:pay by app Compute charge 1.333333333333',
      '05 account:sub-2 second account Compute charge 2',
      '05 app:shop by app Compute charge 3',
      '05 app:shop by app Compute credit -1',
      '05 app:shop by app Compute charge 10',
      '05 env:test tests Storage charge 5',
      '05 unattributed - Compute charge 7',
    ]);
    expect(answer.check).toEqual({ name: 'attribution', ok: true, difference: '0' });
    expect(answer.totals).toEqual([
      { currency: 'EUR', rows: 1, cost: '10', charges: '10', credits: '0' },
      { currency: 'USD', rows: 6, cost: '20', charges: '21', credits: '-1' },
    ]);
    expect(answer.rules).toContainEqual({
      rule: 'by app',
      currency: 'USD',
      rows: 3,
      charges: '7',
      credits: '-1',
    });
    expect(answer.rules.at(-1)).toEqual({ rule: null, currency: 'USD', rows: 1, charges: '7', credits: '0' });
  });
});

describe('many rules', () => {
  test('are asked in their order, each with its own node, however many there are', async () => {
    const amounts = Array.from({ length: 130 }, (_, i) => i);
    const many = await openAttributionLake({
      many: amounts.map((i) => charge('1', { n: String(i), ...(i % 3 === 0 ? { app: `a${i}` } : {}) })),
    });
    try {
      const rules = amounts.map((i) => ({
        ...{ id: `r${i}`, where: `Tags.n = '${i}'`, node: i % 3 === 0 ? `x${i}:{Tags.app}` : `x${i}` },
        ...(i % 5 === 0 ? { application: `of-${i}` } : {}),
      }));
      const { cells } = await many.attribute({ rules });
      const told = cells.map((cell) => `${cell['RuleId']} ${cell['NodeId']} ${cell['ApplicationId']}`);
      const meant = amounts.map(
        (i) => `r${i} x${i}${i % 3 === 0 ? `:a${i}` : ''} ${i % 5 === 0 ? `of-${i}` : null}`,
      );
      expect(told.sort()).toEqual(meant.sort());
    } finally {
      await many.close();
    }
  });
});

describe('the check', () => {
  test.each([
    ["delete from attribution where NodeId = 'app:pay'", '-4'],
    [
      `update attribution set Cost = Cost + 0.000000000001 where NodeId = 'app:pay' and "Day" = '2026-10-02'`,
      '0.000000000001',
    ],
    ["delete from attribution where BillingCurrency = 'EUR'", '-10'],
  ])('finds what is lost or added on the way: %s', async (damage, difference) => {
    const { check } = await lake.session((session) =>
      attributeMonth({
        ...requestOf(lake.bench, documentOf({ rules: [byApp] })),
        session: {
          ...session,
          run: async (sql, values) => {
            await session.run(sql, values);
            if (sql.startsWith('create or replace temp table attribution as')) await session.run(damage);
          },
        },
      }),
    );
    expect(check).toEqual({ name: 'attribution', ok: false, difference });
  });
});

describe('templates', () => {
  const ids = async (rules: Parameters<AttributionLake['attribute']>[0]['rules']) =>
    (await lake.attribute({ rules, method: { recoverableTax: 'none' } })).cells.map(({ NodeId }) => NodeId);

  test('take columns, tags, and keys of JSON columns, in any case and number', async () => {
    expect(
      new Set(await ids([{ id: 'r', node: '{subaccountid}/{Tags["app"]}/{SkuPriceDetails.x_Size}' }])),
    ).toEqual(new Set(['unattributed']));
    expect(new Set(await ids([{ id: 'r', node: '{Tags.app}/{skupricedetails["app"]}' }]))).toEqual(
      new Set(['shop/M', 'unattributed']),
    );
    expect(new Set(await ids([{ id: 'r', node: '{SubAccountId}: {ServiceName}' }]))).toEqual(
      new Set(['sub-1: Machines', 'sub-2: Machines', 'sub-9: Machines']),
    );
  });

  test.each([
    ['app:{Tags.app', 'no column in braces'],
    ['app:}', 'no column in braces'],
    ['app:{{Tags.app}}', 'no column in braces'],
    ['{}', 'expected a column'],
    ['{day}', 'period of time'],
    ['{BilledCost}', 'is a decimal'],
    ['{ChargePeriodStart}', 'is a timestamp'],
    ['{Tags}', 'is a json'],
  ])('refuse %s, and say in which rule', async (node, problem) => {
    const refused = lake.attribute({ rules: [{ id: 'mine', node }] });
    await expect(refused).rejects.toMatchObject({
      code: 'allocation.unfitRule',
      message: expect.stringContaining(problem),
    });
    await expect(refused).rejects.toThrow("'rules/mine'");
  });

  test('an unknown column stops the run, but not a column of a source that sent no bill', async () => {
    await expect(
      lake.attribute({ rules: [{ id: 'mine', where: 'ServiceNme is null', node: 'a' }] }),
    ).rejects.toMatchObject({
      code: 'allocation.unfitRule',
      message: expect.stringContaining("'rules/mine'"),
    });
    const { cells, findings } = await lake.attribute(
      { rules: [{ id: 'r', where: "x_team = 'blue'", node: 'team:{x_Team}' }, byApp] },
      { sources: ['one'] },
    );
    expect(cells.some(({ NodeId }) => String(NodeId).startsWith('team:'))).toBe(false);
    expect(findings.map(({ code, path, params }) => [code, path, params['column']])).toEqual([
      ['columnNotDelivered', 'rules/r', 'x_team'],
      ['columnNotDelivered', 'rules/r', 'x_Team'],
    ]);
    const both = await lake.attribute({ rules: [{ id: 'r', node: 'team:{x_team}' }] });
    expect(lines(both.cells).filter((line) => line.includes('team:'))).toEqual([
      '05 team:blue r Compute charge 10',
    ]);
    expect(both.findings).toEqual([]);
  });

  test('what is no id goes on to the next rule, and is told with its cost', async () => {
    const odd = await openAttributionLake({
      odd: [
        charge('1', { app: ' ' }),
        charge('2', { app: 'a\u0000b' }),
        charge('4', { app: 'x'.repeat(197) }),
        charge('8', { app: 'x'.repeat(196) }),
        charge('16', { app: '😀'.repeat(99) }),
        charge('32', { app: '😀'.repeat(98) }),
        charge('64', { app: 'attributed' }),
        charge('128', { app: 'rounding', env: 'x' }),
      ],
    });
    try {
      const { cells, findings, check } = await odd.attribute({
        rules: [
          { id: 'ours', where: "Tags.app = 'rounding'", node: '{Tags.app}' },
          { id: 'ours too', where: "Tags.app = 'attributed'", node: 'un{Tags.app}' },
          { id: 'by app', node: 'app:{Tags.app}' },
          { id: 'odd application', where: 'BilledCost < 2', node: 'fine', application: '{Tags.app}\u0007' },
          { id: 'fixed but odd', node: ' lost', where: 'BilledCost < 2' },
          { id: 'rest', node: 'rest', where: 'BilledCost < 10' },
        ],
      });
      const sums = Object.fromEntries(
        cells.map(({ NodeId, RuleId, Cost }) => [`${String(NodeId).slice(0, 6)} ${RuleId}`, Cost]),
      );
      expect(sums).toEqual({
        'app:xx by app': '8',
        'app:😀 by app': '32',
        'rest rest': '7',
        'unattr null': '208',
      });
      expect(findings.map(({ code, params, amounts }) => ({ code, ...params, amounts }))).toEqual([
        { code: 'unfitNodeId', rule: 'by app', rows: 4, specimen: 'app: ', amounts: { USD: '23' } },
        { code: 'reservedNodeMade', rule: 'ours', rows: 1, amounts: { USD: '128' } },
        { code: 'reservedNodeMade', rule: 'ours too', rows: 1, amounts: { USD: '64' } },
      ]);
      expect(check.ok).toBe(true);
    } finally {
      await odd.close();
    }
  });

  test('no character makes an id in SQL that the schema of ids refuses', async () => {
    const form = isIdSql("chr(c::integer) || 'x'");
    const characters =
      '(select * from range(1, 55296) union all select * from range(57344, 1114112)) as t(c)';
    const all = await lake.bench.engine.rows(`select c from ${characters} where ${form}`);
    const refused = all.filter(
      ({ c }) => !nodeIdSchema.safeParse(`${String.fromCodePoint(Number(c))}x`).success,
    );
    expect(refused).toEqual([]);
    expect(all.length).toBeGreaterThan(140_000);
    const [blanks] = await lake.bench.engine.rows(
      `select ${isIdSql("'a b'")} as inside, ${isIdSql("' a'")} as before, ${isIdSql("'a' || chr(160)")} as after, ${isIdSql("'a' || chr(9) || 'b'")} as tab, ${isIdSql("''")} as none`,
    );
    expect(blanks).toEqual({ inside: true, before: false, after: false, tab: false, none: false });
  });
});

describe('nodes', () => {
  test('of the document are found, with their own type and application; all others are made', async () => {
    const { cells, nodes, findings } = await lake.attribute({
      nodes: [
        { id: 'app:shop', type: 'product', application: 'A1' },
        { id: 'env:test', type: 'platform', archived: true },
      ],
      rules: [
        { id: 'tests', where: "Tags.env = 'test'", node: 'env:{Tags.env}', application: '{Tags.app}' },
        {
          id: 'pay',
          where: "Tags.app = 'pay'",
          node: 'app:{Tags.app}',
          type: 'service',
          application: 'A-{Tags.app}',
        },
        { ...byApp, application: 'other' },
      ],
    });
    expect(nodes).toEqual([
      { id: 'app:pay', type: 'service', application: 'A-pay', labels: {}, archived: false },
    ]);
    const seen = new Set(
      cells.map((cell) => `${cell['NodeId']} ${cell['NodeType']} ${cell['ApplicationId']}`),
    );
    expect(seen).toEqual(
      new Set([
        'app:pay service A-pay',
        'app:shop product A1',
        'env:test platform null',
        'unattributed shared null',
      ]),
    );
    expect(findings.map(({ code, path, amounts }) => ({ code, path, amounts }))).toEqual([
      { code: 'costOnArchivedNode', path: 'nodes/env:test', amounts: { USD: '5' } },
    ]);
  });

  test('that two rules make have the type of the first, and no application where it gives several', async () => {
    const { nodes, findings } = await lake.attribute({
      rules: [
        {
          id: 'storage',
          where: "ServiceCategory = 'Storage'",
          node: 'all',
          type: 'infrastructure',
          application: 'x',
        },
        { id: 'tagged', node: 'all', type: 'product', application: '{Tags.app}' },
        { id: 'accounts', node: 'accounts', type: 'service', application: '{SubAccountId}' },
      ],
    });
    expect(nodes).toEqual([
      { id: 'accounts', type: 'service', labels: {}, archived: false },
      { id: 'all', type: 'infrastructure', application: 'x', labels: {}, archived: false },
    ]);
    expect(findings.map(({ code, params }) => ({ code, ...params }))).toEqual([
      {
        code: 'nodeApplicationsDiffer',
        node: 'accounts',
        rule: 'accounts',
        applications: ['sub-1', 'sub-2'],
      },
      { code: 'nodeTypesDiffer', node: 'all', type: 'infrastructure', rules: ['storage', 'tagged'] },
    ]);
  });
});

describe('the method', () => {
  test('leaves out the tax that comes back from the state, and bridges to what was billed', async () => {
    const total = async (recoverableTax: string) => {
      const { totals, bridge, cells, check } = await lake.attribute(
        { method: { recoverableTax } },
        { sources: ['one'] },
      );
      expect(check.ok).toBe(true);
      const dimensions = [...new Set(cells.map(({ Dimension }) => Dimension))];
      return { cost: totals[0]?.cost, lines: bridge[0]?.lines, dimensions };
    };
    const bridged = (tax: string, cost: string) => [
      { part: 'BilledCost', amount: '21' },
      { part: 'unexplained', amount: '0' },
      { part: 'EffectiveCost', amount: '21' },
      { part: 'recoverable-tax', amount: tax },
      { part: 'total', amount: cost },
    ];
    expect(await total('all')).toEqual({
      cost: '20',
      lines: bridged('-1', '20'),
      dimensions: ['Compute', 'Storage'],
    });
    expect(await total('none')).toEqual({
      cost: '21',
      lines: bridged('0', '21'),
      dimensions: ['Compute', 'Storage', 'Tax'],
    });
    expect((await total("SubAccountId = 'sub-9'")).cost).toBe('20');
    expect((await total("SubAccountId = 'sub-1'")).cost).toBe('21');
  });

  test('says what the dimensions are; what is empty is Other', async () => {
    const of = async (dimension: string) => {
      const { cells } = await lake.attribute({ method: { dimension } }, { sources: ['one'] });
      return [...new Set(cells.map(({ Dimension }) => Dimension))].sort();
    };
    expect(await of('Tags.app')).toEqual(['Other', 'pay', 'shop']);
    expect(await of('SubAccountId')).toEqual(['sub-1', 'sub-2']);
    await expect(of('BilledCost')).rejects.toMatchObject({ code: 'allocation.unfitDimension' });
    await expect(of('day')).rejects.toMatchObject({ code: 'allocation.unfitDimension' });
    await expect(of('Nonsense')).rejects.toMatchObject({ code: 'query.unknownColumn' });
  });

  test('rows without a cost in the metric count 0, and are told with what they were billed', async () => {
    const without = await openAttributionLake({
      bare: [charge('3', {}, { ListCost: '' }), charge('4', { app: 'shop' })],
    });
    try {
      const { totals, check, bridge, findings } = await without.attribute({
        method: { metric: 'ListCost' },
        rules: [byApp],
      });
      expect(totals.map(({ cost }) => cost)).toEqual(['4']);
      expect(check.ok).toBe(true);
      expect(findings).toMatchObject([
        { code: 'costMissing', severity: 'error', path: 'method/metric', amounts: { USD: '3' } },
      ]);
      expect(bridge[0]?.lines).toContainEqual({ part: 'without-metric', amount: '-3' });
      expect(bridge[0]?.lines.at(-1)).toEqual({ part: 'total', amount: '4' });
    } finally {
      await without.close();
    }
  });
});

test('a charge outside of its month counts on the first day, and what reaches beyond it within the month', async () => {
  const late = await openAttributionLake({
    late: [
      charge('3', {}, { ChargePeriodStart: '2026-09-03T00:00:00Z', ChargePeriodEnd: '2026-09-06T00:00:00Z' }),
      charge('4', {}, { ChargePeriodStart: '2026-10-30T12:00:00Z', ChargePeriodEnd: '2026-11-09T00:00:00Z' }),
    ],
  });
  try {
    expect(lines((await late.attribute({})).cells)).toEqual([
      '01 unattributed - Compute charge 3',
      '30 unattributed - Compute charge 2',
      '31 unattributed - Compute charge 2',
    ]);
  } finally {
    await late.close();
  }
});

describe('the bills of a month', () => {
  test('are those of the sources asked for; one that sent none is told', async () => {
    const { totals, snapshots, findings } = await lake.attribute({}, { sources: ['two', 'three'] });
    expect(totals.map(({ currency, cost }) => [currency, cost])).toEqual([['EUR', '10']]);
    expect(snapshots).toMatchObject([{ dataset: 'cost', source: 'two', period: '2026-10' }]);
    expect(findings).toMatchObject([{ code: 'billMissing', path: 'sources/three' }]);
    await expect(lake.attribute({}, { sources: ['three'] })).rejects.toMatchObject({
      code: 'allocation.nothingToAttribute',
    });
    await expect(lake.attribute({}, { period: '2026-01' })).rejects.toMatchObject({
      code: 'allocation.nothingToAttribute',
    });
  });

  test('are those in scope only', async () => {
    const scope = { ...nothing, sources: ['two'] };
    const { totals, cells } = await lake.attribute({}, { scope });
    expect(totals.map(({ currency }) => currency)).toEqual(['EUR']);
    expect(new Set(cells.map(({ BillSource }) => BillSource))).toEqual(new Set(['two']));
    const ofOne = (await lake.attribute({}, { scope: everything })).snapshots;
    expect((await lake.attribute({}, { scope, snapshots: ofOne })).snapshots).toHaveLength(1);
    const others = lake.attribute({}, { scope, sources: ['one'], snapshots: ofOne });
    await expect(others).rejects.toMatchObject({ code: 'lake.unknownMonth' });
    await expect(lake.attribute({}, { scope: nothing })).rejects.toMatchObject({ code: 'lake.noSources' });
  });

  test('are read again as they were, when their snapshots are named', async () => {
    const restated = await openAttributionLake({ bill: [charge('3')] });
    try {
      const before = await restated.attribute({});
      await restated.bench.load('bill.csv', [charge('5', {}, { x_New: 'yes' })]);
      const options = { snapshots: before.snapshots };
      expect((await restated.attribute({})).totals[0]?.cost).toBe('5');
      const again = await restated.attribute({ rules: [{ id: 'r', node: 'x:{x_New}' }] }, options);
      expect(again.totals[0]?.cost).toBe('3');
      expect(again.snapshots).toEqual(before.snapshots);
      const gone = before.snapshots.map((used) => ({ ...used, snapshot: 'nowhere' }));
      await expect(restated.attribute({}, { snapshots: gone })).rejects.toMatchObject({
        code: 'lake.unknownSnapshot',
      });
      const elsewhere = before.snapshots.map((used) => ({ ...used, period: '2026-09' }));
      expect((await restated.attribute({}, { snapshots: elsewhere })).totals[0]?.cost).toBe('5');
    } finally {
      await restated.close();
    }
  });
});
