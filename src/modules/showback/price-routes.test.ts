import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PriceLine } from './model.ts';
import { type LineInput, lineInputSchema, newLine } from './price-line.ts';
import { lineCsv, readLineCsv } from './price-sheet.ts';
import { inputOf, openPriceBench, type PriceBench } from './testing/price-bench.ts';

let bench: PriceBench;
let view: string;
let made = 0;
beforeAll(async () => {
  bench = await openPriceBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  view = `v${++made}`;
  await done('POST', '/price-views', { id: view, label: 'Budget', kind: 'budget', currency: 'EUR' });
});

type Send = Parameters<PriceBench['send']>;
const send = (...asked: Send) => bench.send(...asked);
const get = (path: string) => done('GET', `/price-views/${view}${path}`);

/** The body of an answer that is no refusal. */
async function done(...asked: Send) {
  const { status, body } = await send(...asked);
  expect([asked[0], asked[1], status, status < 300 ? '' : body]).toEqual([asked[0], asked[1], status, '']);
  return body;
}

/** A change of the view as it is now. */
async function change(method: Send[0], path: string, body?: unknown) {
  const ifMatch = (await send('GET', `/price-views/${view}`)).etag ?? '';
  return send(method, `/price-views/${view}${path}`, body, { ifMatch });
}
async function changed(method: Send[0], path: string, body?: unknown) {
  const { status, body: answer } = await change(method, path, body);
  expect([path, status, status < 300 ? '' : answer]).toEqual([path, status, '']);
  return answer;
}
async function publish(...lines: readonly Partial<LineInput>[]) {
  await changed('PUT', '/draft/lines', { lines: lines.map((line) => inputOf(line)) });
  return changed('POST', '/draft/publish', { note: 'why' });
}

describe('price views over HTTP', () => {
  it('are made, listed page by page, changed by version, retired and restored', async () => {
    const at = `/price-views/${view}`;
    const first = await send('GET', at);
    expect(first).toMatchObject({
      status: 200,
      etag: '"v1"',
      body: { kind: 'budget', rateType: 'average', graph: null },
    });
    expect((await send('PATCH', at, { label: 'x' })).body.code).toBe('price.ifMatchNeeded');
    expect(await send('PATCH', at, { label: 'x' }, { ifMatch: '"v9"' })).toMatchObject({ status: 412 });
    expect(await send('PATCH', at, { active: false }, { ifMatch: '"v1"' })).toMatchObject({ etag: '"v2"' });
    await done('POST', '/price-views', {
      id: `${view}b`,
      label: 'B',
      kind: 'standard',
      currency: 'EUR',
      entity: 'labs',
    });
    const page = await done('GET', '/price-views?limit=1');
    expect(page.items).toHaveLength(1);
    const of = async (query: string) =>
      (await done('GET', `/price-views?${query}`)).items.map(({ id }: { id: string }) => id);
    expect(await of('entity=labs')).toContain(`${view}b`);
    expect(await of('active=true')).not.toContain(view);
    expect(await of(`cursor=${page.next}&limit=1`)).not.toEqual(
      page.items.map(({ id }: { id: string }) => id),
    );
  });

  it.each([
    { kind: 'budget' },
    { kind: 'actual', currency: 'EUR', graph: 'main' },
    { kind: 'actual' },
    { kind: 'budget', currency: 'EUR', graph: 'main' },
    { kind: 'budget', currency: 'XXX' },
    { kind: 'free', currency: 'EUR' },
    { kind: 'budget', currency: 'EUR', id: 'a b' },
  ])('%j are no view', async (given) => {
    const { status } = await send('POST', '/price-views', { id: 'other', label: 'x', ...given });
    expect(status).toBe(400);
  });

  it('are unknown to callers who do not see them, whatever they ask', async () => {
    view = `${view}-labs`;
    await done('POST', '/price-views', {
      id: view,
      label: 'L',
      kind: 'budget',
      currency: 'EUR',
      entity: 'labs',
    });
    await publish({});
    await changed('POST', '/draft', {});
    const at = `/price-views/${view}`;
    const line = inputOf();
    const asked: readonly (readonly [Send[0], string, unknown?])[] = [
      ['GET', at],
      ['GET', `${at}/versions`],
      ['GET', `${at}/versions/1/lines`],
      ['GET', `${at}/versions/draft/findings`],
      ['GET', `${at}/versions/1/coverage?month=2026-10`],
      ['GET', `${at}/versions/1/export`],
      ['GET', `${at}/diff`],
      ['PATCH', at, { label: 'mine' }],
      ['POST', `${at}/draft`, {}],
      ['DELETE', `${at}/draft`],
      ['PUT', `${at}/draft/lines`, { lines: [] }],
      ['POST', `${at}/draft/lines`, { line }],
      ['PUT', `${at}/draft/lines/1`, { line }],
      ['DELETE', `${at}/draft/lines/1`],
      ['POST', `${at}/draft/import`, { csv: '' }],
      ['POST', `${at}/draft/publish`, {}],
      ['POST', `${at}/clone`, { id: 'stolen', entity: 'retail' }],
    ];
    for (const [method, path, body] of asked) {
      const answer = await send(method, path, body, { ifMatch: '*', scope: { entities: ['retail'] } });
      expect([method, path, answer.status, answer.body.code]).toEqual([
        method,
        path,
        404,
        'price.unknownView',
      ]);
    }
    const seen = await send('GET', '/price-views', undefined, { scope: { entities: ['retail'] } });
    expect(seen.body.items.map(({ id }: { id: string }) => id)).not.toContain(view);
  });

  it('have lines that are listed, put in, changed and taken out one by one', async () => {
    await publish({}, { target: 'gpu', unit: 'GPU-hour', amount: '2', environment: 'prod' });
    const added = await changed('POST', '/draft/lines', { line: inputOf({ target: 'seat', unit: 'seat' }) });
    expect(added).toMatchObject({ number: 2, lines: 3, version: 4, changed: { added: 1 } });
    expect(
      await change('POST', '/draft/lines', { line: inputOf({ target: 'seat', unit: 'seat' }) }),
    ).toMatchObject({
      status: 422,
      body: { code: 'price.overlap' },
    });
    await changed('PUT', '/draft/lines/2', {
      line: inputOf({ target: 'gpu', unit: 'GPU-hour', amount: '3' }),
    });
    await changed('DELETE', '/draft/lines/1');
    const list = await get('/versions/draft/lines?limit=1');
    expect(list).toMatchObject({
      context: { number: 2, state: 'draft', currency: 'EUR' },
      totals: { count: 2 },
    });
    expect(list.items).toMatchObject([{ number: 2, amount: '3', environment: null }]);
    expect((await get(`/versions/draft/lines?cursor=${list.next}`)).items).toMatchObject([{ number: 3 }]);
    expect((await get('/versions/1/lines?target=gpu')).totals).toEqual({ count: 1 });
    expect((await get('/versions/1/lines?month=2025-12')).items).toEqual([]);
    expect(await change('PUT', '/draft/lines/9', { line: inputOf() })).toMatchObject({ status: 404 });
    expect(await send('GET', `/price-views/${view}/versions/7/lines`)).toMatchObject({ status: 404 });
    await changed('DELETE', '/draft');
    expect(await change('DELETE', '/draft')).toMatchObject({ body: { code: 'price.unknownVersion' } });
    expect((await get('/versions')).items).toMatchObject([{ number: 1, note: 'why' }]);
  });

  it('tell the difference of two versions, the first one from nothing', async () => {
    await changed('PUT', '/draft/lines', { lines: [inputOf()] });
    expect(await get('/diff')).toMatchObject({
      context: { from: 0, to: 1, currency: 'EUR' },
      diff: { added: [{}] },
    });
    await changed('POST', '/draft/publish', {});
    await changed('PUT', '/draft/lines/1', { line: inputOf({ amount: '0.05' }) });
    expect((await get('/diff?from=1&to=draft')).diff).toMatchObject({
      ...{ added: [], removed: [], unchanged: 0 },
      changed: [
        { fields: ['amount'], price: { before: '0.04', after: '0.05', delta: '0.01', percent: '25' } },
      ],
    });
  });
});

describe('a clone', () => {
  it('has every price times the factor, and its difference is that', async () => {
    const steps = [
      { from: '0', price: '0.000000000001' },
      { from: '100', price: '2' },
    ];
    await publish(
      { amount: '0.041' },
      { target: 'disk', unit: 'GB-month', tiers: { mode: 'graduated', steps } },
      { kind: 'pool', target: 'net', entity: 'labs', amount: '-5000' },
    );
    const id = `${view}-dear`;
    const answer = await send('POST', `/price-views/${view}/clone`, { id, factor: '1.03' });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        view: {
          id,
          kind: 'what-if',
          currency: 'EUR',
          published: null,
          draft: { lines: 3, note: `as version 1 of ${view} × 1.03` },
        },
        ...{ clonedFrom: { view, version: 1 }, factor: '1.03', rounded: 1 },
      },
    });
    const { items } = await done('GET', `/price-views/${id}/versions/draft/lines`);
    expect(items.map(({ amount }: PriceLine) => amount)).toEqual(['0.04223', null, '-5150']);
    expect(items[1].tiers.steps).toEqual([
      { from: '0', price: '0.000000000001' },
      { from: '100', price: '2.06' },
    ]);
    const forRetail = { id: `${view}-retail`, entity: 'retail', kind: 'standard' };
    expect((await done('POST', `/price-views/${view}/clone`, forRetail)).view.draft).toMatchObject({
      lines: 2,
    });
    expect(await send('POST', `/price-views/${view}/clone`, { id })).toMatchObject({ status: 409 });
    expect(await send('POST', `/price-views/${view}/clone`, { id: 'x', factor: '1e3' })).toMatchObject({
      status: 400,
    });
  });

  it('that would not fit is not made', async () => {
    await publish({ amount: '9'.repeat(26) });
    expect(await send('POST', `/price-views/${view}/clone`, { id: `${view}c`, factor: '2' })).toMatchObject({
      status: 422,
      body: { code: 'price.factorTooLarge' },
    });
    expect(await send('GET', `/price-views/${view}c`)).toMatchObject({ status: 404 });
  });
});

describe('files of lines', () => {
  const csv = [
    'level,target,environment,kind,unit,amount,tiers,currency,validFrom,validTo,entity',
    'product,vcpu,,unit,vCPU-hour,0.040,,,2026-01-01,,',
    ',gpu,prod,,GPU-hour,1.2E-05,,USD,2026-01,2026-07,',
    'product,disk,,unit,GB-month,,graduated 0:0.10;100:0.08,,2026-01,,',
    ",net,,pool,,'-5000,,,2026-01,,labs",
    '',
  ].join('\r\n');
  const file = (text: string, how: object = {}) => change('POST', '/draft/import', { csv: text, ...how });

  it('come in as CSV, and go out as they came in', async () => {
    const tried = await file(csv, { dryRun: true });
    expect(tried.body).toMatchObject({ dryRun: true, rows: 4, errors: [], diff: { added: { length: 4 } } });
    expect((await get('')).draft).toBeNull();
    expect((await file(csv)).body).toMatchObject({
      lines: 4,
      changed: { added: 4 },
      findings: [{ code: 'noRate' }],
    });
    const { items } = await get('/versions/draft/lines');
    expect(items).toMatchObject([
      { target: 'vcpu', amount: '0.04', currency: 'EUR', validFrom: '2026-01' },
      { target: 'gpu', amount: '0.000012', currency: 'USD', environment: 'prod', validTo: '2026-07' },
      { tiers: { mode: 'graduated', steps: [{}, { from: '100', price: '0.08' }] } },
      { kind: 'pool', amount: '-5000', unit: null, entity: 'labs' },
    ]);
    const exported = await send('GET', `/price-views/${view}/versions/draft/export`);
    expect(exported.body).toContain('product,net,labs,,,pool,,-5000,,EUR,2026-01,,\r\n');
    const before = await get('');
    expect((await file(exported.body, { mode: 'replace' })).body).toMatchObject({
      diff: { unchanged: 4, added: [], removed: [], changed: [] },
    });
    expect(await get('')).toEqual(before);
  });

  it('come in and go out as workbooks, exact to the last digit', async () => {
    const amount = '12345678901234567890123456.123456789012';
    await publish(
      { amount },
      { environment: 'prod', amount: '-0.1', note: '=1+1' },
      { region: 'eu', amount: '0.12' },
    );
    const { bytes, status } = await send('GET', `/price-views/${view}/versions/published/export?format=xlsx`);
    expect([status, bytes.subarray(0, 2).toString()]).toEqual([200, 'PK']);
    const again = await change('POST', '/draft/import', { xlsx: bytes.toString('base64') });
    expect(again).toMatchObject({
      status: 200,
      body: { state: 'published', diff: { unchanged: 3, changed: [] } },
    });
    expect((await get('')).draft).toBeNull();
    const { body } = await change('POST', '/draft/import', { xlsx: Buffer.from('no').toString('base64') });
    expect(body.code).toMatch(/^(documents|objects)\./);
  });

  it('replace all lines, or only those that they name', async () => {
    await publish({}, { target: 'gpu', unit: 'GPU-hour', amount: '2' });
    const one = 'target,unit,amount,validFrom\ngpu,GPU-hour,3,2026-01\nseat,seat,9,2026-01\n';
    expect((await file(one, { mode: 'upsert', dryRun: true })).body).toMatchObject({
      lines: 3,
      diff: {
        unchanged: 1,
        removed: [],
        added: [{ target: 'seat', number: 3 }],
        changed: [{ price: { delta: '1', percent: '50' } }],
      },
    });
    expect((await file(one, { mode: 'replace' })).body).toMatchObject({
      lines: 2,
      diff: { removed: [{ target: 'vcpu' }] },
    });
  });

  it('are refused whole, with every cell that does not fit', async () => {
    await publish({ validTo: '2026-07' });
    const wrong = [
      'target,unit,amount,tiers,validFrom,validTo,region',
      'vcpu,vCPU-hour,"0,04",,2026-08,,',
      'vcpu,vCPU-hour,1,graduated,2026-08,,',
      'vcpu,GB,1,,2026-08,,eu',
      'cpu,GB,1,,2026-08,,',
      'gpu,GPU-hour,,,2026-13,,',
      'vcpu,vCPU-hour,1,,2026-06,,',
      'vcpu,vCPU-hour,1,,2026-06,',
      'seat,seat,1,,2026-01,,',
      'seat,seat,1,,2026-05,,',
    ].join('\n');
    const { body } = await file(wrong, { mode: 'upsert', dryRun: true });
    expect(body.errors.map(({ row, field }: { row: number; field: string }) => `${row} ${field}`)).toEqual([
      '2 amount',
      '3 tiers',
      '4 unit',
      '5 target',
      '6 validFrom',
      '6 amount',
      '7 validFrom',
      '8 ',
      '10 validFrom',
    ]);
    expect(body.errors[6].message).toBe(
      "product 'vcpu' has a price from line 1 of the draft already: 2026-06.",
    );
    expect(body.errors[8].message).toBe("product 'seat' has a price from row 9 already: from 2026-05 on.");
    expect(await file(wrong, { mode: 'upsert' })).toMatchObject({
      status: 422,
      body: { code: 'price.linesRefused', params: { rows: 9, errors: { length: 9 } } },
    });
    expect((await get('')).draft).toBeNull();
  });

  it.each([
    ['', 'there is no column validFrom'],
    ['target,amount,validFrom\n', 'there is no line below'],
    ['target,amount,validFrom,price\nx,1,2026-01,1\n', 'prices have no such column'],
    ['target,target,amount,validFrom\n', 'the column stands twice'],
    ['target,amount,validFrom\n"vcpu,1,2026-01\n', 'a double quote stands where none may'],
  ])('%j is no file of lines', async (text, message) => {
    const { status, body } = await file(text);
    expect([status, body.code]).toEqual([422, 'price.linesRefused']);
    expect(JSON.stringify(body.params.errors)).toContain(message);
  });

  const decimals = fc
    .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: 0, max: 12 }))
    .map(([units, scale]) =>
      `${units}e-${scale}`.replace(/^(-?)(\d+)e-(\d+)$/, (_, sign, digits, places) => {
        const padded = digits.padStart(Number(places) + 1, '0');
        return `${sign}${padded.slice(0, padded.length - Number(places))}${places === '0' ? '' : `.${padded.slice(-Number(places))}`}`;
      }),
    );
  const words = fc.string({
    unit: fc.constantFrom('a', '=', "'", '"', ',', ' ', 'é', '-', '\\'),
    minLength: 1,
    maxLength: 12,
  });
  const lines = fc.array(
    fc.record({
      amount: decimals,
      note: fc.option(words),
      region: fc.option(words),
      kind: fc.constantFrom('unit' as const, 'pool' as const),
      tiers: fc.option(fc.array(decimals, { minLength: 1, maxLength: 4 })),
      environment: fc.constantFrom(null, 'prod' as const),
    }),
    { maxLength: 8 },
  );

  it('say after export and import what was said before, whatever the lines', async () => {
    await fc.assert(
      fc.asyncProperty(lines, async (given) => {
        const made = given.flatMap(({ tiers, kind, amount, ...line }, index) => {
          const isPool = kind === 'pool';
          const steps = isPool ? null : tiers;
          const input = lineInputSchema.safeParse({
            ...inputOf({ ...line, kind, target: `p${index}` }),
            amount: steps ? null : amount,
            tiers: steps && {
              mode: 'all-units',
              steps: steps.map((price, at) => ({ from: String(at), price })),
            },
          });
          return input.success ? [{ ...newLine(input.data, 'EUR'), number: index + 1 }] : [];
        });
        if (made.length === 0) return;
        const { lines: read, errors } = await readLineCsv(lineCsv(made));
        expect(errors).toEqual([]);
        expect(read.map(({ line }, index) => ({ ...line, number: made[index]?.number }))).toEqual(made);
      }),
      { numRuns: 200 },
    );
  });
});

describe('coverage of a month', () => {
  it('counts cells and facts by entity, tells what has no price and why, and which lines nothing needs', async () => {
    await bench.consume(
      ['2026-10', 'retail', 'vcpu', 'prod', 'eu', 'DIRECT', '100'],
      ['2026-10', 'retail', 'vcpu', 'non_prod', 'eu', 'DIRECT', '50.5'],
      ['2026-10', 'retail', 'disk', 'prod', 'n_a', 'DIRECT', '10'],
      ['2026-10', 'labs', 'vcpu', 'prod', 'n_a', 'DIRECT', '7'],
      ['2026-10', 'labs', 'seat', 'n_a', 'n_a', 'DIRECT', '3'],
      ['2026-10', 'labs', 'gpu', 'prod', 'n_a', 'DIRECT', '4'],
      ['2026-10', 'labs', 'net', 'n_a', 'n_a', 'INDIRECT', '5'],
      ['2026-09', 'labs', 'tape', 'prod', 'n_a', 'DIRECT', '1'],
    );
    await publish(
      { environment: 'prod' },
      { level: 'domain', target: 'storage', unit: 'TB-month' },
      { level: 'domain', target: 'licences', unit: 'vCPU-hour' },
      { target: 'gpu', unit: 'GPU-hour', currency: 'USD' },
      { kind: 'pool', target: 'net', entity: 'labs' },
      { level: 'family', target: 'blocks', unit: 'GB-month', environment: 'non_prod' },
      { level: 'domain', target: 'compute', entity: 'labs', environment: 'prod', unit: 'vCPU-hour' },
      { target: 'tape', unit: 'GB-month', validTo: '2026-10' },
      { target: 'tape', unit: 'GB-month', validFrom: '2026-11' },
    );
    const found = await get('/versions/published/coverage?month=2026-10');
    expect(found.totals).toEqual({
      cells: 7,
      pricedCells: 4,
      facts: 7,
      pricedFacts: 4,
      coverage: '0.571429',
    });
    expect(found.entities).toMatchObject([
      { entity: 'labs', cells: 4, pricedCells: 2, coverage: '0.5' },
      { entity: 'retail', cells: 3, pricedCells: 2 },
    ]);
    expect(
      found.items.find(
        ({ entity, product }: PriceLine & { product: string }) => entity === 'retail' && product === 'vcpu',
      ),
    ).toMatchObject({
      ...{ unit: 'vCPU-hour', quantity: '150.5', pricedQuantity: '100', cells: 2 },
    });
    expect(
      found.unpriced.map(({ product, reason, line }: Record<string, unknown>) => [product, reason, line]),
    ).toEqual([
      ['gpu', 'rate', 4],
      ['seat', 'unit', 3],
      ['vcpu', 'noLine', null],
    ]);
    expect(
      found.unused.map(({ line, reason }: { line: PriceLine; reason: string }) => [line.number, reason]),
    ).toEqual([
      [6, 'noConsumption'],
      [7, 'outranked'],
    ]);
    await done('PUT', '/fx-rates', {
      period: '2026-10',
      base: 'USD',
      quote: 'EUR',
      rate: '0.9',
      source: 'ECB',
      asOf: '2026-10-31',
    });
    expect((await get('/versions/1/coverage?month=2026-10')).totals.pricedCells).toBe(5);
    const scope = { entities: ['retail'] };
    const seen = await send('GET', `/price-views/${view}/versions/1/coverage?month=2026-10`, undefined, {
      scope,
    });
    expect(seen.body).toMatchObject({ totals: { cells: 3 }, entities: [{ entity: 'retail' }] });
    expect(JSON.stringify(seen.body)).not.toContain('labs');
  });
});

it('takes ten thousand lines at most, and a thousand at once in a few seconds', async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => inputOf({ region: `r${index}`, amount: String(index) }));
  const began = performance.now();
  await changed('PUT', '/draft/lines', { lines: many(1000) });
  await changed('PUT', '/draft/lines/7', { line: inputOf({ region: 'r6', amount: '0' }) });
  expect(performance.now() - began).toBeLessThan(20_000);
  expect((await get('/versions/draft/lines?limit=10000')).items).toHaveLength(1000);
  expect((await change('PUT', '/draft/lines', { lines: many(10_001) })).status).toBe(400);
  const csv = [
    'target,unit,amount,validFrom,region',
    ...many(10_001).map(({ region }) => `vcpu,vCPU-hour,1,2026-01,${region}`),
  ];
  expect(await change('POST', '/draft/import', { csv: csv.join('\n') })).toMatchObject({
    status: 422,
    body: { code: 'price.tooManyLines' },
  });
});
