import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import {
  changeDraft,
  type DraftChanged,
  discardDraft,
  openDraft,
  publishDraft,
  replaceDraft,
  rollBack,
} from './drafts.ts';
import * as contract from './graph-contract.ts';
import { graphEtag, refuseStaleGraph } from './graph-precondition.ts';
import type { GraphRouteOptions } from './graph-routes.ts';
import { type Graph, lockGraph, requireGraph } from './graphs.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['allocation graphs'];
const writes = { permission: 'allocation.write' } as const;
const params = contract.graphParamsSchema;

/** Bytes of a whole document: some 150,000 edges. More goes in by changes, portion by portion. */
const documentLimit = 33_554_432;
/** Bytes of ten thousand changes. */
const changesLimit = 8_388_608;

/** Opening, changing, discarding and publishing the one draft of a graph. */
export function addDraftRoutes(app: App, options: GraphRouteOptions): void {
  addOpening(app, options);
  addContentChanges(app, options);
  addDiscard(app, options);
  addPublication(app, options);
}

interface Change {
  readonly caller: Caller;
  readonly graph: string;
  /** What If-Match says; `free`: the change is of nothing that somebody may have read. */
  readonly ifMatch: string | undefined | 'free';
}

/** A change of a graph that is as the caller read it. */
async function change<T>(
  { records }: GraphRouteOptions,
  { caller, graph, ifMatch }: Change,
  work: (tx: Tx) => Promise<T>,
): Promise<{ readonly result: T; readonly after: Graph }> {
  return (await records()).write(caller, async (tx) => {
    const before = await lockGraph(tx, graph);
    if (ifMatch !== 'free') refuseStaleGraph(before, ifMatch);
    return { result: await work(tx), after: await requireGraph(tx, graph) };
  });
}

function tagged(
  reply: FastifyReply,
  { result, after }: { result: DraftChanged; after: Graph },
): contract.DraftAnswer {
  reply.header('etag', graphEtag(after.version));
  return { ...result, findings: [...result.findings] };
}

function addOpening(app: App, options: GraphRouteOptions): void {
  app.post(
    '/graphs/:graph/draft',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Open a draft with the content of the newest published version',
        params,
        body: contract.openingSchema,
        response: { 201: contract.graphSchema },
      },
    },
    async ({ caller, params: { graph }, body: { note } }, reply) => {
      const { after } = await change(options, { caller, graph, ifMatch: 'free' }, (tx) =>
        openDraft(tx, caller, graph, { note: note ?? null }),
      );
      reply.code(201).header('etag', graphEtag(after.version));
      return after;
    },
  );

  app.post(
    '/graphs/:graph/rollback',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Open a draft with the content of an earlier version',
        params,
        body: contract.rollbackSchema,
        response: { 201: contract.graphSchema },
      },
    },
    async ({ caller, params: { graph }, body: { version, note } }, reply) => {
      const { after } = await change(options, { caller, graph, ifMatch: 'free' }, (tx) =>
        rollBack(tx, caller, graph, { version, note: note ?? null }),
      );
      reply.code(201).header('etag', graphEtag(after.version));
      return after;
    },
  );
}

function addContentChanges(app: App, options: GraphRouteOptions): void {
  app.put(
    '/graphs/:graph/draft',
    {
      config: writes,
      bodyLimit: documentLimit,
      schema: {
        tags,
        summary: 'Bring the draft to what a whole document says; opens one where none is open. If-Match',
        params,
        body: contract.draftSchema,
        response: { 200: contract.draftAnswerSchema },
      },
    },
    async ({ caller, params: { graph }, headers, body: { document, dryRun } }, reply) => {
      const asked = { caller, graph, ifMatch: headers['if-match'] };
      const done = await change(options, asked, (tx) =>
        replaceDraft(tx, caller, graph, document, { dryRun }),
      );
      return tagged(reply, done);
    },
  );

  app.post(
    '/graphs/:graph/draft/changes',
    {
      config: writes,
      bodyLimit: changesLimit,
      schema: {
        tags,
        summary:
          'Put parts into the draft and take parts out, all or nothing; opens one where none is open. If-Match',
        params,
        body: contract.changesSchema,
        response: { 200: contract.draftAnswerSchema },
      },
    },
    async ({ caller, params: { graph }, headers, body: { changes, dryRun } }, reply) => {
      const asked = { caller, graph, ifMatch: headers['if-match'] };
      const done = await change(options, asked, (tx) => changeDraft(tx, caller, graph, changes, { dryRun }));
      return tagged(reply, done);
    },
  );
}

function addDiscard(app: App, options: GraphRouteOptions): void {
  app.delete(
    '/graphs/:graph/draft',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Discard the draft with all that was changed in it; If-Match names the version',
        params,
        response: { 200: contract.graphSchema },
      },
    },
    async ({ caller, params: { graph }, headers }, reply) => {
      const asked = { caller, graph, ifMatch: headers['if-match'] };
      const { after } = await change(options, asked, (tx) => discardDraft(tx, caller, graph));
      reply.header('etag', graphEtag(after.version));
      return after;
    },
  );
}

function addPublication(app: App, options: GraphRouteOptions): void {
  app.post(
    '/graphs/:graph/draft/publish',
    {
      config: { permission: 'allocation.publish' },
      schema: {
        tags,
        summary:
          'Make the draft the published version, for good; refused with all findings when one is an error',
        params,
        body: contract.publicationSchema,
        response: { 200: contract.draftAnswerSchema },
      },
    },
    async ({ caller, params: { graph }, headers, body: { note, dryRun } }, reply) => {
      const asked = { caller, graph, ifMatch: headers['if-match'] };
      const done = await change(options, asked, (tx) =>
        publishDraft(tx, caller, graph, { note: note ?? null, dryRun }),
      );
      return tagged(reply, done);
    },
  );
}
