import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  comparisons,
  type Dimension,
  type Filter,
  filterSchema,
  type Measure,
  type Operand,
} from './cost-query.ts';
import { parseDimension, parseFilter, parseMeasure } from './parse-filter.ts';

test('reads a filter as people write it', () => {
  const text = `ServiceName = 'Amazon EC2' and (Tags.app in ('a','b') or Tags["my key"] is null)
    and BilledCost >= 10 and not ServiceName contains "S3" and RegionId prefix 'eu-'`;
  const service: Operand = { column: 'ServiceName' };
  expect(parseFilter(text)).toEqual({
    and: [
      { field: service, op: '=', value: 'Amazon EC2' },
      {
        or: [
          { field: { tag: 'app' }, op: 'in', values: ['a', 'b'] },
          { field: { tag: 'my key' }, op: 'is null' },
        ],
      },
      { field: { column: 'BilledCost' }, op: '>=', value: 10 },
      { not: { field: service, op: 'contains', value: 'S3' } },
      { field: { column: 'RegionId' }, op: 'prefix', value: 'eu-' },
    ],
  });
});

const a: Operand = { column: 'a' };

test.each<[string, Filter]>([
  ['a <> 1', { field: a, op: '!=', value: 1 }],
  ['a!=1', { field: a, op: '!=', value: 1 }],
  ['a<=-1.5', { field: a, op: '<=', value: -1.5 }],
  ["a NOT IN (1, 'x', true)", { field: a, op: 'not in', values: [1, 'x', true] }],
  ['a Is Not Null', { field: a, op: 'is not null' }],
  ["a = 'it''s'", { field: a, op: '=', value: "it's" }],
  ['a = "say ""x"" it\'s"', { field: a, op: '=', value: `say "x" it's` }],
  ['a = ""', { field: a, op: '=', value: '' }],
  ["a = ''", { field: a, op: '=', value: '' }],
  ['a = FALSE', { field: a, op: '=', value: false }],
  // An account keeps its zeros, and a number that a float would change its digits.
  ['a = 000123456789', { field: a, op: '=', value: '000123456789' }],
  ['a = 0.12345678901234567890', { field: a, op: '=', value: '0.12345678901234567890' }],
  ['a = 1.50', { field: a, op: '=', value: '1.50' }],
  ['a = 1e-7', { field: a, op: '=', value: 1e-7 }],
  ['notes = 1', { field: { column: 'notes' }, op: '=', value: 1 }],
  ['"order" = 1', { field: { column: 'order' }, op: '=', value: 1 }],
  ['"a ""b""" = 1', { field: { column: 'a "b"' }, op: '=', value: 1 }],
  ['tags.user:team = 1', { field: { tag: 'user:team' }, op: '=', value: 1 }],
  ['Tags.app.kubernetes.io/name=1', { field: { tag: 'app.kubernetes.io/name' }, op: '=', value: 1 }],
  [`Tags['it''s'] = 1`, { field: { tag: "it's" }, op: '=', value: 1 }],
  ['Tags."a b" = 1', { field: { tag: 'a b' }, op: '=', value: 1 }],
  ['Details.Größe = 1', { field: { column: 'Details', key: 'Größe' }, op: '=', value: 1 }],
  [
    'a is null or a = 1 and a = 2',
    {
      or: [
        { field: a, op: 'is null' },
        {
          and: [
            { field: a, op: '=', value: 1 },
            { field: a, op: '=', value: 2 },
          ],
        },
      ],
    },
  ],
  ['not not a = 1', { not: { not: { field: a, op: '=', value: 1 } } }],
  ['not(a=1)and(a=2)', { and: [{ not: { field: a, op: '=', value: 1 } }, { field: a, op: '=', value: 2 }] }],
])('reads %s', (text, filter) => {
  expect(parseFilter(text)).toEqual(filter);
});

test.each<[string, number, RegExp]>([
  ['', 1, /expected a column, Tags\.key, 'not' or '\(', found the end/],
  ['a', 2, /expected an operator .*, found the end/],
  ['a = b', 5, /expected a value: 'text' in quotes, a number, true or false, found 'b'/],
  ["a = 'open", 5, /found '''/],
  ['a = 2026-10-01', 5, /found '2026-10-01'/],
  ['a = 1 a = 2', 7, /expected 'and', 'or' or the end, found 'a'/],
  ['(a = 1', 7, /expected 'and', 'or' or '\)'/],
  ['a in 1', 6, /expected '\('/],
  ['a in ()', 7, /expected a value/],
  ['a in (1 2)', 9, /expected ',' or '\)'/],
  ['a not like 1', 7, /expected 'in', found 'like'/],
  ['a is nothing', 6, /expected 'null' or 'not null', found 'nothing'/],
  ['a is not 1', 10, /expected 'null'/],
  ['Tags. = 1', 7, /expected a key/],
  ['Tags[x] = 1', 6, /expected a key in quotes/],
  ['Tags["x" = 1', 10, /expected ']'/],
  ['a == 1', 4, /expected a value/],
  ['😀 = 1', 1, /found '😀'/],
])('says where %j goes wrong', (text, position, message) => {
  expect(() => parseFilter(text)).toThrow(
    expect.objectContaining({
      code: 'query.syntax',
      params: expect.objectContaining({ position }),
      message: expect.stringMatching(message),
    }),
  );
});

test('brackets without end are refused, not run out of stack', () => {
  for (const open of ['(', 'not '])
    expect(() => parseFilter(`${open.repeat(20_000)}a = 1`)).toThrow(
      expect.objectContaining({ code: 'query.tooDeep' }),
    );
});

test.each<[string, Dimension]>([
  ['ServiceName', { column: 'ServiceName' }],
  ['Tags.app', { tag: 'app' }],
  ['Tags["my key"]', { tag: 'my key' }],
  ['SkuPriceDetails.InstanceSeries', { column: 'SkuPriceDetails', key: 'InstanceSeries' }],
  [' day ', { grain: 'day', of: 'charge' }],
  ['Month', { grain: 'month', of: 'charge' }],
  ['billing:month', { grain: 'month', of: 'billing' }],
  ['charge:hour', { grain: 'hour', of: 'charge' }],
  ['"day"', { column: 'day' }],
])('reads the dimension %s', (text, dimension) => {
  expect(parseDimension(text)).toEqual(dimension);
});

test.each<[string, Measure]>([
  ['BilledCost', { sum: 'BilledCost' }],
  ['"rows"', { sum: 'rows' }],
  ['rows', { count: 'rows' }],
  ['coverage(Tags.app, EffectiveCost)', { coverage: { tag: 'app', of: 'EffectiveCost' } }],
  ['coverage( app , EffectiveCost )', { coverage: { tag: 'app', of: 'EffectiveCost' } }],
  ['coverage(app)', { coverage: { tag: 'app', of: 'ListCost' } }],
  ['coverage(Tags["cost center"])', { coverage: { tag: 'cost center', of: 'ListCost' } }],
  ['coverage(user:team)', { coverage: { tag: 'user:team', of: 'ListCost' } }],
])('reads the measure %s', (text, measure) => {
  expect(parseMeasure(text, 'ListCost')).toEqual(measure);
});

test('says what a dimension or measure lacks', () => {
  expect(() => parseDimension('a b')).toThrow(/At character 3 of "a b": expected the end, found 'b'/);
  expect(() => parseDimension('billing:decade')).toThrow(/At character 8/);
  expect(() => parseMeasure('coverage(app)')).toThrow(/expected ',' and a cost column/);
  expect(() => parseMeasure('sum(x)')).toThrow(/expected the end, found '\('/);
});

const anyText = fc.string({ unit: 'grapheme', maxLength: 12 });
const written: fc.Arbitrary<[string, Filter]> = fc
  .tuple(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.constantFrom(...comparisons),
    anyText,
  )
  .map(([key, op, value]) => [
    `"${key.replaceAll('"', '""')}" ${op} '${value.replaceAll("'", "''")}'`,
    { field: { column: key }, op, value },
  ]);

test('reads back whatever text stands in quotes', () => {
  fc.assert(
    fc.property(
      fc.array(written, { minLength: 2, maxLength: 5 }),
      fc.constantFrom('and', 'or'),
      (parts, word) => {
        const filters = parts.map(([, filter]) => filter);
        const read = parseFilter(parts.map(([text]) => text).join(` ${word} `));
        expect(read).toEqual(word === 'and' ? { and: filters } : { or: filters });
        expect(filterSchema.parse(read)).toEqual(read);
      },
    ),
  );
});

test('every other text is a filter or a refusal', () => {
  const word = fc.constantFrom(
    'a',
    '=',
    "'x'",
    '(',
    ')',
    'and',
    'not',
    'in',
    ',',
    '1',
    'is',
    'null',
    '.',
    '[',
    '"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
      ),
      (text) => {
        try {
          filterSchema.parse(parseFilter(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'query.syntax' });
        }
      },
    ),
    { numRuns: 2000 },
  );
});
