import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import type { BillRow } from '../ingestion/testing/months-fixture.ts';
import type { ProposalInputs } from './propose.ts';
import { proposeGraph } from './propose.ts';
import { proposalSchema } from './propose-contract.ts';
import { proposalRoutes } from './propose-routes.ts';
import { type AttributionLake, charge, documentOf, openAttributionLake } from './testing/attribution-lake.ts';
import { openGraphBench } from './testing/graph-bench.ts';
import { validateGraph } from './validate.ts';

const account = (SubAccountId: string, cells: BillRow = {}) => ({
  SubAccountId,
  SubAccountName: `${SubAccountId} name`,
  ...cells,
});
const support = { ServiceName: 'Premium Support', ServiceCategory: 'Other' };

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({
    bill: [
      charge('40', { app: 'shop', env: 'prod', 'cost-center': 'CC1' }, account('a-shop')),
      charge('8', { app: 'Shop ', 'cost-center': 'CC1' }, account('a-shop')),
      charge('10', {}, account('a-shop')),
      charge('20', { application: 'pay', 'cost-center': 'CC2' }, account('a-mixed')),
      charge('5', { app: 'n/a', application: 'pay', 'cost-center': 'CC3' }, account('a-mixed')),
      charge('4', { app: 'Platform' }, account('a-mixed')),
      charge(
        '6',
        { app: 'None' },
        account('a-mixed', { ServiceName: 'Buckets', ServiceCategory: 'Storage' }),
      ),
      charge('3', {}, account('a-mixed', { ServiceName: 'Lines', ServiceCategory: 'Networking' })),
      charge('2', {}, account('a-mixed', support)),
      charge('1', { name: 'vm' }, account('a-mixed')),
      charge('2', { 'eks:cluster-name': 'blue' }, account('a-mixed', { BillingAccountId: '111' })),
      charge('1', { app: 'pay', 'eks:cluster-name': 'blue', cost_center: 'CC2' }, account('a-mixed')),
      charge('1', {}, account('a-mixed', { ChargeCategory: 'Tax' })),
      charge('-7', { app: 'shop' }, account('a-shop', { ChargeCategory: 'Credit' })),
    ],
  });
});
afterAll(() => lake.close());

const propose = (inputs: Partial<ProposalInputs> = {}, of: AttributionLake = lake) =>
  of.session((session) =>
    proposeGraph({
      ...{ session, lake: of.bench.workspace.lake, scope: everything, period: '2026-10' },
      ...inputs,
    }),
  );

describe('a proposal', () => {
  test('takes tags first, then accounts of one application, then what is shared', async () => {
    const { document, statistics, notes } = await propose();
    expect(document.rules).toEqual([
      { id: 'tag app: shop', where: "Tags.app = 'Shop '", node: 'app:shop', type: 'product' },
      { id: 'tag app: Platform', where: "Tags.app = 'Platform'", node: 'shared:platform', type: 'platform' },
      { id: 'tag app', where: "Tags.app not in ('None', 'n/a')", node: 'app:{Tags.app}', type: 'product' },
      { id: 'tag application', node: 'app:{Tags.application}', type: 'product' },
      { id: 'tag eks:cluster-name', node: 'cluster:{Tags["eks:cluster-name"]}', type: 'platform' },
      {
        ...{ id: 'accounts of shop', where: "SubAccountId = 'a-shop'", node: 'app:shop', type: 'product' },
        note: 'Nine tenths of what is tagged in these accounts is of this application.',
      },
      expect.objectContaining({ id: 'tax', node: 'shared:tax' }),
      expect.objectContaining({ id: 'support', node: 'shared:support', type: 'shared' }),
      expect.objectContaining({ id: 'networking', node: 'shared:networking' }),
    ]);
    expect(document.nodes).toEqual([
      { id: 'shared:tax', type: 'shared', name: 'Tax' },
      { id: 'shared:support', type: 'shared', name: 'Support' },
      { id: 'shared:networking', type: 'shared', name: 'Networking' },
      { id: 'shared:platform', type: 'platform', name: 'Platform' },
      { id: 'cluster:blue', type: 'platform', name: 'blue' },
      { id: 'app:shop', type: 'product', name: 'shop', labels: { costCentre: 'CC1' } },
      { id: 'app:pay', type: 'product', name: 'pay' },
    ]);
    expect(document.edges).toHaveLength(10);
    expect(document.edges?.[0]).toEqual({
      ...{ from: 'shared:tax', to: 'app:shop', strategy: 'proportional' },
      params: { metric: 'direct-cost' },
    });
    expect(document.metrics).toEqual([{ id: 'direct-cost', from: 'cost' }]);
    expect(statistics.tagKeys.map(({ key, use }) => [key, use])).toEqual([
      ['app', 'application'],
      ['application', 'application'],
      ['cost-center', 'costCentre'],
      ['env', 'environment'],
      ['eks:cluster-name', 'cluster'],
      ['cost_center', 'costCentre'],
      ['name', null],
    ]);
    expect(notes).toEqual([]);
  });

  test('says in money what each rule takes, what is covered, and why the rest is not', async () => {
    const { statistics } = await propose();
    const { rules, coverage, unattributed, tagKeys } = statistics;
    expect(rules.map(({ rule, rows, coverage: [usd] }) => [rule, rows, usd?.charges ?? '0'])).toEqual([
      ['tag app: shop', 1, '8'],
      ['tag app: Platform', 1, '4'],
      ['tag app', 3, '41'],
      ['tag application', 2, '25'],
      ['tag eks:cluster-name', 1, '2'],
      ['accounts of shop', 1, '10'],
      ['tax', 0, '0'],
      ['support', 1, '2'],
      ['networking', 1, '3'],
    ]);
    expect(rules[2]?.examples).toEqual(['Machines in a-shop', 'Machines in a-mixed']);
    expect(coverage).toEqual([
      {
        ...{ currency: 'USD', charges: '102' },
        onProducts: { currency: 'USD', charges: '84', share: '0.823529411765' },
        onShared: { currency: 'USD', charges: '11', share: '0.107843137255' },
        unattributed: { currency: 'USD', charges: '7', share: '0.06862745098' },
      },
    ]);
    expect(
      unattributed.map(({ service, account: of, rows, charges }) => [service, of, rows, charges]),
    ).toEqual([
      ['Buckets', 'a-mixed', 1, '6'],
      ['Machines', 'a-mixed', 1, '1'],
    ]);
    expect(tagKeys[0]).toEqual({
      ...{ key: 'app', values: 6, use: 'application' },
      coverage: [{ currency: 'USD', charges: '64', share: '0.627450980392' }],
    });
  });

  test('is a graph without errors that attributes what it says', async () => {
    const { document } = await propose();
    expect(validateGraph(documentOf(document)).filter(({ severity }) => severity !== 'info')).toEqual([]);
    const { rules, nodes, findings, check } = await lake.attribute(document);
    expect(nodes).toEqual([]);
    expect(findings).toEqual([]);
    expect(check.ok).toBe(true);
    expect(rules.find(({ rule }) => rule === null)?.charges).toBe('7');
  });

  test('finds the applications of the organization by id and label, whatever their case and signs', async () => {
    const applications = [
      { id: 'web-shop', label: 'SHOP' },
      { id: 'other', label: 'Pay2' },
    ];
    const { document, statistics, notes } = await propose({ applications });
    expect(statistics.applications).toEqual({
      matched: [{ node: 'app:shop', application: 'web-shop' }],
      unmatched: ['pay'],
      leftOut: 0,
    });
    expect(document.nodes).toContainEqual(
      expect.objectContaining({ id: 'app:shop', application: 'web-shop' }),
    );
    expect(notes).toEqual([expect.stringContaining('1 products are no application')]);
  });

  test('takes the tag that is named, and refuses one that no charge has', async () => {
    const { document } = await propose({ keys: ['cost-center'] });
    expect(document.rules?.[0]).toEqual({
      ...{ id: 'tag cost-center', node: 'app:{Tags["cost-center"]}', type: 'product' },
    });
    await expect(propose({ keys: ['aplication'] })).rejects.toMatchObject({
      code: 'allocation.unknownTag',
      message: expect.stringContaining('application'),
    });
  });

  test('has accounts as products where no tag names applications, and says so', async () => {
    const untagged = await openAttributionLake({
      bill: [
        charge('9', { env: 'prod' }, account('one')),
        charge('4', {}, account('two', support)),
        charge('2', { 'x y': "it's" }, account('two')),
      ],
      euros: [charge('7', {}, account('three', { BillingCurrency: 'EUR' }))],
    });
    try {
      const { document, notes, statistics } = await propose({}, untagged);
      expect(document.rules?.map(({ id }) => id)).toEqual(['support', 'by account']);
      expect(document.nodes?.map(({ id, name }) => [id, name])).toEqual([
        ['shared:support', 'Support'],
        ['account:one', 'one name'],
        ['account:three', 'three name'],
        ['account:two', 'two name'],
      ]);
      expect(document.metrics).toEqual([
        { id: 'direct-cost', from: 'cost', where: "BillingCurrency = 'USD'" },
      ]);
      expect(notes).toHaveLength(2);
      expect(
        statistics.coverage.map(({ currency, unattributed }) => [currency, unattributed.charges]),
      ).toEqual([
        ['USD', '0'],
        ['EUR', '0'],
      ]);
      expect(validateGraph(documentOf(document)).filter(({ severity }) => severity === 'error')).toEqual([]);
      const quoted = await propose({ keys: ['x y'] }, untagged);
      expect(quoted.document.rules?.map(({ node }) => node)).toContain('app:{Tags["x y"]}');
    } finally {
      await untagged.close();
    }
  });
});

test('the API proposes from the bills that the caller sees, and knows the applications', async () => {
  const bench = await openGraphBench();
  try {
    await bench.app.register(proposalRoutes, {
      workspace: lake.bench.workspace,
      records: async () => bench.records,
    });
    const ask = (body: object, scope?: object) =>
      bench.send('POST', '/allocation/proposals', body, scope ? { scope } : {});
    const { status, body } = await ask({ month: '2026-10' });
    expect(status).toBe(200);
    expect(proposalSchema.parse(body).statistics.applications.matched).toEqual([
      { node: 'app:shop', application: 'shop' },
    ]);
    expect((await ask({ month: '2026-10', tagKey: 'application' })).body.document.rules[0].id).toBe(
      'tag application',
    );
    expect(await ask({ month: '2026-10' }, { entities: ['labs'], sources: ['elsewhere'] })).toMatchObject({
      ...{ status: 404, body: { code: 'allocation.nothingToAttribute' } },
    });
    expect((await ask({ month: '10/2026' })).status).toBe(400);
  } finally {
    await bench.close();
  }
});
