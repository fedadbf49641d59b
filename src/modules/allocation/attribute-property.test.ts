import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDecimal, formatDecimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { BillRow } from '../ingestion/testing/months-fixture.ts';
import { attributedRows } from './attribute-rows.ts';
import { type GraphDocumentInput, nodeIdSchema, reservedNodes } from './model.ts';
import {
  type AttributionLake,
  charge,
  documentOf,
  openAttributionLake,
  requestOf,
} from './testing/attribution-lake.ts';

/*
 * Random rules over a bill of random rows, against the same rules applied row by row in plain TypeScript. The bill is fixed by
 * its seed, because an import takes longer than a hundred attributions of it.
 */

interface PlainRow {
  readonly cost: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly account: string;
  readonly service: string;
  readonly category: string;
  readonly dimension: string;
  readonly currency: string;
  /** First day and count of days. */
  readonly day: number;
  readonly days: number;
}

const values = ['a', 'b', 'A', '', ' x', 'unattributed', 'x'.repeat(199)];
const plainRow: fc.Arbitrary<PlainRow> = fc.record({
  cost: fc.oneof(
    fc.constantFrom('0', '1', '-1', '0.000000000001', '-0.000000000007'),
    fc.bigInt(-(10n ** 15n), 10n ** 16n).map((units) => formatDecimal({ units, scale: 12 })),
  ),
  tags: fc.dictionary(fc.constantFrom('app', 'env', 'cost center'), fc.constantFrom(...values)),
  account: fc.constantFrom('acc-1', 'acc-2', 'acc-3'),
  service: fc.constantFrom('Machines', 'Buckets', 'Support'),
  category: fc.constantFrom('Usage', 'Usage', 'Usage', 'Credit', 'Tax'),
  dimension: fc.constantFrom('Compute', 'Storage', 'Other'),
  currency: fc.constantFrom('USD', 'USD', 'EUR'),
  day: fc.integer({ min: 1, max: 28 }),
  days: fc.constantFrom(1, 1, 2, 3, 7, 40),
});
const bill = fc.sample(plainRow, { seed: 20261121, numRuns: 400 });

function billRow(row: PlainRow): BillRow {
  const start = Date.UTC(2026, 9, row.day);
  return charge(row.cost, row.tags, {
    ...{ SubAccountId: row.account, ServiceName: row.service, ChargeCategory: row.category },
    ...{ ServiceCategory: row.dimension, BillingCurrency: row.currency },
    BillingAccountId: row.currency,
    ChargePeriodStart: new Date(start).toISOString(),
    ChargePeriodEnd: new Date(start + row.days * 86_400_000).toISOString(),
  });
}

/** A condition, written, and as it is meant. */
interface Condition {
  readonly text: string;
  readonly holds: (row: PlainRow) => boolean;
}

const word = fc.constantFrom(...values);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(fc.constantFrom('app', 'env', 'cost center'), word).map(([key, value]) => ({
    text: `Tags["${key}"] = '${value}'`,
    holds: (row: PlainRow) => row.tags[key] === value,
  })),
  fc.constantFrom('app', 'env').map((key) => ({
    text: `Tags.${key} is null`,
    holds: (row: PlainRow) => row.tags[key] === undefined,
  })),
  fc.constantFrom('acc-1', 'acc-3').map((value) => ({
    text: `SubAccountId != '${value}'`,
    holds: (row: PlainRow) => row.account !== value,
  })),
  fc.constantFrom('mach', 'PORT').map((part) => ({
    text: `ServiceName contains '${part}'`,
    holds: (row: PlainRow) => row.service.toLowerCase().includes(part.toLowerCase()),
  })),
  fc.constant({ text: 'EffectiveCost > 100', holds: (row: PlainRow) => Number(row.cost) > 100 }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  leaf,
  fc.tuple(leaf, leaf).map(([a, b]) => ({
    text: `${a.text} and not (${b.text})`,
    holds: (row: PlainRow) => a.holds(row) && !b.holds(row),
  })),
  fc.tuple(leaf, leaf).map(([a, b]) => ({
    text: `(${a.text} or ${b.text})`,
    holds: (row: PlainRow) => a.holds(row) || b.holds(row),
  })),
);

const parts: Readonly<Record<string, (row: PlainRow) => string | undefined>> = {
  'app:': () => 'app:',
  '{Tags.app}': (row) => row.tags['app'],
  '{Tags["cost center"]}': (row) => row.tags['cost center'],
  '{SubAccountId}': (row) => row.account,
  '/': () => '/',
};
const template = fc.array(fc.constantFrom(...Object.keys(parts)), { minLength: 1, maxLength: 3 });

interface PlainRule {
  readonly where: Condition | undefined;
  readonly node: readonly string[];
  readonly application: readonly string[] | undefined;
}
const rule: fc.Arbitrary<PlainRule> = fc.record({
  where: fc.option(condition, { nil: undefined }),
  node: template,
  application: fc.option(template, { nil: undefined, freq: 4 }),
});
const graph = fc.record({
  rules: fc.array(rule, { maxLength: 6 }),
  recoverableTax: fc.oneof(fc.constantFrom('all' as const, 'none' as const), condition),
});
type Graph = typeof graph extends fc.Arbitrary<infer T> ? T : never;

function documentFor({ rules, recoverableTax }: Graph): GraphDocumentInput {
  return {
    method: { recoverableTax: typeof recoverableTax === 'string' ? recoverableTax : recoverableTax.text },
    rules: rules.map(({ where, node, application }, i) => ({
      id: `r${i}`,
      ...(where === undefined ? {} : { where: where.text }),
      node: node.join(''),
      ...(application === undefined ? {} : { application: application.join('') }),
    })),
  };
}

/** A template's text, undefined where a column is empty. */
function made(template: readonly string[], row: PlainRow): string | undefined {
  const texts = template.map((part) => parts[part]?.(row));
  return texts.some((text) => text === undefined || text === '') ? undefined : texts.join('');
}

/** First match, row by row. */
function nodeOf(row: PlainRow, { rules }: Graph): { readonly node: string; readonly rule: number } {
  for (const [i, { where, node, application }] of rules.entries()) {
    if (where && !where.holds(row)) continue;
    const id = made(node, row);
    const name = application === undefined ? 'none' : made(application, row);
    if (id === undefined || name === undefined || name.length > 200) continue;
    if (!nodeIdSchema.safeParse(id).success) continue;
    return reservedNodes.some((own) => own === id)
      ? { node: 'unattributed', rule: -1 }
      : { node: id, rule: i };
  }
  return { node: 'unattributed', rule: -1 };
}

function isLeftOut(row: PlainRow, { recoverableTax }: Graph): boolean {
  if (row.category !== 'Tax' || recoverableTax === 'none') return false;
  return recoverableTax === 'all' || recoverableTax.holds(row);
}

/** Units of 10⁻¹² on every day: round(u·i ÷ n) − round(u·(i−1) ÷ n), half away from zero, on days of October. */
function daysOf(row: PlainRow): Map<number, bigint> {
  const units = parseDecimal(row.cost);
  const u = units.units * 10n ** BigInt(12 - units.scale);
  const n = BigInt(Math.min(row.days, 32 - row.day));
  const rounded = (i: bigint) => {
    const doubled = 2n * (u < 0n ? -u : u) * i + n;
    return (u < 0n ? -1n : 1n) * (doubled / (2n * n));
  };
  return new Map(
    Array.from({ length: Number(n) }, (_, i) => [row.day + i, rounded(BigInt(i + 1)) - rounded(BigInt(i))]),
  );
}

/** The cells as the specification has them, as sorted lines. */
function plainCells(of: Graph): string[] {
  const cells = new Map<string, bigint>();
  for (const row of bill) {
    if (isLeftOut(row, of)) continue;
    const { node, rule: index } = nodeOf(row, of);
    const side = row.cost.startsWith('-') ? 'credit' : 'charge';
    const dimension = row.category === 'Tax' ? 'Tax' : row.dimension;
    for (const [day, units] of daysOf(row)) {
      const key = [day, node, index < 0 ? '-' : `r${index}`, dimension, row.currency, side].join('|');
      cells.set(key, (cells.get(key) ?? 0n) + units);
    }
  }
  return [...cells]
    .filter(([, units]) => units !== 0n)
    .map(([key, units]) => `${key}|${formatDecimal({ units, scale: 12 })}`)
    .sort();
}

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({ random: bill.map(billRow) });
});
afterAll(() => lake?.close());

test('random rules give every row, day and side of it to the node that the first fitting rule names', async () => {
  await fc.assert(
    fc.asyncProperty(graph, async (of) => {
      const { cells, check, totals } = await lake.attribute(documentFor(of));
      const found = cells.map((cell) =>
        [
          Number(String(cell['Day']).slice(8)),
          ...[
            cell['NodeId'],
            cell['RuleId'] ?? '-',
            cell['Dimension'],
            cell['BillingCurrency'],
            cell['Side'],
            cell['Cost'],
          ],
        ].join('|'),
      );
      expect(found.sort()).toEqual(plainCells(of));
      expect(check.ok).toBe(true);
      const rows = totals.reduce((sum, total) => sum + total.rows, 0);
      expect(rows).toBe(bill.filter((row) => !isLeftOut(row, of)).length);
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('the rows of a node sum to its cells, over all pages, by rule and by day', async () => {
  await fc.assert(
    fc.asyncProperty(
      graph,
      fc.record({
        pick: fc.nat(),
        byRule: fc.boolean(),
        byDay: fc.boolean(),
        limit: fc.constantFrom(40, 500),
      }),
      async (of, { pick, byRule, byDay, limit }) => {
        const input = documentFor(of);
        const { cells } = await lake.attribute(input);
        const cell = cells[pick % Math.max(cells.length, 1)];
        if (!cell) return;
        const rule = byRule && cell['RuleId'] !== null ? { rule: String(cell['RuleId']) } : {};
        const day = byDay ? { day: String(cell['Day']) } : {};
        const wanted = cells.filter(
          (other) =>
            other['NodeId'] === cell['NodeId'] &&
            (rule.rule === undefined || other['RuleId'] === rule.rule) &&
            (day.day === undefined || other['Day'] === day.day),
        );
        const ask = (cursor?: string) =>
          lake.session((session) =>
            attributedRows({
              ...requestOf(lake.bench, documentOf(input)),
              ...{ session, node: String(cell['NodeId']), limit, cursor, ...rule, ...day },
            }),
          );
        let page = await ask();
        const rows = [...page.rows];
        while (page.next !== undefined) {
          page = await ask(page.next);
          rows.push(...page.rows);
        }
        expect(new Set(rows.map(({ rowId }) => rowId)).size).toBe(rows.length);
        expect(rows.map(({ amount }) => Math.abs(Number(amount)))).toEqual(
          rows.map(({ amount }) => Math.abs(Number(amount))).sort((a, b) => b - a),
        );
        const totals = page.totals.map(({ currency, cost }) => [currency, cost]);
        expect(Object.fromEntries(totals)).toEqual(sumsOf(cellsOf(wanted)));
        expect(sumsOf(rows)).toEqual(sumsOf(cellsOf(wanted)));
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);

function cellsOf(rows: readonly Readonly<Record<string, unknown>>[]) {
  return rows.map((row) => ({ currency: String(row['BillingCurrency']), amount: String(row['Cost']) }));
}

function sumsOf(
  rows: readonly { readonly currency: string; readonly amount: string }[],
): Record<string, string> {
  const sums = new Map<string, ReturnType<typeof parseDecimal>>();
  for (const { currency, amount } of rows)
    sums.set(currency, addDecimal(sums.get(currency) ?? zero, parseDecimal(amount)));
  return Object.fromEntries([...sums].map(([currency, sum]) => [currency, formatDecimal(sum)]));
}
