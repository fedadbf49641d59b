import type { FastifyReply } from 'fastify';
import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import * as contract from './price-contract.ts';
import {
  changeLines,
  type DraftChanged,
  discardDraft,
  openDraft,
  publishDraft,
  replaceLines,
} from './price-drafts.ts';
import { importLines } from './price-import.ts';
import { mostLines, newLine } from './price-line.ts';
import { type PriceApp, type PriceRouteOptions, shownView } from './price-routes.ts';
import { type LineSheet, readLineCsv, readLineTable } from './price-sheet.ts';
import { asPriced, lockView, type PriceView, refuseStaleView, requireView, viewEtag } from './price-views.ts';

const tags = ['price views'];
const writes = { permission: 'showback.write' } as const;
const params = contract.viewParamsSchema;

/** Bytes of ten thousand lines, or of their file. */
const linesLimit = 20_971_520;

/** Opening, changing, discarding and publishing the one draft of a price view. */
export function addPriceDraftRoutes(app: PriceApp, options: PriceRouteOptions): void {
  addOpening(app, options);
  addWhole(app, options);
  addSingleLines(app, options);
  addImport(app, options);
  addPublication(app, options);
}

interface Change {
  readonly caller: Caller;
  readonly view: string;
  /** What If-Match says; `free`: the change is of nothing that somebody may have read. */
  readonly ifMatch: string | undefined | 'free';
}

/** A change of a view that is as the caller read it; the work gets its currency. */
async function change<T>(
  { records }: PriceRouteOptions,
  { caller, view, ifMatch }: Change,
  work: (tx: Tx, currency: string) => Promise<T>,
): Promise<{ readonly result: T; readonly after: PriceView }> {
  return (await records()).write(caller, async (tx) => {
    const before = await lockView(tx, view);
    const { currency } = asPriced(before);
    if (ifMatch !== 'free') refuseStaleView(before, ifMatch);
    return { result: await work(tx, currency), after: await requireView(tx, view) };
  });
}

function tagged<T extends DraftChanged>(reply: FastifyReply, done: { result: T; after: PriceView }) {
  reply.header('etag', viewEtag(done.after.version));
  return { ...done.result, findings: [...done.result.findings] };
}

function addOpening(app: PriceApp, options: PriceRouteOptions): void {
  app.post(
    '/price-views/:view/draft',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Open a draft with the lines of the newest published version, or without any',
        params,
        body: contract.draftOpeningSchema,
        response: { 201: contract.viewSchema },
      },
    },
    async ({ caller, params: { view }, body: { empty, note = null } }, reply) => {
      const now = options.clock.now();
      const { after } = await change(options, { caller, view, ifMatch: 'free' }, (tx) =>
        openDraft(tx, caller, view, { now, empty, note }),
      );
      reply.code(201).header('etag', viewEtag(after.version));
      return shownView(after);
    },
  );

  app.delete(
    '/price-views/:view/draft',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Discard the draft with all that was changed in it; If-Match names the version',
        params,
        response: { 200: contract.viewSchema },
      },
    },
    async ({ caller, params: { view }, headers }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const { after } = await change(options, asked, (tx) => discardDraft(tx, caller, view));
      reply.header('etag', viewEtag(after.version));
      return shownView(after);
    },
  );
}

function addWhole(app: PriceApp, options: PriceRouteOptions): void {
  app.put(
    '/price-views/:view/draft/lines',
    {
      config: writes,
      bodyLimit: linesLimit,
      schema: {
        tags,
        summary: `Make the draft these lines, ${mostLines} at most; opens one where none is open. If-Match`,
        params,
        body: contract.linesSchema,
        response: { 200: contract.draftAnswerSchema },
      },
    },
    async ({ caller, params: { view }, headers, body: { lines, dryRun } }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now(), dryRun };
      const done = await change(options, asked, (tx, currency) =>
        replaceLines(
          tx,
          caller,
          view,
          lines.map((line) => newLine(line, currency)),
          how,
        ),
      );
      return tagged(reply, done);
    },
  );
}

function addSingleLines(app: PriceApp, options: PriceRouteOptions): void {
  const schema = { tags, response: { 200: contract.draftAnswerSchema } };
  app.post(
    '/price-views/:view/draft/lines',
    {
      config: writes,
      schema: {
        ...schema,
        summary: 'Add a line to the draft; opens one with the published lines where none is open. If-Match',
        params,
        body: contract.lineChangeSchema,
      },
    },
    async ({ caller, params: { view }, headers, body: { line, dryRun } }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now(), dryRun };
      const done = await change(options, asked, (tx, currency) =>
        changeLines(tx, caller, view, [{ add: newLine(line, currency) }], how),
      );
      return tagged(reply, done);
    },
  );

  app.put(
    '/price-views/:view/draft/lines/:line',
    {
      config: writes,
      schema: {
        ...schema,
        summary: 'Put a line of the draft in the place of the one of this number. If-Match',
        params: contract.lineParamsSchema,
        body: contract.lineChangeSchema,
      },
    },
    async ({ caller, params: { view, line: number }, headers, body: { line, dryRun } }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now(), dryRun };
      const done = await change(options, asked, (tx, currency) =>
        changeLines(tx, caller, view, [{ change: number, line: newLine(line, currency) }], how),
      );
      return tagged(reply, done);
    },
  );

  app.delete(
    '/price-views/:view/draft/lines/:line',
    {
      config: writes,
      schema: {
        ...schema,
        summary: 'Take the line of this number out of the draft. If-Match',
        params: contract.lineParamsSchema,
      },
    },
    async ({ caller, params: { view, line }, headers }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now() };
      const done = await change(options, asked, (tx) =>
        changeLines(tx, caller, view, [{ remove: line }], how),
      );
      return tagged(reply, done);
    },
  );
}

function addImport(app: PriceApp, options: PriceRouteOptions): void {
  app.post(
    '/price-views/:view/draft/import',
    {
      config: writes,
      bodyLimit: linesLimit,
      schema: {
        tags,
        summary:
          'Bring the draft to what a CSV file or an Excel workbook says, all or nothing; a dry run tells the difference and every cell that does not fit. If-Match',
        params,
        body: contract.lineImportSchema.meta({
          example: {
            csv: 'level,target,unit,amount,currency,validFrom\nproduct,vcpu,vCPU-hour,0.04,EUR,2026-01\n',
            dryRun: true,
          },
        }),
        response: { 200: contract.lineImportAnswerSchema },
      },
    },
    async ({ caller, params: { view }, headers, body: { mode, dryRun, ...file } }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now(), dryRun };
      // A transaction waits for nothing but its own statements: files are read before it begins.
      const sheet = await sheetOf(file);
      const done = await change(options, asked, (tx, currency) =>
        importLines(tx, caller, { view, currency, mode, sheet }, how),
      );
      return tagged(reply, done) as contract.PriceImportAnswer;
    },
  );
}

async function sheetOf({ csv, xlsx }: Pick<contract.LineImportRequest, 'csv' | 'xlsx'>): Promise<LineSheet> {
  if (xlsx === undefined) return readLineCsv(csv ?? '');
  const { readXlsx } = await import('../../platform/documents/index.ts');
  const [sheet] = await readXlsx(Buffer.from(xlsx, 'base64'), 'the workbook');
  return readLineTable({ records: sheet?.records ?? [], ragged: 'filled' });
}

function addPublication(app: PriceApp, options: PriceRouteOptions): void {
  app.post(
    '/price-views/:view/draft/publish',
    {
      config: { permission: 'showback.publish' },
      schema: {
        tags,
        summary:
          'Make the draft the published version, for good; refused with all findings when one is an error. If-Match',
        params,
        body: contract.publicationSchema,
        response: { 200: contract.draftAnswerSchema },
      },
    },
    async ({ caller, params: { view }, headers, body: { note = null, dryRun } }, reply) => {
      const asked = { caller, view, ifMatch: headers['if-match'] };
      const how = { now: options.clock.now(), note, dryRun };
      return tagged(reply, await change(options, asked, (tx) => publishDraft(tx, caller, view, how)));
    },
  );
}
