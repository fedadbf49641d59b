import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller, Clock } from '../../kernel/index.ts';
import * as contract from '../contract.ts';
import type { Records } from '../records.ts';
import { addAnchor, readAnchors } from './audit-head.ts';
import { chainErrors } from './errors.ts';
import { type AuditRow, selectAuditRows } from './list-audit-sql.ts';
import { chainEnd } from './seal-sql.ts';
import { verifyAudit } from './verify-audit.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

export interface AuditRouteOptions {
  readonly records: () => Promise<Records>;
  readonly workspaceRoot: string;
  readonly clock: Clock;
}

const config = { permission: 'audit.read' } as const;
const tags = ['audit'];

/** The audit log: list, head, verification. */
export function addAuditRoutes(app: App, options: AuditRouteOptions): void {
  addList(app, options);
  addChain(app, options);
}

function addList(app: App, { records }: AuditRouteOptions): void {
  app.get(
    '/audit',
    {
      config,
      schema: {
        tags,
        summary: 'What was done, by whom, to what; newest first',
        querystring: contract.auditListQuerySchema,
        response: { 200: contract.auditListSchema },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query;
      const before = cursor === undefined ? undefined : readCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const page = { before, limit: limit + 1 };
      const found = await (await records()).read(request.caller, (tx) => selectAuditRows(tx, filter, page));
      const items = found.slice(0, limit).map(shownRow);
      const last = items.at(-1);
      return {
        context: { order: 'newest first' as const },
        items,
        ...(last && found.length > limit ? { next: Buffer.from(last.id).toString('base64url') } : {}),
      };
    },
  );
}

function addChain(app: App, { records, workspaceRoot, clock }: AuditRouteOptions): void {
  app.get(
    '/audit/head',
    {
      config,
      schema: {
        tags,
        summary: 'The last link of the chain, to write down outside the database',
        response: { 200: contract.auditHeadSchema },
      },
    },
    async (request) => {
      demandWhole(request.caller);
      const { position, hash } = await (await records()).asOwner(chainEnd);
      const remembered = [...(await readAnchors(workspaceRoot))];
      return { head: hash === null ? null : { position: String(position), hash }, remembered };
    },
  );

  app.post(
    '/audit/verify',
    {
      config,
      schema: {
        tags,
        summary: 'Recompute the chain, and compare it with the heads that were written down',
        body: contract.auditVerifyRequestSchema,
        response: { 200: contract.auditVerificationSchema },
      },
    },
    async (request) => {
      demandWhole(request.caller);
      const anchors = [...(await readAnchors(workspaceRoot)), ...request.body.anchors];
      const verified = await verifyAudit((await records()).asOwner, anchors);
      if (verified.intact && verified.head)
        await addAnchor(workspaceRoot, { ...verified.head, at: clock.now().toISOString(), by: 'verify' });
      return { ...verified, findings: [...verified.findings] };
    },
  );
}

/** One chain runs through the rows of all entities: its length and its findings tell of them. */
function demandWhole({ scope }: Caller): void {
  if (scope.kind !== 'all') throw chainErrors.wholeOnly({});
}

function shownRow(row: AuditRow): contract.AuditRowAnswer {
  return {
    id: String(row.id),
    at: row.at,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    address: row.address,
    action: row.action,
    object: { type: row.object_type, id: row.object_id },
    entity: row.entity_id,
    before: row.before,
    after: row.after,
    requestId: row.request_id,
    sealed: row.position && row.hash ? { position: String(row.position), hash: row.hash } : null,
  };
}

function readCursor(cursor: string): bigint {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^\d{1,18}$/.test(id)) throw chainErrors.unfitCursor({ cursor: cursor.slice(0, 60) });
  return BigInt(id);
}
