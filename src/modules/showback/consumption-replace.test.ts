import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Refusal, systemClock } from '../../platform/kernel/index.ts';
import { personOf } from '../allocation/testing/run-bench.ts';
import { collectFacts, type FactPart, type GivenFact } from './consumption-parts.ts';
import { type Delivery, replaceConsumption } from './consumption-replace.ts';
import { type ConsumptionBench, openConsumptionBench } from './testing/consumption-bench.ts';

let bench: ConsumptionBench;
beforeAll(async () => {
  bench = await openConsumptionBench();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

function fact(more: Partial<GivenFact> = {}): GivenFact {
  return {
    ...{
      entity: 'retail',
      period: '2026-10',
      product: 'disk',
      kind: 'DIRECT',
      unit: 'GB-month',
      application: 'shop',
    },
    ...{ environment: 'prod', region: 'n_a', resource: '', quantity: '1', row: 2, explanation: '' },
    ...more,
  };
}

async function partsOf(facts: readonly GivenFact[]): Promise<FactPart[]> {
  const collector = collectFacts();
  for (const one of facts) expect(collector.add(one)).toBeUndefined();
  const { parts, doubles } = await collector.finish();
  expect(doubles).toEqual([]);
  return parts;
}

async function deliver(
  facts: readonly GivenFact[],
  more: Partial<Delivery> = {},
  scope?: Parameters<typeof personOf>[0],
) {
  const parts = await partsOf(facts);
  const rows = { read: facts.length, rejected: 0 };
  const delivery: Delivery = {
    kind: 'import',
    source: 'cmdb',
    origin: 'list',
    periods: ['2026-10'],
    parts,
    rows,
    ...more,
  };
  const caller = personOf(scope);
  return bench.records.write(caller, (tx) => replaceConsumption(tx, caller, delivery, systemClock));
}

async function mark(): Promise<unknown> {
  const [found] = await bench.stored(
    "select facts_hash from consumption_watermark where entity_id = 'retail'",
  );
  return found?.['facts_hash'];
}

describe('a delivery', () => {
  it('is one of several that come at once, whole: sums are of its facts and of no others', async () => {
    const done = await Promise.all(
      ['1', '2', '3', '4'].map((quantity) =>
        deliver([
          fact({ quantity }),
          fact({ quantity, application: 'site' }),
          fact({ quantity, product: 'vcpu', unit: 'vCPU-hour' }),
        ]),
      ),
    );
    expect(new Set(done.map((one) => one.import)).size).toBe(4);
    const quantities = await bench.stored('select distinct quantity from consumption');
    expect(quantities).toHaveLength(1);
    expect(await bench.stored('select count(*)::integer as n from consumption')).toEqual([{ n: 3 }]);
    expect(await bench.verification()).toMatchObject({ ties: true, facts: 3 });
  });

  it('leaves nothing behind when it is refused half-way', async () => {
    await deliver([fact()]);
    const before = await mark();
    const caller = personOf();
    const parts = await partsOf([fact({ quantity: '5' })]);
    const delivery: Delivery = {
      kind: 'import',
      source: 'cmdb',
      origin: 'x',
      periods: ['2026-10'],
      parts,
      rows: { read: 1, rejected: 0 },
    };
    const broken = bench.records.write(caller, async (tx) => {
      await replaceConsumption(tx, caller, delivery, systemClock);
      throw new Error('the machine stops here');
    });
    await expect(broken).rejects.toThrow('the machine stops here');
    expect(await mark()).toBe(before);
    expect(await bench.stored('select quantity::text as q from consumption')).toEqual([
      { q: '1.000000000000' },
    ]);
    expect(await bench.verification()).toMatchObject({ ties: true });
  });

  it('of facts of another entity is stopped by the records themselves', async () => {
    const foreign = deliver([fact({ entity: 'labs', application: 'lab' })], {}, { entities: ['retail'] });
    await expect(foreign).rejects.toThrow(Refusal);
    await expect(deliver([fact()], {}, { applications: ['shop'] })).rejects.toThrow(Refusal);
    expect(await bench.stored('select * from consumption')).toEqual([]);
  });

  it('changes the watermark of the month when its facts change, and only then', async () => {
    const marks = new Set<unknown>();
    const variants: readonly Partial<GivenFact>[] = [
      {},
      { quantity: '2' },
      { environment: 'non_prod' },
      { region: 'eu' },
      { resource: 'a' },
      { application: 'site' },
      { explanation: 'why' },
      { kind: 'INDIRECT' },
      { unit: 'TB-month' },
      { product: 'backup' },
    ];
    for (const more of variants) {
      await deliver([fact(more)]);
      marks.add(await mark());
    }
    expect(marks.size).toBe(variants.length);
    await deliver([fact({ row: 99 })]);
    expect(marks.has(await mark())).toBe(true);
    await deliver([]);
    expect(await mark()).toBeUndefined();
  });

  it('of one product leaves the others of its rule alone', async () => {
    const rule = { kind: 'focus', source: 'rule' } as const;
    await deliver([fact(), fact({ product: 'backup' })], rule);
    await deliver([], { ...rule, products: ['disk'] });
    expect(await bench.stored('select product_id from consumption')).toEqual([{ product_id: 'backup' }]);
    await deliver([fact({ product: 'vcpu' })], { kind: 'import', source: 'rule' });
    expect(await bench.stored('select product_id from consumption order by 1')).toHaveLength(2);
    expect(await bench.verification()).toMatchObject({ ties: false, differences: [{ table: 'unit' }] });
  });

  it('writes a line of the audit log for each entity', async () => {
    await deliver([fact(), fact({ entity: 'labs', application: 'lab' })]);
    const lines = await bench.stored(
      "select entity_id, after ->> 'facts' as facts from audit_log where action = 'consumption.import' order by id desc limit 2",
    );
    expect(lines).toEqual([
      { entity_id: 'retail', facts: '1' },
      { entity_id: 'labs', facts: '1' },
    ]);
  });

  it('takes more facts than one statement holds, in batches that cut cells anywhere', async () => {
    const caller = personOf();
    const many = Array.from({ length: 45_001 }, (_, i) =>
      fact({
        application: i % 3 === 0 ? 'shop' : 'site',
        resource: `r${i}`,
        row: i + 2,
        product: i % 2 === 0 ? 'disk' : 'backup',
      }),
    );
    await deliver(many);
    expect(await bench.verification()).toMatchObject({ ties: true, facts: 45_001 });
    const { rows } = await bench.records.read(caller, (tx) =>
      sql`select sum(facts)::integer as n from consumption_summary`.execute(tx),
    );
    expect(rows).toEqual([{ n: 45_001 }]);
  });
});

describe('the hash of a part', () => {
  it('is the same in every order of its facts', async () => {
    const facts = Array.from({ length: 6 }, (_, i) => fact({ resource: `r${i}`, quantity: `${i}`, row: i }));
    const [sorted] = await partsOf(facts);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(facts, { minLength: 6 }), async (shuffled) => {
        const [part] = await partsOf(shuffled);
        expect(part).toEqual(sorted);
      }),
    );
  });
});
