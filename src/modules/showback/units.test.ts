import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertibleUnits, explainUnits, isUnit, type UnitFactor, unitFactor } from './units.ts';

const october = '2026-10';

function ratio(from: string, to: string, month = october): string | undefined {
  const factor = unitFactor(from, to, month);
  return factor && `${factor.numerator}/${factor.denominator}`;
}

function known(from: string, to: string, month: string | undefined): UnitFactor {
  const factor = unitFactor(from, to, month);
  if (!factor) throw new Error(`${from} does not convert to ${to}`);
  return factor;
}

describe('unitFactor', () => {
  it.each([
    ['GiB', 'GB', '2097152/1953125'],
    ['TB', 'GB', '1000/1'],
    ['PiB', 'TiB', '1024/1'],
    ['GB', 'Gb', '8/1'],
    ['Gb', 'GB', '1/8'],
    ['byte', 'bits', '8/1'],
    ['Mbps', 'MB/second', '1/8'],
    ['gigabytes', 'GB', '1/1'],
    ['KB', 'kB', '1/1'],
    ['day', 'hours', '24/1'],
    ['week', 'Hrs', '168/1'],
    ['minute', 'second', '60/1'],
    ['vCPU-month', 'vCPU-hour', '744/1'],
    ['vCPU-Hours', 'vcpu hour', '1/1'],
    ['GB Seconds', 'GB-Hours', '1/3600'],
    ['licence-year', 'licence-month', '12/1'],
    ['thousand tokens', 'token', '1000/1'],
    ['1K Requests', 'requests', '1000/1'],
    ['10,000 requests', 'M requests', '1/100'],
    ['1 Hour', 'Hours', '1/1'],
    ['requests/6 months', 'requests/year', '2/1'],
    ['Gigabyte Per Hour', 'GB/h', '1/1'],
    ['API Requests', 'api request', '1/1'],
    ['hosts', 'Host', '1/1'],
    ['caches', 'cache', '1/1'],
    ['queries', 'query', '1/1'],
    ['GiB/Second-Months', 'month GiB/s', '1/1'],
    ['hour-GB', 'GB-hour', '1/1'],
  ])('counts one %s as this many %s: %s', (from, to, expected) => {
    expect(ratio(from, to)).toBe(expected);
  });

  it('converts data and time of one unit together: 744 × 10⁹ GiB-hours are 2³⁰ GB-months of October', () => {
    const { numerator, denominator } = known('GiB-hour', 'GB-month', october);
    expect(numerator * 744n * 10n ** 9n).toBe(denominator * 2n ** 30n);
  });

  it('takes the hours of the fact’s own month, leap years included', () => {
    expect(ratio('month', 'hour', '2026-02')).toBe('672/1');
    expect(ratio('month', 'hour', '2028-02')).toBe('696/1');
    expect(ratio('month', 'hour', '2026-12')).toBe('744/1');
    expect(ratio('hour', 'month', '2026-04')).toBe('1/720');
    expect(ratio('GB/month', 'GB/hour', '2026-04')).toBe('1/720');
  });

  it('does not convert hours into months where the month is not known', () => {
    expect(unitFactor('hour', 'month', undefined)).toBeUndefined();
    expect(known('day', 'hour', undefined)).toEqual({ numerator: 24n, denominator: 1n });
    expect(known('year', 'month', undefined)).toEqual({ numerator: 12n, denominator: 1n });
  });

  it.each([
    ['GB', 'hour'],
    ['GB', 'GB-month'],
    ['GB/month', 'GB-month'],
    ['gb', 'GB'],
    ['host', 'server'],
    ['API Requests', 'requests'],
    ['host-month', 'month'],
    ['units', '10K'],
    ['MBps', 'Mb'],
    ['min', 'm'],
    ['H', 'h'],
  ])('refuses %s as %s', (from, to) => {
    expect(unitFactor(from, to, october)).toBeUndefined();
    expect(convertibleUnits(from, to)).toBe(false);
  });

  it('takes a unit that it cannot read for itself and nothing else', () => {
    expect(ratio('10K', '10K')).toBe('1/1');
    expect(ratio('gb-month', 'gb-month ')).toBe('1/1');
    expect(ratio('gen-2-hour', 'gen-hour')).toBeUndefined();
    for (const text of ['', '10K', '1,000', 'GB-', '/hour', 'GB//h', 'thousand', 'x'.repeat(101), 'GB/GB'])
      expect(isUnit(text), text).toBe(false);
  });
});

const simple = fc.constantFrom(
  ...['B', 'GB', 'GiB', 'Mb', 'TiB', 'second', 'minute', 'hour', 'day', 'week', 'month', 'year'],
  ...['host', 'hosts', 'vCPU', 'request', 'API Requests', 'token'],
);
const lead = fc.constantFrom('', '', '', 'thousand ', 'M ', '1K ', '10 ');
const unit = fc
  .tuple(lead, simple, fc.option(simple, { nil: undefined }), fc.constantFrom('-', '/', ' '))
  .map(
    ([number, first, second, join]) => `${number}${first}${second === undefined ? '' : `${join}${second}`}`,
  );
const month = fc.constantFrom('2026-02', '2026-04', '2026-10', '2028-02');

describe('properties of units', () => {
  it('come back to one by the way back', () => {
    fc.assert(
      fc.property(unit, unit, month, (a, b, of) => {
        const there = unitFactor(a, b, of);
        const back = unitFactor(b, a, of);
        expect(there === undefined).toBe(back === undefined);
        if (!there || !back) return;
        expect(there.numerator * back.numerator).toBe(there.denominator * back.denominator);
        expect(there.numerator > 0n && there.denominator > 0n).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('give the same by way of a third unit', () => {
    const family = fc.constantFrom(
      ['B', 'kB', 'GiB', 'TB', 'Mb', 'thousand GB'],
      ['hour', 'month', 'year', 'day', '10 weeks', 'second'],
      ['GB-hour', 'GiB-month', 'Gb-year', 'TB day', 'M kB-second'],
      ['requests/hour', 'request per month', '1K Requests/day', 'requests/year'],
    );
    const three = family.chain((spellings) =>
      fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...spellings))),
    );
    fc.assert(
      fc.property(three, month, ([a = '', b = '', c = ''], of) => {
        const [ab, bc, ac] = [known(a, b, of), known(b, c, of), known(a, c, of)];
        expect(ab.numerator * bc.numerator * ac.denominator).toBe(
          ab.denominator * bc.denominator * ac.numerator,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('have a reason exactly where they do not convert', () => {
    fc.assert(
      fc.property(unit, unit, (a, b) => {
        expect(explainUnits(a, b) === undefined).toBe(convertibleUnits(a, b));
      }),
    );
  });
});

describe('explainUnits', () => {
  it('says what each unit counts, and what was probably meant', () => {
    expect(explainUnits('gb', 'GB')).toBe(
      "'gb' counts 'gb' (bytes are written GB, bits Gb); 'GB' counts data; they do not convert",
    );
    expect(explainUnits('GB/Month', 'GB-month')).toBe(
      "'GB/Month' counts data × time to the power of -1; 'GB-month' counts data × time; " +
        "'GB/Month' is a rate and no quantity; where it means a product, write '-' for '/'; they do not convert",
    );
    expect(explainUnits('10K', 'request')).toBe(
      "'10K' names no unit; 'request' counts 'request'; they do not convert",
    );
  });
});

describe('the table of units in the README', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split('\n## Units\n');
  const rows = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));

  it('names spellings that are read, and gives each row its family', () => {
    expect(rows.length).toBeGreaterThan(4);
    for (const row of rows) {
      const [, spellings = '', of = ''] = row.split('|');
      const [, example = ''] = /`([^`]+)`/.exec(of) ?? [];
      for (const [, unit = ''] of spellings.matchAll(/`([^`]+)`/g))
        expect([unit, isUnit(unit), example === '' || convertibleUnits(unit, example)]).toEqual([
          unit,
          true,
          true,
        ]);
    }
  });
});
