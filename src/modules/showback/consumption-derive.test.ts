import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { computeAndPublish } from '../allocation/index.ts';
import { charge, inMonth, personOf, smallGraph } from '../allocation/testing/run-bench.ts';
import type { Cells } from '../ingestion/testing/bills.ts';
import type { DeriveResult } from './consumption-contract.ts';
import { deriveConsumption } from './consumption-derive.ts';
import { type ConsumptionBench, openConsumptionBench } from './testing/consumption-bench.ts';

let bench: ConsumptionBench;

function stored(day: string, app: string, quantity: string, unit: string, more: Cells = {}): Cells {
  return charge(day, '1', app, { ConsumedQuantity: quantity, ConsumedUnit: unit, ...more });
}

beforeAll(async () => {
  bench = await openConsumptionBench({ 'retail-aws': 'retail', 'labs-aws': 'labs' });
  await bench.bill('retail-aws', [
    stored('1', 'shop', '300', 'GB-Months', {
      RegionId: 'eu-west-1',
      Tags: '{"app":"shop","env":"production"}',
    }),
    stored('2', 'shop', '0.2', 'TB-Months', {
      RegionId: 'eu-west-1',
      Tags: '{"app":"shop","env":"production"}',
    }),
    stored('3', 'shop', '50', 'GB-Months', { RegionId: 'us-east-1', Tags: '{"app":"shop","env":"test"}' }),
    stored('4', 'blog', '7440', 'GB-Hours'),
    stored('5', 'blog', '9', 'Hours'),
    stored('6', 'blog', '4', 'GB/Month'),
    stored('7', 'ghost', '11', 'GB-Months'),
    stored('8', '', '13', 'GB-Months', { Tags: '{}' }),
    charge('9', '1', 'shop', { ConsumedQuantity: '', ConsumedUnit: '' }),
  ]);
  await bench.bill('labs-aws', [
    stored('1', 'lab', '8', 'GB-Months'),
    { ...charge('2', '7', 'lab'), ServiceName: 'Other' },
  ]);
  await bench.publishGraph(smallGraph);
  await bench.usage(
    'node,day,metric,value\napp:shop,2026-10-01,requests,3\napp:blog,2026-10-01,requests,1\n',
  );
  const world = { workspace: bench.workspace, records: bench.records };
  await computeAndPublish(world, personOf(), { graph: 'main', month: '2026-10', publish: true });
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const disk = {
  ...{ entity: 'retail', product: 'disk', kind: 'focus', source: 'storage', validFrom: '2026-10' },
  definition: { quantity: 'ConsumedQuantity', application: '{Tags.app}' },
};

async function declare(body: object): Promise<void> {
  expect((await bench.send('POST', '/consumption/origins', body)).status).toBe(201);
}

async function derive(more: object = {}): Promise<DeriveResult['items']> {
  const { status, body } = await bench.send('POST', '/consumption/derivations', {
    month: '2026-10',
    ...more,
  });
  if (status !== 200) throw new Error(`${body.code}: ${body.message}`);
  return body.items;
}

async function facts(): Promise<unknown[][]> {
  const rows = await bench.stored(
    'select application_id, environment, region, kind, quantity from consumption order by 1, 2, 3',
  );
  return rows.map(({ quantity, ...one }) => [...Object.values(one), Number(quantity)]);
}

describe('consumption from the bill', () => {
  it('adds up quantities by application in the unit of the product, and tells what it left out with its quantity', async () => {
    await declare(disk);
    const [item] = await derive();
    expect(item).toMatchObject({
      ...{ kind: 'focus', source: 'storage', product: 'disk', status: 'imported' },
      changes: [{ entity: 'retail', before: null, after: { facts: 2, quantity: '560' } }],
    });
    expect(await facts()).toEqual([
      ['blog', 'unknown', 'n_a', 'DIRECT', 10],
      ['shop', 'prod', 'n_a', 'DIRECT', 550],
    ]);
    expect(item?.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "consumption.otherUnit 4 GB/Month in 1 rows are left out: 'GB/Month' counts data × time to the power of -1; 'GB-month' counts data × time; 'GB/Month' is a rate and no quantity; where it means a product, write '-' for '/'; they do not convert. Say in the definition what the unit means.",
      "consumption.otherUnit 9 Hours in 1 rows are left out: 'Hours' counts time; 'GB-month' counts data × time; they do not convert. Say in the definition what the unit means.",
      'consumption.noApplication 13 GB-Months in 1 rows are left out: no application can be made of these rows.',
      "consumption.unknownApplications 11 GB-month of 'disk' are left out: ghost are no applications that you may bring facts of.",
      "consumption.otherEntities 8 GB-month of 'disk' are left out: lab are of entities for which 'storage' is not declared.",
    ]);
    const { body } = await bench.send(
      'GET',
      '/consumption/facts/explanation?month=2026-10&application=shop&product=disk',
    );
    expect(body.facts[0].sentence).toBe(
      '550 GB-month of disk by shop (prod) in 2026-10: rule storage, derived (focus) on 2026-11-21 by ann@example.com. ' +
        '350 GB-Months in 2 rows of the bills of 2026-10 (ConsumedQuantity), by rule storage; 0.2 TB-Months in 1 rows of the bills of 2026-10 (ConsumedQuantity), by rule storage.',
    );
    expect(await derive()).toMatchObject([{ status: 'unchanged', import: null }]);
    expect(await bench.verification()).toMatchObject({ ties: true });
  });

  it('takes conditions, environments, regions, and what a unit of the bill means', async () => {
    const definition = {
      ...disk.definition,
      ...{
        where: "Tags.app in ('shop', 'blog')",
        environment: '{Tags.env}',
        environments: { production: 'prod' },
      },
      ...{ region: 'RegionId', units: { 'GB/Month': 'GB-month' } },
    };
    await declare({ ...disk, definition });
    const [item] = await derive({ product: 'disk' });
    expect(await facts()).toEqual([
      ['blog', 'unknown', 'n_a', 'DIRECT', 14],
      ['shop', 'prod', 'eu-west-1', 'DIRECT', 500],
      ['shop', 'unknown', 'us-east-1', 'DIRECT', 50],
    ]);
    expect(item?.findings.map(({ code }) => code)).toEqual([
      'consumption.otherUnit',
      'consumption.otherEnvironment',
    ]);
  });

  it('counts rows as units of the product', async () => {
    await declare({
      ...disk,
      product: 'lan',
      definition: { quantity: 'rows', application: 'shop', where: "Tags.app = 'blog'" },
    });
    await derive({ product: 'lan' });
    expect(await facts()).toEqual([['shop', 'prod', 'n_a', 'DIRECT', 3]]);
  });

  it('is asked once for entities that declare the same, each of which gets its own', async () => {
    await declare(disk);
    await declare({ ...disk, entity: 'labs' });
    const items = await derive();
    expect(items).toMatchObject([
      {
        changes: [
          { entity: 'labs', after: { quantity: '8' } },
          { entity: 'retail', after: { quantity: '560' } },
        ],
      },
    ]);
    expect(items[0]?.findings.map(({ code }) => code)).not.toContain('consumption.otherEntities');
  });

  it('comes to the same whoever asks, and tells a limited caller of his own applications only', async () => {
    await bench.bill(
      'retail-aws',
      [stored('1', 'lab', '2', 'GB-Months'), stored('2', 'shop', '5', 'Hours')].map((row) =>
        inMonth('2026-11', row),
      ),
    );
    await bench.bill('labs-aws', [inMonth('2026-11', stored('1', 'lab', '8', 'GB-Months'))]);
    await declare(disk);
    await declare({ ...disk, entity: 'labs' });
    const scope = { entities: ['labs'], sources: ['labs-aws'] };
    const { body } = await bench.send('POST', '/consumption/derivations', { month: '2026-11' }, scope);
    expect(body.items).toMatchObject([
      { changes: [{ entity: 'labs', after: { facts: 1, quantity: '10' } }], findings: [] },
    ]);
    expect(await facts()).toEqual([['lab', 'prod', 'n_a', 'DIRECT', 10]]);
    const [item] = await derive({ month: '2026-11' });
    expect(item).toMatchObject({ status: 'unchanged', findings: [{ code: 'consumption.otherUnit' }] });
  });

  it('replaces its own facts and no others, and does so once it is declared', async () => {
    await bench.bring('month,application,product,quantity\n2026-10,shop,backup,1\n', {});
    await expect(derive()).rejects.toThrow('consumption.nothingToDerive');
    await declare(disk);
    await expect(derive({ product: 'backup' })).rejects.toThrow("The product 'backup'");
    expect(await derive({ dryRun: true })).toMatchObject([
      { status: 'dry-run', import: null, changes: [{ after: { facts: 2 } }] },
    ]);
    expect(await facts()).toHaveLength(1);
    await derive();
    expect(await facts()).toHaveLength(3);
    await bench.period('retail', '2026-10', 'CLOSED');
    expect(await derive()).toMatchObject([{ status: 'unchanged' }]);
  });
});

describe('weights from the allocation', () => {
  const lan = {
    ...{ entity: 'retail', product: 'lan', kind: 'allocation', source: 'retained', validFrom: '2026-10' },
    definition: { graph: 'main', currency: 'USD' },
  };

  it('are what product nodes retained in the published run, and say so', async () => {
    await declare(lan);
    const [item] = await derive();
    expect(await facts()).toEqual([['shop', 'prod', 'n_a', 'INDIRECT', 4]]);
    const { body } = await bench.send(
      'GET',
      '/consumption/facts/explanation?month=2026-10&application=shop&product=lan',
    );
    expect(body.facts[0].sentence).toMatch(
      /^weight [\d.]+ on lan by shop .*shop retained [\d.]+ USD on 1 product node of graph main in the run /,
    );
    expect(body.facts[0].quantity).toBe('4');
    expect(item?.findings.map(({ code }) => code)).toContain('consumption.noApplication');
  });

  it('may be of one node or of nodes that fit', async () => {
    await declare({ ...lan, definition: { ...lan.definition, node: 'app:blog' } });
    expect(await derive()).toMatchObject([
      { status: 'unchanged', findings: [{ code: 'consumption.noApplication' }] },
    ]);
    await bench.clear();
    await declare({ ...lan, definition: { ...lan.definition, where: "NodeId = 'app:shop'" } });
    await derive();
    expect(await facts()).toMatchObject([['shop', 'prod', 'n_a', 'INDIRECT', 4]]);
  });

  it('tell of cost in other currencies, which makes no weight', async () => {
    await declare({ ...lan, definition: { graph: 'main', currency: 'EUR' } });
    const [item] = await derive();
    expect(item?.findings).toMatchObject([
      { code: 'consumption.otherCurrency', message: expect.stringMatching(/^\d[\d.]* USD/) },
    ]);
  });

  it('need a published run of the month', async () => {
    await declare({ ...lan, validFrom: '2026-09' });
    await expect(derive({ month: '2026-09' })).rejects.toThrow('allocation.noPublishedRun');
  });

  it('are never negative: who would have one is named', async () => {
    await declare(lan);
    const negative = async () => ({
      ...{ kind: 'INDIRECT' as const, findings: [] },
      rows: [
        { application: 'shop', environment: null, region: null, quantity: '-5', explanation: '' },
        { application: 'site', environment: null, region: null, quantity: '3', explanation: '' },
      ],
    });
    const world = { workspace: bench.workspace, records: async () => bench.records };
    const asked = { month: '2026-10', dryRun: false };
    await expect(deriveConsumption(world, { allocation: negative }, personOf(), asked)).rejects.toThrow(
      'shop (-5)',
    );
    expect(await facts()).toEqual([]);
  });

  it('are kept with what other rules say, or nothing of either is', async () => {
    await declare(disk);
    await declare({ ...lan, validFrom: '2026-10', definition: { graph: 'other', currency: 'USD' } });
    await expect(derive()).rejects.toThrow('allocation.noPublishedRun');
    expect(await facts()).toEqual([]);
  });

  it('of a kind that this installation does not derive are refused', async () => {
    await declare({ ...lan, kind: 'derived', definition: { view: 'budget' } });
    await expect(derive()).rejects.toThrow('consumption.cannotDerive');
  });
});
