import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putRates, rateFor, requireRate } from '../src/modules/showback/fx-rates.ts';
import type { FxRate } from '../src/modules/showback/fx-sql.ts';
import { scalePrice } from '../src/modules/showback/price-arithmetic.ts';
import { setCalendar, viewOfMonth } from '../src/modules/showback/price-calendar.ts';
import { publishDraft, replaceLines } from '../src/modules/showback/price-drafts.ts';
import type { NewLine } from '../src/modules/showback/price-line.ts';
import { readPriceLines } from '../src/modules/showback/price-lines-sql.ts';
import { findPriceLine } from '../src/modules/showback/price-lookup.ts';
import { changeView, createView } from '../src/modules/showback/price-views.ts';
import {
  lineOf,
  now,
  openPriceBench,
  type PriceBench,
  personOf,
} from '../src/modules/showback/testing/price-bench.ts';
import { addMonths, formatFixed, parseDecimal, parsePeriod } from '../src/platform/kernel/index.ts';

/** Worked cases of others about prices and rates, kept outside the repository; without them this suite is skipped by name. */
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
  ? 'worked cases of others about prices (SKIPPED: no folder of cases beside the repository)'
  : 'worked cases of others about prices';

interface OracleCase {
  readonly id: string;
  readonly inputs: ReturnType<typeof JSON.parse>;
  readonly expected: ReturnType<typeof JSON.parse>;
}

const ann = personOf();
const cell = {
  ...{ product: 'vcpu', family: null, domain: 'compute' },
  ...{ entity: 'retail', environment: 'prod', region: 'eu' },
};

describe.skipIf(absent)(title, () => {
  let bench: PriceBench;
  let view: string;
  let made = 0;
  beforeAll(async () => {
    bench = await openPriceBench();
  });
  afterAll(() => bench.close());

  function published(id: string): OracleCase {
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly OracleCase[] };
    const found = cases.find((one) => one.id === id);
    if (!found) throw new Error(`there is no case ${id}`);
    return found;
  }
  /** A new price view in EUR with these lines, published. */
  async function publish(lines: readonly NewLine[]): Promise<void> {
    view = `view-${++made}`;
    await bench.write(async (tx) => {
      const whole = { label: view, kind: 'budget', currency: 'EUR', rateType: 'average' } as const;
      await createView(tx, ann, { id: view, ...whole, entity: null, graph: null });
      await replaceLines(tx, ann, view, lines, { now });
      await publishDraft(tx, ann, view, { now });
    });
  }
  const rateOf = (
    period: string,
    [base = '', quote = '']: readonly string[],
    rate: string,
    source = 'case',
  ): FxRate => ({
    ...{ period, base, quote, rate, source, type: 'average', asOf: `${period}-01` },
  });
  const put = (...rates: readonly FxRate[]) => bench.write((tx) => putRates(tx, ann, rates));
  const find = (period: string, [base = '', quote = '']: readonly string[]) =>
    bench.read((tx) => rateFor(tx, { period, base, quote, type: 'average' }));
  const need = (period: string, [base = '', quote = '']: readonly string[]) =>
    bench.read((tx) => requireRate(tx, { period, base, quote, type: 'average' }));

  // Koku, koku/cost_models/test/test_price_list_manager.py, PriceListManagerQueryTest.
  it('koku-price-list-resolution (contrasted): lists that overlap are refused; said month by month, the same list prices each date', async () => {
    const { inputs, expected } = published('koku-price-list-resolution');
    const monthOf = (day: string) => day.slice(0, 7);
    const asPublished = inputs.lists.map(({ name, from, to }: Record<string, string>) =>
      lineOf({
        ...{ note: name ?? null, validFrom: monthOf(from ?? '') },
        validTo: addMonths(parsePeriod(monthOf(to ?? '')), 1),
      }),
    ) as NewLine[];
    // Koku takes the lowest priority number; here two lines of one product may not share a month.
    await expect(publish(asPublished)).rejects.toMatchObject({
      code: 'price.overlap',
      message: expect.stringContaining('2026-01 to 2026-03'),
    });
    const [first, second] = asPublished as [NewLine, NewLine];
    await publish([first, { ...second, validFrom: first.validTo ?? '' }]);
    const priceAt = async (day: string) => {
      const { view: holding, version } = (await bench.read((tx) =>
        viewOfMonth(tx, 'retail', monthOf(day)),
      )) ?? {
        ...{ view: '', version: 0 },
      };
      const lines = await bench.read((tx) => readPriceLines(tx, { view: holding, version }));
      return findPriceLine(lines, cell, monthOf(day))?.note ?? null;
    };
    const span = { entity: null, view, validFrom: '2026-01', validTo: null };
    await bench.write((tx) => setCalendar(tx, ann, span));
    for (const day of inputs.dates) expect([day, await priceAt(day)]).toEqual([day, expected[day]]);
    await bench.write((tx) => changeView(tx, ann, view, { active: false, now }));
    expect(await priceAt('2026-02-15')).toBe(expected['after_disable_2026-02-15']);
    const again = bench.write((tx) => setCalendar(tx, ann, { ...span, entity: 'labs' }));
    await expect(again).rejects.toMatchObject({ code: 'price.viewRetired' });
  });

  // CloudKitty, cloudkitty/tests/test_hashmap.py, test_update_result_flat.
  it('ck-best-flat-wins (contrasted): where the dearest of several flat prices wins there, two prices of one cell are refused here', async () => {
    const { inputs, expected } = published('ck-best-flat-wins');
    const flats = inputs.same_group_flats_in_order as readonly string[];
    expect(expected.running.at(-1)).toBe([...flats].sort((a, b) => Number(b) - Number(a))[0]);
    for (const [at, amount] of flats.entries())
      for (const other of flats.slice(at + 1))
        await expect(publish([lineOf({ amount }), lineOf({ amount: other })])).rejects.toMatchObject({
          code: 'price.overlap',
        });
    // One price a cell is one answer, whatever order the prices were written in.
    const lines = flats.map((amount, index) => lineOf({ amount, region: `r${index}` }));
    await publish(lines);
    const kept = await bench.read((tx) => readPriceLines(tx, { view, version: 1 }));
    const priceIn = (region: string) => findPriceLine(kept, { ...cell, region }, '2026-10')?.amount ?? null;
    expect(['r0', 'r1', 'r2', 'r3'].map(priceIn)).toEqual([...flats, null]);
  });

  // OptScale, issues 689 and 42.
  it('optscale-single-currency (contrasted): prices in several currencies are kept as they are and converted by the rate of the month', async () => {
    const { inputs, expected } = published('optscale-single-currency');
    expect(expected.ours).toContain('keep original amount');
    const currencies = inputs.sources as readonly string[];
    await put(rateOf('2026-09', ['CHF', 'EUR'], '1.05'), rateOf('2026-09', ['USD', 'EUR'], '0.9', 'ECB'));
    await publish(currencies.map((currency) => lineOf({ currency, region: currency, amount: '100' })));
    const lines = await bench.read((tx) => readPriceLines(tx, { view, version: 1 }));
    const converted = await Promise.all(
      lines.map(async ({ currency, amount }) => {
        const rate = currency === 'EUR' ? '1' : (await need('2026-09', [currency, 'EUR'])).rate;
        return [currency, amount, scalePrice(amount ?? '', rate).price];
      }),
    );
    expect(converted).toEqual([
      ['CHF', '100', '105'],
      ['EUR', '100', '100'],
      ['USD', '100', '90'],
    ]);
    await expect(need('2026-11', ['USD', 'EUR'])).rejects.toMatchObject({ code: 'price.noRate' });
  });

  // Koku, koku/cost_models/test/test_monthly_exchange_rate_utils.py, test_backfill_uses_next_later_existing_rate.
  it('koku-fx-backfill (contrasted): a month without a rate is an error, not the rate of a later month', async () => {
    const { inputs, expected } = published('koku-fx-backfill');
    const months: Readonly<Record<string, string>> = {
      m1: '2026-05',
      m2: '2026-06',
      m3: '2026-07',
      current: '2026-08',
    };
    const pair = ['GBP', 'EUR'];
    for (const [month, [rate, source]] of Object.entries<readonly string[]>(inputs.existing))
      await put(rateOf(months[month] ?? '', pair, rate ?? '', source));
    for (const month of inputs.months as readonly string[]) {
      const isThere = month in inputs.existing;
      const found = await find(months[month] ?? '', pair);
      const [value] = expected[month];
      // Koku answers every month; only what somebody put in is answered here.
      expect([month, found?.rate]).toEqual([month, isThere ? parseAndFormat(value) : undefined]);
      if (isThere) continue;
      await expect(need(months[month] ?? '', pair)).rejects.toMatchObject({
        ...{ code: 'price.noRate', exitCode: 5 },
        message: expect.stringContaining('There is one of 2026-06 (0.2), which is of another month.'),
      });
    }
  });

  // Council Regulation (EC) 1103/97, article 4, with the irrevocable rates of DEM and BEF.
  it('eu-triangulation (contrasted): two legs are not chained and none is turned round; the result of the regulation comes of a rate that says it', async () => {
    const { inputs, expected } = published('eu-triangulation');
    const [from, to] = [inputs.from, inputs.to] as [string, string];
    await put(rateOf('1999-01', ['EUR', from], '1.95583'), rateOf('1999-01', ['EUR', to], '40.3399'));
    await expect(need('1999-01', [from, 'EUR'])).rejects.toMatchObject({
      message: expect.stringContaining(
        'There is the inverse, from EUR to DEM (1.95583), which is not turned round.',
      ),
    });
    await put(rateOf('1999-01', [from, 'EUR'], '0.51129'));
    await expect(need('1999-01', [from, to])).rejects.toMatchObject({
      message: expect.stringContaining('There are rates by way of EUR, which are not chained.'),
    });
    // By hand, as the regulation says: the euro leg is rounded to three decimals, then multiplied.
    const leg = formatFixed(
      parseDecimal(scalePrice(inputs.amount, '0.51129188').price),
      inputs.eur_leg_decimals,
    );
    expect(leg).toBe(expected.eur_leg);
    expect(scalePrice(leg, '40.3399').price).toBe(expected.bef_unrounded);
    const direct = scalePrice(expected.bef_unrounded, '0.01').price;
    await put(rateOf('1999-01', [from, to], direct, 'Regulation (EC) 1103/97, 100 DEM'));
    const { rate, source } = await need('1999-01', [from, to]);
    const converted = scalePrice(inputs.amount, rate).price;
    expect([converted, source]).toEqual([expected.bef_unrounded, 'Regulation (EC) 1103/97, 100 DEM']);
    expect(formatFixed(parseDecimal(converted), 2)).toBe(expected.bef_2dp);
  });
});

function parseAndFormat(text: string): string {
  return scalePrice(text, '1').price;
}
