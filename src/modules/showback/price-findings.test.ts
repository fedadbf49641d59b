import { describe, expect, it } from 'vitest';
import type { Catalogue } from './price-catalogue-sql.ts';
import { findingsOf, type PriceWorld } from './price-findings.ts';
import { type inputOf, lineOf } from './testing/price-bench.ts';

const product = (id: string, domain: string, unit: string, more = {}) => ({
  ...{ id, family: null, domain, unit, active: true },
  ...more,
});
const catalogue: Catalogue = {
  products: new Map(
    [
      product('vcpu', 'compute', 'vCPU-hour'),
      product('gpu', 'compute', 'GPU-hour'),
      product('old', 'compute', 'slot', { active: false }),
      product('disk', 'storage', 'GB-month', { family: 'blocks' }),
      product('net', 'network', 'weight'),
    ].map((one) => [one.id, one]),
  ),
  families: new Map([['blocks', true]]),
  domains: new Map([
    ['compute', true],
    ['storage', true],
    ['network', false],
  ]),
  entities: new Map([
    ['retail', true],
    ['labs', true],
  ]),
};

function find(
  lines: readonly Parameters<typeof inputOf>[0][],
  world: Partial<PriceWorld> = {},
): readonly string[] {
  const numbered = lines.map((line, index) => ({ ...lineOf(line), number: index + 1 }));
  const found = findingsOf(numbered, {
    ...{ catalogue, currency: 'EUR', rateType: 'average', entity: null, currentMonth: '2026-03' },
    rateMonths: new Map(),
    ...world,
  });
  return found.map(({ severity, code, line, message }) => `${severity} ${code} ${line}: ${message}`);
}

describe('findings of a version', () => {
  it('are none where all is well, a unit that converts included', () => {
    expect(
      find([
        {},
        { unit: 'vCPU-month', environment: 'prod' },
        { kind: 'pool', target: 'net', entity: 'labs' },
      ]),
    ).toEqual([]);
  });

  it('name lines of products, families, domains and entities that are not there', () => {
    expect(
      find([
        { target: 'cpu' },
        { level: 'family', target: 'disk' },
        { level: 'domain', target: 'blocks' },
        { entity: 'zulu' },
      ]),
    ).toEqual([
      "error unknownTarget 1: Line 1 (product 'cpu'): there is no product 'cpu'. Create it, or name another.",
      "error unknownTarget 2: Line 2 (family 'disk'): there is no family 'disk'. Create it, or name another.",
      "error unknownTarget 3: Line 3 (domain 'blocks'): there is no domain 'blocks'. Create it, or name another.",
      "error unknownEntity 4: Line 4 (product 'vcpu', entity 'zulu'): there is no entity 'zulu' among those you may see.",
    ]);
    expect(find([{ target: 'old', unit: 'slot' }])[0]).toMatch(/^warning retiredTarget 1/);
  });

  it('refuse a price per unit that the product is not measured in', () => {
    expect(find([{ target: 'disk', unit: 'hour' }])).toEqual([
      "error unitDoesNotConvert 1: Line 1 (product 'disk'): a price per 'hour' does not fit 'disk', which is measured in 'GB-month'.",
    ]);
    expect(find([{ target: 'disk', unit: 'TB-month' }])).toEqual([]);
  });

  it('warn of a wide line that reaches products in other units, retired ones left aside', () => {
    expect(find([{ level: 'domain', target: 'compute', unit: 'vCPU-hour' }])).toEqual([
      "warning unitReachesOthers 1: Line 1 (domain 'compute'): a price per 'vCPU-hour' does not fit 'gpu' (GPU-hour): they stay without a price unless a line of their own has one.",
    ]);
    expect(find([{ level: 'view', target: '', unit: 'GB-month' }])[0]).toContain(
      "'vcpu' (vCPU-hour), 'gpu' (GPU-hour), 'net' (weight)",
    );
    expect(find([{ level: 'family', target: 'blocks', unit: 'TB-month' }])).toEqual([]);
  });

  it('ask whose amount a pool is, unless the view is of one entity', () => {
    const pool = { kind: 'pool', target: 'net' } as const;
    expect(find([pool])[0]).toMatch(/^error poolWithoutEntity 1: .*whose amount is it/);
    expect(find([pool], { entity: 'retail' })).toEqual([]);
    expect(find([{ ...pool, entity: 'labs' }], { entity: 'retail' })[0]).toMatch(/^error entityOfAnother 1/);
  });

  it('count the months without a rate, up to the month that it is', () => {
    const dollars = { currency: 'USD' };
    expect(find([dollars])).toEqual([
      "warning noRate 1: Line 1 (product 'vcpu'): its price is in USD, and there is no average rate from USD to EUR for 2026-01 and 2 other months up to 2026-03. Months without a rate cannot be priced.",
    ]);
    const rateMonths = new Map([['USD', ['2026-01', '2026-02', '2026-03']]]);
    expect(find([dollars], { rateMonths })).toEqual([]);
    expect(find([dollars], { rateMonths: new Map([['USD', ['2026-01', '2026-03']]]) })[0]).toContain(
      'for 2026-02.',
    );
    expect(find([{ ...dollars, validFrom: '2025-12', validTo: '2026-02' }], { rateMonths })[0]).toContain(
      'for 2025-12.',
    );
    // Of a line that is to come, its first month; of budget rates, all months that it holds.
    expect(find([{ ...dollars, validFrom: '2027-01' }])[0]).toContain('for 2027-01.');
    const year = { ...dollars, validTo: '2027-01' };
    expect(find([year], { rateMonths, rateType: 'budget' })[0]).toContain(
      '2026-04 and 8 other months up to 2026-12',
    );
  });

  it('say which of two lines of equal rank goes before, and only where both can match', () => {
    expect(find([{ region: 'eu' }, { environment: 'prod' }])).toEqual([
      "info equalRank 1: Line 1 (product 'vcpu', region 'eu'): line 2 (product 'vcpu', environment 'prod') names as many dimensions; where both match (from 2026-01 on), line 2 goes before, because it names the environment.",
    ]);
    expect(
      find([
        { entity: 'labs', region: 'eu' },
        { entity: 'retail', environment: 'prod' },
      ]),
    ).toEqual([]);
    expect(
      find([
        { region: 'eu', validTo: '2026-02' },
        { environment: 'prod', validFrom: '2026-02' },
      ]),
    ).toEqual([]);
    expect(find([{ region: 'eu' }, { environment: 'prod', target: 'gpu', unit: 'GPU-hour' }, {}])).toEqual(
      [],
    );
    expect(
      find([
        { environment: 'prod', region: 'eu' },
        { entity: 'retail', region: 'eu' },
      ])[0],
    ).toMatch(/line 2 .* goes before, because it names the entity/);
  });

  it('put errors first, and refuse a version without lines', () => {
    expect(find([])).toEqual([
      'error noLines null: The version has no lines: nothing would have a price. Add some.',
    ]);
    const severities = find([{ currency: 'USD' }, { target: 'cpu' }]).map((text) => text.split(' ')[0]);
    expect(severities).toEqual(['error', 'warning']);
  });
});
