import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { holds, overlap, planOrigins } from './origin-plan.ts';
import type { Origin } from './origin-sql.ts';
import { type ConsumptionBench, openConsumptionBench } from './testing/consumption-bench.ts';

let bench: ConsumptionBench;
beforeAll(async () => {
  bench = await openConsumptionBench();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const head = 'month,application,product,quantity';
const disk = { entity: 'retail', product: 'disk', kind: 'import', source: 'cmdb', validFrom: '2026-03' };
const declare = (body: object, scope?: object) => bench.send('POST', '/consumption/origins', body, scope);
const end = (id: string, body: object) => bench.send('POST', `/consumption/origins/${id}/end`, body);

describe('an origin', () => {
  it('is declared from a month on, until it ends', async () => {
    const { status, body } = await declare(disk);
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({ ...disk, validTo: null, definition: {} }),
    ]);
    expect((await end(body.id, { validTo: '2026-06' })).body).toMatchObject({
      origin: { validTo: '2026-06' },
      deletedFacts: 0,
    });
    const list = async (query: string) =>
      (await bench.send('GET', `/consumption/origins?${query}`)).body.items.length;
    expect(
      await Promise.all(
        ['month=2026-05', 'month=2026-06', 'product=disk', 'source=x', 'kind=focus'].map(list),
      ),
    ).toEqual([1, 0, 1, 0, 0]);
    expect((await end(body.id, { validTo: '2026-03' })).body).toEqual({ origin: null, deletedFacts: 0 });
    expect((await end(body.id, { validTo: '2026-03' })).body).toMatchObject({
      code: 'consumption.unknownOrigin',
    });
  });

  it('that lies over another is refused with the months, the other and the quantity that it holds', async () => {
    await bench.bring(
      `${head}\n2026-03,shop,disk,1\n2026-04,shop,disk,2\n2026-04,blog,disk,0.5\n2026-05,shop,disk,4\n`,
    );
    const { status, body } = await declare({
      ...disk,
      source: 'other',
      validFrom: '2026-01',
      validTo: '2026-05',
    });
    expect([status, body.code]).toEqual([409, 'consumption.otherOrigin']);
    expect(body.message).toBe(
      "A product has one origin in a month. 'disk' of retail 2026-03 to 2026-04 comes from import 'cmdb' (3 facts, 3.5 GB-month). End that origin first, or leave these products out.",
    );
    expect(
      (await declare({ ...disk, source: 'other', validFrom: '2026-01', validTo: '2026-03' })).status,
    ).toBe(201);
    expect((await declare({ ...disk, entity: 'labs' })).status).toBe(201);
    expect((await declare({ ...disk, product: 'vcpu' })).status).toBe(201);
  });

  it('of another source keeps its facts from an import, which is refused with what is there', async () => {
    await bench.bring(`${head}\n2026-10,shop,disk,12\n`);
    const { status, code, message } = await bench.refusal(
      `${head}\n2026-10,site,disk,5\n2026-10,shop,vcpu,5\n`,
      { source: 'tapes' },
    );
    expect([status, code]).toEqual([409, 'consumption.otherOrigin']);
    expect(message).toContain("'disk' of retail in 2026-10 comes from import 'cmdb' (1 facts, 12 GB-month)");
    expect(await bench.stored('select product_id from consumption')).toEqual([{ product_id: 'disk' }]);
    const dry = await bench.bring(`${head}\n2026-10,site,disk,5\n`, { source: 'tapes', dryRun: true });
    expect(dry.problems).toMatchObject([{ code: 'consumption.otherOrigin' }]);
  });

  it('ends before facts that it holds only if these are to be deleted, with their sums', async () => {
    await bench.bring(
      `${head}\n2026-09,shop,disk,1\n2026-10,shop,disk,2\n2026-10,shop,vcpu,3\n2026-11,shop,disk,4\n`,
    );
    const [origin] = await bench.stored("select id from consumption_origin where product_id = 'disk'");
    const id = String(origin?.['id']);
    const refused = await end(id, { validTo: '2026-10' });
    expect([refused.status, refused.body.code]).toEqual([409, 'consumption.holdsFacts']);
    expect(refused.body.message).toContain(
      "'disk' of retail from 2026-10 on comes from import 'cmdb' (2 facts, 6 GB-month)",
    );
    expect((await end(id, { validTo: '2026-10', deleteFacts: true })).body).toMatchObject({
      deletedFacts: 2,
    });
    const left = await bench.stored('select period, product_id from consumption order by 1');
    expect(left.map((fact) => Object.values(fact))).toEqual([
      ['2026-09', 'disk'],
      ['2026-10', 'vcpu'],
    ]);
    expect(await bench.verification()).toMatchObject({ ties: true, months: 2 });
    await bench.bring(`${head}\n2026-10,shop,disk,9\n`, { source: 'tapes' });
  });

  it('does not touch closed months', async () => {
    await bench.period('retail', '2026-05', 'CLOSED');
    expect((await declare(disk)).body).toMatchObject({ code: 'consumption.closedMonth' });
    const { body } = await declare({ ...disk, validFrom: '2026-06' });
    await bench.period('retail', '2026-07', 'LOCKED');
    expect((await end(body.id, { validTo: '2026-07' })).body).toMatchObject({
      code: 'consumption.closedMonth',
      message: expect.stringContaining('2026-07 of retail is LOCKED'),
    });
    expect((await end(body.id, { validTo: '2026-08' })).status).toBe(200);
    expect((await end(body.id, { validTo: '2026-09' })).status).toBe(200);
  });

  it('may be prolonged until the next one begins, and no further', async () => {
    const { body } = await declare({ ...disk, validTo: '2026-05' });
    await declare({ ...disk, source: 'tapes', validFrom: '2026-07' });
    expect((await end(body.id, { validTo: '2026-07' })).status).toBe(200);
    expect((await end(body.id, { validTo: '2026-08' })).body).toMatchObject({
      code: 'consumption.otherOrigin',
    });
  });

  it('belongs to an entity and product in use that the caller covers', async () => {
    const codeOf = async (body: object, scope?: object) => (await declare(body, scope)).body.code;
    expect(await codeOf({ ...disk, entity: 'nowhere' })).toBe('consumption.unknownEntity');
    expect(await codeOf(disk, { entities: ['labs'] })).toBe('consumption.unknownEntity');
    expect(await codeOf({ ...disk, product: 'old' })).toBe('consumption.unknownProduct');
    expect(await codeOf({ ...disk, validTo: '2026-03' })).toBe('consumption.emptyOrigin');
    const { body } = await declare(disk, { entities: ['retail'] });
    const foreign = await bench.send(
      'POST',
      `/consumption/origins/${body.id}/end`,
      { validTo: '2026-03' },
      { entities: ['labs'] },
    );
    expect(foreign.body.code).toBe('consumption.unknownOrigin');
    const engineer = await bench.send(
      'POST',
      `/consumption/origins/${body.id}/end`,
      { validTo: '2026-03' },
      { applications: ['shop'] },
    );
    expect(engineer.body.code).toBe('consumption.unknownOrigin');
  });

  it.each([
    ['import', { x: 1 }, 'x'],
    ['focus', { quantity: 'ConsumedQuantity' }, 'application'],
    ['focus', { quantity: 'rows', application: 'a', where: 'Tags.app =' }, 'where: this is no condition'],
    ['focus', { quantity: 'rows', application: 'a', units: { x: '10K' } }, 'name a unit'],
    ['allocation', { graph: 'main', currency: 'EURO' }, 'ISO 4217'],
    ['derived', {}, 'view'],
  ])('of kind %s is not defined by %j', async (kind, definition, problem) => {
    const { status, body } = await declare({ ...disk, kind, definition });
    expect([status, body.code, body.message]).toEqual([
      422,
      'consumption.unfitDefinition',
      expect.stringContaining(problem),
    ]);
  });

  it('is declared by one of two who want the same at once', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((source) => declare({ ...disk, source })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
});

describe('planOrigins', () => {
  const month = fc.integer({ min: 1, max: 12 }).map((number) => `2026-${String(number).padStart(2, '0')}`);
  const span = fc.tuple(month, fc.option(month)).map(([validFrom, validTo]) => ({ validFrom, validTo }));

  it('declares every month that nobody has, once, and no month that somebody has', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 4 }), fc.array(month, { minLength: 1 }), (spans, months) => {
        const origins: Origin[] = [];
        for (const [index, one] of spans.entries()) {
          const isEmpty = one.validTo !== null && one.validTo <= one.validFrom;
          if (isEmpty || origins.some((other) => overlap(other, one))) continue;
          const said = { definition: {}, declaredAt: '', declaredBy: '' };
          origins.push({
            id: String(index),
            entity: 'e',
            product: 'p',
            kind: 'import',
            source: 'other',
            ...one,
            ...said,
          });
        }
        const needed = months.map((period) => ({ entity: 'e', product: 'p', period }));
        const { declared, taken } = planOrigins(needed, origins, { kind: 'import', source: 'mine' });
        for (const one of declared) {
          expect(origins.some((origin) => overlap(origin, one))).toBe(false);
          expect(declared.filter((other) => overlap(other, one))).toEqual([one]);
        }
        for (const period of months) {
          const others = origins.filter((origin) => holds(origin, period)).length;
          expect(taken.filter((one) => one.period === period).length > 0).toBe(others > 0);
          expect(declared.filter((one) => holds(one, period)).length).toBe(1 - others);
        }
      }),
      { numRuns: 500 },
    );
  });
});
