import { afterCursor, pageOf } from '../../platform/records/index.ts';
import * as contract from './fx-contract.ts';
import { putRates, type RatesChanged, rateId, removeRate } from './fx-rates.ts';
import { rateCsv, readRateCsv } from './fx-sheet.ts';
import { type RateKey, readRates } from './fx-sql.ts';
import { type CellError, priceErrors } from './price-errors.ts';
import type { PriceApp, PriceRouteOptions } from './price-routes.ts';

const tags = ['exchange rates'];
const reads = { permission: 'showback.read' } as const;
const writes = { permission: 'showback.write' } as const;

/** Rates between currencies by month, as somebody published them. */
export function addRateRoutes(app: PriceApp, options: PriceRouteOptions): void {
  addReads(app, options);
  addChanges(app, options);
  addImport(app, options);
}

function addReads(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/fx-rates',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Rates by month, base, quote and type; 1 base = rate quote',
        querystring: contract.rateQuerySchema,
        response: { 200: contract.rateListSchema },
      },
    },
    async ({ caller, query: { cursor, limit, ...asked } }) => {
      const after = keyAfter(cursor);
      const found = await (await records()).read(caller, (tx) =>
        readRates(tx, { ...asked, after, limit: limit + 1 }),
      );
      return { context: {}, ...pageOf(found, limit, rateId) };
    },
  );

  app.get(
    '/fx-rates/export',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Rates as a CSV file that an import takes back',
        querystring: contract.rateExportQuerySchema,
        response: { 200: contract.rateFileSchema },
      },
    },
    async ({ caller, query }, reply) => {
      const found = await (await records()).read(caller, (tx) => readRates(tx, query));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="fx-rates.csv"')
        .send(rateCsv(found));
    },
  );
}

function keyAfter(cursor: string | undefined): RateKey | undefined {
  const text = afterCursor(cursor, /^\d{4}-\d{2}\/[A-Z]{3}\/[A-Z]{3}\/(average|closing|budget)$/);
  if (text === undefined) return undefined;
  const [period = '', base = '', quote = '', type = ''] = text.split('/');
  return { period, base, quote, type: type as RateKey['type'] };
}

function addChanges(app: PriceApp, { records }: PriceRouteOptions): void {
  app.put(
    '/fx-rates',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Put one rate in, or in the place of the one of its month, pair and type',
        body: contract.rateInputSchema,
        response: { 200: contract.ratesChangedSchema },
      },
    },
    async ({ caller, body }) => {
      const done = await (await records()).write(caller, (tx) => putRates(tx, caller, [body]));
      return shown(done, { rows: 1, dryRun: false, errors: [] });
    },
  );

  app.delete(
    '/fx-rates/:period/:base/:quote/:type',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Take a rate out; prices that need it are then missing',
        params: contract.rateParamsSchema,
        response: { 200: contract.rateAnswerSchema },
      },
    },
    async ({ caller, params }) => (await records()).write(caller, (tx) => removeRate(tx, caller, params)),
  );
}

function addImport(app: PriceApp, { records }: PriceRouteOptions): void {
  app.post(
    '/fx-rates/import',
    {
      bodyLimit: 16_777_216,
      config: writes,
      schema: {
        tags,
        summary:
          'Put the rates of a CSV file in, all or nothing; a dry run tells the difference and every cell that does not fit',
        body: contract.rateImportSchema.meta({
          example: {
            csv: 'period,base,quote,rate,asOf\n2026-10,USD,EUR,0.9215,2026-10-31\n',
            source: 'ECB',
            dryRun: true,
          },
        }),
        response: { 200: contract.ratesChangedSchema },
      },
    },
    async ({ caller, body: { dryRun, ...file } }) => {
      const { rates, errors, rows } = await readRateCsv(file);
      if (errors.length > 0 && !dryRun) throw priceErrors.ratesRefused({ rows, errors });
      const done = await (await records()).write(caller, (tx) => putRates(tx, caller, rates, { dryRun }));
      return shown(done, { rows, dryRun, errors });
    },
  );
}

function shown(
  { added, changed, unchanged }: RatesChanged,
  {
    errors,
    ...said
  }: { readonly rows: number; readonly dryRun: boolean; readonly errors: readonly CellError[] },
): contract.FxRatesChanged {
  return { ...said, added: [...added], changed: [...changed], unchanged, errors: [...errors] };
}
