import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../platform/records/index.ts';
import { rateInputSchema } from './fx-contract.ts';
import { putRates, rateFor, removeRate, requireRate } from './fx-rates.ts';
import { rateCsv, readRateCsv } from './fx-sheet.ts';
import { type FxRate, readRates, readRatesOfMonth } from './fx-sql.ts';
import { openPriceBench, type PriceBench, personOf } from './testing/price-bench.ts';

const ann = personOf();
const retail = personOf({ entities: ['retail'] });

let bench: PriceBench;
beforeAll(async () => {
  bench = await openPriceBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.records.asOwner((tx) => tx.deleteFrom('fx_rate').execute()));

function rate(text: string): FxRate {
  const [period = '', base = '', quote = '', value = '', type = 'average'] = text.split(' ');
  return {
    period,
    base,
    quote,
    type: type as FxRate['type'],
    rate: value,
    source: 'ECB',
    asOf: `${period}-28`,
  };
}
const put = (...texts: readonly string[]) => bench.write((tx) => putRates(tx, ann, texts.map(rate)));
const key = (text: string) => {
  const { period, base, quote, type } = rate(
    `${text.split(' ').slice(0, 3).join(' ')} 1 ${text.split(' ')[3] ?? 'average'}`,
  );
  return { period, base, quote, type };
};
const find = (text: string) => bench.read((tx) => rateFor(tx, key(text)));
const need = (text: string) => bench.read((tx) => requireRate(tx, key(text)));

describe('the table of rates', () => {
  it('gives a rate as it was put in, and no other', async () => {
    await put('2026-10 USD EUR 0.921512345678901', '2026-10 USD EUR 0.93 closing');
    expect(await find('2026-10 USD EUR')).toEqual({
      rate: '0.921512345678901',
      source: 'ECB',
      asOf: '2026-10-28',
    });
    expect(await find('2026-10 USD EUR closing')).toMatchObject({ rate: '0.93' });
    for (const other of [
      '2026-10 EUR USD',
      '2026-10 USD EUR budget',
      '2026-09 USD EUR',
      '2026-11 USD EUR',
      '2026-10 USD GBP',
    ])
      expect([other, await find(other)]).toEqual([other, undefined]);
  });

  it('is never chained', async () => {
    await put('2026-10 DEM EUR 0.511292', '2026-10 EUR BEF 40.3399');
    expect(await find('2026-10 DEM BEF')).toBeUndefined();
    await expect(need('2026-10 DEM BEF')).rejects.toMatchObject({
      ...{ code: 'price.noRate', exitCode: 5 },
      message: expect.stringMatching(
        /^There is no average rate of 2026-10 from DEM to BEF\. There are rates by way of EUR, which are not chained\. Put it in/,
      ),
    });
  });

  it('says what there is near a gap', async () => {
    await put(
      '2026-10 EUR USD 1.08',
      '2026-10 USD EUR 0.93 closing',
      '2026-08 USD EUR 0.9',
      '2026-07 USD EUR 0.8',
      '2026-12 USD EUR 0.95',
    );
    await expect(need('2026-10 USD EUR')).rejects.toMatchObject({
      message:
        'There is no average rate of 2026-10 from USD to EUR. There is a closing rate (0.93). There is the inverse, from EUR to USD (1.08), which is not turned round. There is one of 2026-08 (0.9) and one of 2026-12 (0.95), which is of another month. Put it in as it was published: finops price rates set 2026-10 USD EUR RATE --type average.',
      params: { nearby: { length: 4 } },
    });
    await expect(need('2026-10 CHF JPY')).rejects.toMatchObject({
      message: expect.stringMatching(/from CHF to JPY\. Put it in/),
    });
  });

  it('gives all rates of a month into a currency', async () => {
    await put(
      '2026-10 USD EUR 0.9',
      '2026-10 GBP EUR 1.1',
      '2026-10 EUR USD 1.2',
      '2026-10 USD EUR 2 budget',
    );
    const into = await bench.read((tx) =>
      readRatesOfMonth(tx, { period: '2026-10', quote: 'EUR', type: 'average' }),
    );
    expect([...into].map(([base, { rate: value }]) => `${base} ${value}`)).toEqual(['GBP 1.1', 'USD 0.9']);
  });

  it('is changed by callers without limits only, and remembers what was', async () => {
    await put('2026-10 USD EUR 0.9');
    expect(await put('2026-10 USD EUR 0.91', '2026-10 GBP EUR 1.1')).toMatchObject({
      added: [{ base: 'GBP' }],
      changed: [{ before: { rate: '0.9' }, after: { rate: '0.91' } }],
      unchanged: 0,
    });
    expect(await put('2026-10 USD EUR 0.91')).toMatchObject({ added: [], changed: [], unchanged: 1 });
    const versions = await bench.read((tx) =>
      tx.selectFrom('fx_rate').select(['base', 'version']).orderBy('base').execute(),
    );
    expect(versions).toEqual([
      { base: 'GBP', version: 1 },
      { base: 'USD', version: 2 },
    ]);
    const usd = rate('2026-10 USD EUR 5');
    for (const work of [(tx: Tx) => putRates(tx, retail, [usd]), (tx: Tx) => removeRate(tx, retail, usd)])
      await expect(bench.write<unknown>(work, retail)).rejects.toMatchObject({
        code: 'price.wholeScopeNeeded',
      });
    await expect(
      bench.write(
        (tx) =>
          tx
            .insertInto('fx_rate')
            .values({ ...key('2026-10 CHF EUR'), rate: '1', source: 'x', as_of: '2026-10-01' })
            .execute(),
        retail,
      ),
    ).rejects.toMatchObject({ code: 'records.outsideScope' });
    expect(await bench.read((tx) => rateFor(tx, key('2026-10 USD EUR')), retail)).toMatchObject({
      rate: '0.91',
    });
    await bench.write((tx) => removeRate(tx, ann, key('2026-10 USD EUR')));
    await expect(bench.write((tx) => removeRate(tx, ann, key('2026-10 USD EUR')))).rejects.toMatchObject({
      code: 'price.unknownRate',
    });
    const entries = await bench.read((tx) =>
      tx
        .selectFrom('audit_log')
        .select(['action', 'before', 'after'])
        .where('object_id', '=', '2026-10/USD/EUR/average')
        .orderBy('id', 'desc')
        .limit(2)
        .execute(),
    );
    expect(entries).toMatchObject([
      { action: 'fx-rate.remove', before: { rate: '0.91' }, after: null },
      { action: 'fx-rate.put', before: { rate: '0.9' }, after: { rate: '0.91', source: 'ECB' } },
    ]);
  });
});

describe('a rate', () => {
  const parse = (given: object) =>
    rateInputSchema.safeParse({
      ...{ period: '2026-10', base: 'USD', quote: 'EUR', rate: '0.9', source: 'ECB', asOf: '2026-10-31' },
      ...given,
    });

  it('is a decimal above 0 with at most fifteen places, between two currencies of then or now', () => {
    expect(parse({ rate: '0.123456789012345' }).data?.rate).toBe('0.123456789012345');
    expect(parse({ rate: '1.0900' }).data?.rate).toBe('1.09');
    expect(parse({ base: 'DEM' }).success).toBe(true);
    for (const wrong of [
      { rate: '0.1234567890123456' },
      { rate: '0' },
      { rate: '-1' },
      { rate: '1e3' },
      { rate: 'x' },
      { base: 'EUR' },
      { base: 'usd' },
      { base: 'XXX' },
      { asOf: '2026-02-30' },
      { source: '' },
      { period: '2026-13' },
      { type: 'spot' },
    ])
      expect([wrong, parse(wrong).success]).toEqual([wrong, false]);
  });
});

describe('files of rates', () => {
  it('come back as they went out', async () => {
    await put('2026-09 USD EUR 0.9', '2026-10 USD EUR 0.000012345678901 budget');
    const rates = await bench.read((tx) => readRates(tx, {}));
    expect(await readRateCsv({ csv: rateCsv(rates), type: 'closing', source: undefined })).toEqual({
      rates,
      errors: [],
      rows: 2,
    });
  });

  it('are taken whole or not at all, with every cell that does not fit', async () => {
    const csv = [
      'period,base,quote,rate,asOf,type',
      '2026-10,USD,EUR,9E-01,2026-10-31,',
      '2026-10,USD,EUR,0.8,2026-10-31,average',
      '2026-10,USD,USD,1,2026-10-31,',
      '2026-10,GBP,EUR,"1,1",2026-10-31,',
      '2026-10,GBP,EUR,1.1,31.10.2026,spot',
      '2026-10,GBP',
    ].join('\n');
    const tried = await bench.send('POST', '/fx-rates/import', { csv, source: 'ECB', dryRun: true });
    expect(tried).toMatchObject({
      status: 200,
      body: { rows: 6, dryRun: true, added: [{ rate: '0.9', source: 'ECB' }] },
    });
    expect(
      tried.body.errors.map(({ row, field }: { row: number; field: string }) => `${row} ${field}`),
    ).toEqual(['3 period', '4 quote', '5 rate', '6 type', '6 asOf', '7 ']);
    expect(await bench.send('POST', '/fx-rates/import', { csv, source: 'ECB' })).toMatchObject({
      status: 422,
      body: { code: 'price.ratesRefused' },
    });
    expect(await bench.read((tx) => readRates(tx, {}))).toEqual([]);
    expect(
      await bench.send('POST', '/fx-rates/import', { csv: csv.split('\n').slice(0, 2).join('\n') }),
    ).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('there is no column source') },
    });
  });

  it('are listed page by page, exported, and taken out over HTTP', async () => {
    await put('2026-09 USD EUR 0.9', '2026-10 GBP EUR 1.1', '2026-10 USD EUR 0.92');
    const first = (await bench.send('GET', '/fx-rates?limit=2&quote=EUR')).body;
    expect(first.items).toHaveLength(2);
    expect(
      (await bench.send('GET', `/fx-rates?limit=2&quote=EUR&cursor=${first.next}`)).body.items,
    ).toMatchObject([{ rate: '0.92' }]);
    expect((await bench.send('GET', '/fx-rates?from=2026-10&base=GBP')).body.items).toHaveLength(1);
    expect((await bench.send('GET', '/fx-rates/export?base=GBP')).body).toBe(
      'period,base,quote,type,rate,source,asOf\r\n2026-10,GBP,EUR,average,1.1,ECB,2026-10-28\r\n',
    );
    const asked = await bench.send('PUT', '/fx-rates', { ...rate('2026-10 CHF EUR 1'), rate: '1.0500' });
    expect(asked.body).toMatchObject({ added: [{ base: 'CHF', rate: '1.05' }], dryRun: false });
    expect(await bench.send('DELETE', '/fx-rates/2026-10/CHF/EUR/average')).toMatchObject({
      status: 200,
      body: { rate: '1.05' },
    });
    expect(await bench.send('DELETE', '/fx-rates/2026-10/CHF/EUR/average')).toMatchObject({ status: 404 });
    const scope = { entities: ['retail'] };
    expect(await bench.send('PUT', '/fx-rates', rate('2026-10 CHF EUR 1'), { scope })).toMatchObject({
      status: 403,
    });
  });
});
