import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addDecimal,
  compareDecimal,
  everything,
  formatDecimal,
  nothing,
  parseDecimal,
  type Scope,
  sumDecimals,
  tryParseDecimal,
} from '../kernel/index.ts';
import {
  type CostQueryInput,
  type CostQueryResult,
  type CostQueryRow,
  costQuerySchema,
  type Filter,
  grains,
} from './cost-query.ts';
import type { Selection } from './dataset.ts';
import { type Engine, openEngine } from './engine.ts';
import { runCostQuery } from './run-cost-query.ts';
import { type BillRow, bill, writeBill } from './testing/example-bill.ts';

let engine: Engine;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-query-property-'));
  engine = await openEngine({ threads: 1 });
});
afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

const instant = fc
  .date({ min: new Date('2026-08-20T00:00:00Z'), max: new Date('2026-12-10T00:00:00Z'), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 13)}:00:00`);
const units = fc.oneof(
  fc.bigInt({ min: -5n, max: 5n }),
  fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  fc.bigInt({ min: -(10n ** 33n), max: 10n ** 33n }),
);
const amount = units.map((u) => formatDecimal({ units: u, scale: 12 }));
const service = fc.constantFrom('A', 'B', 'C', 'other', 'Größe', "it's", null);
const label = fc.constantFrom('shop', 'crm', '', 'Other');

const row: fc.Arbitrary<BillRow> = fc.record({
  source: fc.constantFrom('aws', 'azure', "o'saas", null),
  month: fc.constantFrom('2026-09', '2026-10', '2026-11'),
  starts: fc.option(instant, { freq: 9 }),
  ends: fc.option(instant, { freq: 9 }),
  currency: fc.constantFrom('USD', 'USD', 'EUR'),
  service,
  region: fc.constantFrom('eu', 'us', null),
  labels: fc.option(fc.record({ app: label, 'a/b': label }, { requiredKeys: [] })),
  details: fc.constant(null),
  paid: fc.option(amount, { freq: 9 }),
  used: fc.option(amount, { freq: 9 }),
  quantity: fc.option(amount),
  unit: fc.constantFrom('Hours', 'Hours', 'GB', null),
  items: fc.option(fc.integer({ min: -3, max: 3 })),
  isFinal: fc.option(fc.boolean()),
});
const rows = fc.array(row, { maxLength: 25 });

const fieldAndValue = fc.oneof(
  fc.tuple(
    fc.constant({ column: 'Service' }),
    service.map((s) => s ?? 'x'),
  ),
  fc.tuple(fc.constant({ column: 'region' }), fc.constantFrom('eu', 'us')),
  fc.tuple(fc.constant({ tag: 'app' }), label),
  fc.tuple(fc.constant({ column: 'Labels', key: 'a/b' }), label),
  fc.tuple(fc.constant({ column: 'Paid' }), amount),
  fc.tuple(fc.constant({ column: 'Items' }), fc.constantFrom(-1, 0, '1', 1.5)),
  fc.tuple(fc.constant({ column: 'Currency' }), fc.constantFrom('USD', 'EUR')),
);
const comparison = fieldAndValue.chain(([field, value]): fc.Arbitrary<Filter> => {
  const isText = !('column' in field) || !['Paid', 'Items'].includes(field.column);
  const comparisons = isText
    ? (['=', '!=', '<', '>=', 'contains', 'prefix'] as const)
    : (['=', '!=', '<', '<=', '>', '>='] as const);
  return fc.oneof(
    fc.constantFrom(...comparisons).map((op): Filter => ({ field, op, value })),
    fc.constantFrom('in' as const, 'not in' as const).map((op): Filter => ({ field, op, values: [value] })),
    fc.constantFrom('is null' as const, 'is not null' as const).map((op): Filter => ({ field, op })),
  );
});
const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((and): Filter => ({ and })),
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((or): Filter => ({ or })),
    tie('filter').map((not): Filter => ({ not })),
  ),
})).filter;

const dimension = fc.oneof(
  fc.constantFrom('Service', 'Region', 'Currency', 'Items', 'Starts').map((column) => ({ column })),
  fc.constant({ column: 'Used', name: 'amount' }),
  fc.constantFrom({ tag: 'app' }, { tag: 'a/b' }),
  fc.record({
    grain: fc.constantFrom(...grains),
    of: fc.constantFrom('charge' as const, 'billing' as const),
  }),
);
const dimensions = fc.uniqueArray(dimension, { maxLength: 3, selector: (d) => JSON.stringify(d) });

/** Every measure at once, in any order: the first one ranks. */
const measures = fc.shuffledSubarray(
  [
    { sum: 'Paid' },
    { sum: 'Used' },
    { sum: 'Quantity' },
    { count: 'rows' as const },
    { coverage: { tag: 'app', of: 'Paid' }, name: 'tagged' },
  ],
  { minLength: 5 },
);

async function everyPage(
  selection: Selection,
  query: CostQueryInput,
  scope: Scope = everything,
): Promise<CostQueryResult> {
  let page: CostQueryResult | undefined;
  const seen: CostQueryRow[] = [];
  do {
    const next = page?.next;
    const asked = costQuerySchema.parse(next === undefined ? query : { ...query, cursor: next });
    const before = page;
    page = await runCostQuery(engine, { dataset: bill, selection, scope, query: asked });
    if (before) expect(page.totals).toEqual(before.totals);
    seen.push(...page.rows);
  } while (page.next !== undefined);
  return { ...page, rows: seen };
}

test('the rows of every query sum exactly to its totals, per currency, over all pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      measures,
      dimensions,
      fc.option(filter),
      fc.record({ top: fc.option(fc.integer({ min: 1, max: 3 })), limit: fc.constantFrom(5, 50, 10_000) }),
      async (stored, asked, by, where, { top, limit }) => {
        const canCut = by.some(
          (d) => 'tag' in d || ('column' in d && !['Currency', 'Starts'].includes(d.column)),
        );
        const selection = await writeBill(engine, folder, stored);
        const answer = await everyPage(selection, {
          measures: asked,
          dimensions: by,
          limit: by.some((d) => 'grain' in d && d.grain === 'hour') ? 10_000 : limit,
          ...(where ? { where } : {}),
          ...(top && canCut ? { top } : {}),
        });
        const passed = stored.filter((one) => !where || passes(one, where));
        expect(answer.totals['rows']).toBe(passed.length);
        expect(sum(answer.rows, 'rows')).toBe(String(passed.length));
        for (const measure of ['Paid', 'Used'] as const) {
          expect(byCurrency(answer, measure)).toEqual(expectedByCurrency(passed, measure));
          const total = answer.totals[measure];
          if (total !== null) expect(sum(answer.rows, measure)).toBe(total);
          else expect(answer.totalsByCurrency.length).toBeGreaterThan(1);
        }
        if (answer.totals['Quantity'] !== null)
          expect(sum(answer.rows, 'Quantity')).toBe(answer.totals['Quantity']);
        const keys = answer.rows.map((one) => JSON.stringify(answer.context.dimensions.map((d) => one[d])));
        expect(new Set(keys).size).toBe(keys.length);
      },
    ),
    { numRuns: 150 },
  );
});

test('under a scope every query answers as on a bill that holds its sources alone', async () => {
  const sources = fc.uniqueArray(fc.constantFrom<string[]>('aws', 'azure', "o'saas", 'nobody'), {
    minLength: 1,
  });
  const bySource = fc.constantFrom<CostQueryInput['dimensions']>(undefined, [{ column: 'Source' }]);
  await fc.assert(
    fc.asyncProperty(
      rows,
      sources,
      measures,
      fc.tuple(dimensions, bySource),
      fc.option(filter),
      async (stored, seen, asked, [by, source = []], where) => {
        const own = stored.filter((one) => seen.includes(one.source ?? ''));
        const alone = await writeBill(engine, folder, own);
        // A selection of everything: what keeps the other rows out is the statement alone.
        const all = { ...(await writeBill(engine, folder, stored)), currencies: alone.currencies };
        const query: CostQueryInput = {
          measures: asked,
          dimensions: [...source, ...by],
          ...(where ? { where: { or: [where, { not: where }, where] } } : {}),
        };
        const scope = { ...nothing, sources: seen };
        expect(await everyPage(all, query, scope)).toEqual(await everyPage(alone, query));
      },
    ),
    { numRuns: 100 },
  );
});

test('a filter and its complement together are the whole', async () => {
  await fc.assert(
    fc.asyncProperty(rows, filter, fc.constantFrom(...grains), async (stored, where, grain) => {
      const selection = await writeBill(engine, folder, stored);
      const query = { measures: [{ sum: 'Paid' }], dimensions: [{ column: 'Currency' }, { grain }] };
      const whole = await everyPage(selection, query);
      const inside = await everyPage(selection, { ...query, where });
      const outside = await everyPage(selection, { ...query, where: { not: where } });
      const key = (one: CostQueryRow) => `${one['Currency']} ${one[grain]}`;
      const parts = new Map<string, string>();
      for (const one of [...inside.rows, ...outside.rows])
        parts.set(key(one), plus(parts.get(key(one)) ?? '0', String(one['Paid'])));
      expect(Object.fromEntries(parts)).toEqual(
        Object.fromEntries(whole.rows.map((one) => [key(one), one['Paid']])),
      );
    }),
    { numRuns: 60 },
  );
});

test.each(['day', 'hour'] as const)(
  'every %s holds what a separate calculation puts on it',
  async (grain) => {
    await fc.assert(
      fc.asyncProperty(rows, async (stored) => {
        const selection = await writeBill(engine, folder, stored);
        const query = { measures: [{ sum: 'Paid' }], dimensions: [{ column: 'Currency' }, { grain }] };
        const answer = await everyPage(selection, query);
        const expected = new Map<string, bigint>();
        for (const one of stored)
          for (const [time, part] of spread(one, grain === 'day' ? 86_400_000 : 3_600_000)) {
            const at = new Date(time).toISOString().replace('.000', '');
            const key = `${one.currency} ${grain === 'day' ? at.slice(0, 10) : at}`;
            expected.set(key, (expected.get(key) ?? 0n) + part);
          }
        expect(new Map(answer.rows.map((one) => [`${one['Currency']} ${one[grain]}`, one['Paid']]))).toEqual(
          new Map([...expected].map(([key, part]) => [key, formatDecimal({ units: part, scale: 12 })])),
        );
      }),
      { numRuns: 40 },
    );
  },
);

/** Straight from the rule: round(u·i ÷ n) − round(u·(i−1) ÷ n) on each day (hour) of charge period ∩ billing month. */
function spread(one: BillRow, step: number): [number, bigint][] {
  const opens = Date.parse(`${one.month}-01T00:00:00Z`);
  const closes = new Date(opens).setUTCMonth(new Date(opens).getUTCMonth() + 1);
  const start = one.starts ? Date.parse(`${one.starts}Z`) : Number.NaN;
  const end = one.ends ? Math.max(Date.parse(`${one.ends}Z`), start + 1) : Number.NaN;
  const isInside = start < closes && end > opens;
  const first = isInside ? Math.floor(Math.max(start, opens) / step) : opens / step;
  const last = isInside ? Math.ceil(Math.min(end, closes) / step) - 1 : first;
  const count = BigInt(last - first + 1);
  const total = unitsOf(one.paid);
  const upTo = (i: bigint) => {
    const doubled = 2n * total * i;
    return (doubled + (total < 0n ? -count : count)) / (2n * count);
  };
  return Array.from({ length: Number(count) }, (_, i) => [
    (first + i) * step,
    upTo(BigInt(i) + 1n) - upTo(BigInt(i)),
  ]);
}

function unitsOf(text: string | null | undefined): bigint {
  const { units: u, scale } = parseDecimal(text ?? '0');
  return u * 10n ** BigInt(12 - scale);
}

function passes(one: BillRow, where: Filter): boolean {
  if ('and' in where) return where.and.every((part) => passes(one, part));
  if ('or' in where) return where.or.some((part) => passes(one, part));
  if ('not' in where) return !passes(one, where.not);
  const value = fieldText(one, where.field);
  switch (where.op) {
    case 'is null':
      return value === null;
    case 'is not null':
      return value !== null;
    case 'in':
      return where.values.some((other) => order(value, other) === 0);
    case 'not in':
      return !where.values.some((other) => order(value, other) === 0);
    case 'contains':
      return value?.toLowerCase().includes(String(where.value).toLowerCase()) ?? false;
    case 'prefix':
      return value?.toLowerCase().startsWith(String(where.value).toLowerCase()) ?? false;
  }
  const compared = order(value, where.value);
  if (where.op === '!=') return compared !== 0;
  if (compared === undefined) return false;
  const holds = {
    '=': compared === 0,
    '<': compared < 0,
    '<=': compared <= 0,
    '>': compared > 0,
    '>=': compared >= 0,
  };
  return holds[where.op];
}

/** Numbers by value, text by code point; undefined next to null. */
function order(value: string | null, other: string | number | boolean): number | undefined {
  if (value === null) return undefined;
  const [a, b] = [tryParseDecimal(value), tryParseDecimal(String(other))];
  if (a && b) return compareDecimal(a, b);
  return Buffer.compare(Buffer.from(value), Buffer.from(String(other)));
}

function fieldText(
  one: BillRow,
  field: Extract<Filter, { readonly field: unknown }>['field'],
): string | null {
  if ('tag' in field) return textOf(one.labels?.[field.tag]);
  if (field.key !== undefined) return textOf(one.labels?.[field.key]);
  const columns: Readonly<Record<string, unknown>> = {
    Service: one.service,
    region: one.region,
    Paid: one.paid,
    Items: one.items,
    Currency: one.currency,
  };
  return textOf(columns[field.column]);
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function plus(a: string, b: string): string {
  return formatDecimal(addDecimal(parseDecimal(a), parseDecimal(b)));
}

function sum(all: readonly CostQueryRow[], name: string): string {
  const values = all.flatMap((one) => (one[name] === null ? [] : [parseDecimal(String(one[name]))]));
  return formatDecimal(sumDecimals(values));
}

/** Rows of an answer with one currency may leave it out: then the total by currency names it. */
function byCurrency(answer: CostQueryResult, measure: string): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const total of answer.totalsByCurrency) {
    const currency = String(total['Currency']);
    const own = answer.rows.filter(
      (one) => !answer.context.dimensions.includes('Currency') || one['Currency'] === currency,
    );
    expect(sum(own, measure)).toBe(total[measure]);
    sums[currency] = String(total[measure]);
  }
  return sums;
}

function expectedByCurrency(stored: readonly BillRow[], measure: 'Paid' | 'Used'): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const one of stored) {
    const value = (measure === 'Paid' ? one.paid : one.used) ?? '0';
    sums[one.currency ?? 'USD'] = plus(sums[one.currency ?? 'USD'] ?? '0', value);
  }
  return sums;
}
