import { afterCursor, pageOf, type Tx } from '../../platform/records/index.ts';
import * as contract from './price-contract.ts';
import {
  type CoverageOfVersion,
  countCells,
  coverageByEntity,
  coverageByProduct,
  coverageOf,
} from './price-coverage.ts';
import { diffVersions } from './price-diff.ts';
import { findingsIn } from './price-drafts.ts';
import { priceErrors } from './price-errors.ts';
import type { PriceFinding } from './price-finding.ts';
import { countLines, readPriceLines } from './price-lines-sql.ts';
import type { PriceApp, PriceRouteOptions } from './price-routes.ts';
import { lineCsv, lineXlsxSheet } from './price-sheet.ts';
import {
  asPriced,
  type PricedView,
  requireVersion,
  requireView,
  type VersionRef,
  versionsOf,
  viewEtag,
} from './price-views.ts';
import type { VersionRow } from './price-views-sql.ts';

const tags = ['price views'];
const config = { permission: 'showback.read' } as const;
const params = contract.versionParamsSchema;

/** History, lines, findings, differences, coverage and files of versions. */
export function addPriceVersionRoutes(app: PriceApp, options: PriceRouteOptions): void {
  addHistory(app, options);
  addLines(app, options);
  addLine(app, options);
  addFindings(app, options);
  addCoverage(app, options);
  addExport(app, options);
}

/** The version that a text of the address means. */
export function versionRefOf(text: string): VersionRef {
  return text === 'published' || text === 'draft' ? text : Number(text);
}

async function versionAt(
  tx: Tx,
  { view, version }: { readonly view: string; readonly version: string },
): Promise<{ readonly view: PricedView; readonly version: VersionRow }> {
  const found = asPriced(await requireView(tx, view));
  return { view: found, version: await requireVersion(tx, found, versionRefOf(version)) };
}

function contextOf({ view, version }: { readonly view: PricedView; readonly version: VersionRow }) {
  const { number, state, hash } = version;
  return { view: view.id, number, state, hash, currency: view.currency };
}

function addHistory(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions',
    {
      config,
      schema: {
        tags,
        summary: 'The versions of a price view, the newest first: who published what, when and why',
        params: contract.viewParamsSchema,
        querystring: contract.pageQuerySchema,
        response: { 200: contract.versionListSchema },
      },
    },
    async ({ caller, params: { view }, query: { cursor, limit } }) => {
      const after = afterCursor(cursor, /^\d{1,9}$/);
      const before = after === undefined ? undefined : Number(after);
      const found = await (await records()).read(caller, (tx) =>
        versionsOf(tx, view, { before, limit: limit + 1 }),
      );
      return { context: { view }, ...pageOf(found, limit, ({ number }) => String(number)) };
    },
  );

  app.get(
    '/price-views/:view/diff',
    {
      config,
      schema: {
        tags,
        summary:
          'Lines added, removed and changed from one version to another, with prices, absolute and percent; from the published one to the draft unless said',
        params: contract.viewParamsSchema,
        querystring: contract.diffQuerySchema,
        response: { 200: contract.diffSchema },
      },
    },
    async ({ caller, params: { view }, query: { from, to } }) => {
      const { diff, ...found } = await (await records()).read(caller, (tx) =>
        diffVersions(tx, view, versionRefOf(from), versionRefOf(to)),
      );
      return { context: { view, ...found }, diff: diff as contract.PriceDiffAnswer['diff'] };
    },
  );
}

function addLines(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions/:version/lines',
    {
      config,
      schema: {
        tags,
        summary: 'The lines of a version by number. The ETag is the version of the view that a change names',
        params,
        querystring: contract.lineQuerySchema,
        response: { 200: contract.lineListSchema },
      },
    },
    async ({ caller, params: at, query: { cursor, limit, ...asked } }, reply) => {
      const after = afterCursor(cursor, /^\d{1,9}$/);
      return (await records()).read(caller, async (tx) => {
        const found = await versionAt(tx, at);
        const place = { view: at.view, version: found.version.number };
        const page = { after: after === undefined ? undefined : Number(after), limit: limit + 1 };
        const lines = await readPriceLines(tx, place, { ...asked, ...page });
        reply.header('etag', viewEtag(found.view.version));
        return {
          context: contextOf(found),
          totals: { count: await countLines(tx, place, asked) },
          ...pageOf(lines, limit, ({ number }) => String(number)),
        };
      });
    },
  );
}

function addLine(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions/:version/lines/:line',
    {
      config,
      schema: {
        tags,
        summary: 'One line of a version. The ETag is the version of the view that a change names',
        params: contract.versionLineParamsSchema,
        response: { 200: contract.lineDetailSchema },
      },
    },
    async ({ caller, params: { line: number, ...at } }, reply) =>
      (await records()).read(caller, async (tx) => {
        const found = await versionAt(tx, at);
        const place = { view: at.view, version: found.version.number };
        const [line] = await readPriceLines(tx, place, { number });
        if (!line) throw priceErrors.unknownLine({ view: at.view, version: at.version, line: number });
        reply.header('etag', viewEtag(found.view.version));
        return { context: contextOf(found), line };
      }),
  );
}

function addFindings(app: PriceApp, { records, clock }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions/:version/findings',
    {
      config,
      schema: {
        tags,
        summary: 'All that is to be said of a version: errors keep a draft from being published',
        params,
        response: { 200: contract.findingListSchema },
      },
    },
    async ({ caller, params: at }) =>
      (await records()).read(caller, async (tx) => {
        const found = await versionAt(tx, at);
        const lines = await readPriceLines(tx, { view: at.view, version: found.version.number });
        const items = await findingsIn(tx, found.view, lines, clock.now());
        return { context: contextOf(found), items, totals: totalsOf(items) };
      }),
  );
}

function totalsOf(findings: readonly PriceFinding[]): contract.PriceFindingList['totals'] {
  const count = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length;
  return { errors: count('error'), warnings: count('warning'), infos: count('info') };
}

function addCoverage(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions/:version/coverage',
    {
      config,
      schema: {
        tags,
        summary:
          "How much of a month's consumption a version has prices for, what has none and why, and which lines nothing needs",
        params,
        querystring: contract.coverageQuerySchema,
        response: { 200: contract.coverageSchema },
      },
    },
    async ({ caller, params: { view, version }, query: { month } }) => {
      const found = await (await records()).read(caller, (tx) =>
        coverageOf(tx, view, { version: versionRefOf(version), month }),
      );
      return shownCoverage(found, month);
    },
  );
}

function shownCoverage(found: CoverageOfVersion, month: string): contract.PriceCoverageAnswer {
  const { view, number, currency, cells, unused } = found;
  return {
    context: { view, number, month, currency },
    items: coverageByProduct(cells),
    entities: coverageByEntity(cells),
    totals: countCells(cells),
    unpriced: cells.flatMap(({ reason, ...cell }) => (reason === null ? [] : [{ ...cell, reason }])),
    priced: cells.flatMap(({ reason, line, ...cell }) =>
      reason === null && line !== null ? [{ ...cell, line }] : [],
    ),
    unused: [...unused],
  };
}

function addExport(app: PriceApp, { records }: PriceRouteOptions): void {
  app.get(
    '/price-views/:view/versions/:version/export',
    {
      config,
      schema: {
        tags,
        summary: 'The lines of a version as a CSV file or an Excel workbook that an import takes back',
        params,
        querystring: contract.exportQuerySchema,
        response: { 200: contract.fileSchema },
      },
    },
    async ({ caller, params: at, query: { format } }, reply) => {
      const { number, lines } = await (await records()).read(caller, async (tx) => {
        const { version } = await versionAt(tx, at);
        const place = { view: at.view, version: version.number };
        return { number: version.number, lines: await readPriceLines(tx, place) };
      });
      const name = `${at.view.replaceAll(':', '_')}-${number}.${format}`;
      reply.header('content-disposition', `attachment; filename="${name}"`);
      if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(lineCsv(lines));
      const { xlsxFile } = await import('../../platform/documents/index.ts');
      return reply.type(workbookType).send(await xlsxFile([lineXlsxSheet(lines)]));
    },
  );
}

const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
