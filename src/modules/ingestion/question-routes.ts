import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type {} from '../../platform/access/index.ts';
import { mutable } from '../../platform/kernel/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import * as contract from './contract.ts';
import { diffMonth } from './diff-months.ts';
import { explainRow } from './explain-row.ts';
import { reconcileInvoice } from './reconcile-invoice.ts';

/** Questions to the rows of a month: what changed, what the invoice says, where a row comes from. */
export function addQuestionRoutes(
  app: Parameters<FastifyPluginAsyncZod>[0],
  { workspace }: { readonly workspace: Workspace },
): void {
  const { lake } = workspace;
  app.get(
    '/periods/:source/:period/diff',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['months'],
        summary: 'What changed between two snapshots of a month',
        description: 'Groups are compared, because line ids are not stable between deliveries.',
        params: contract.periodParamsSchema,
        querystring: contract.diffQuerySchema,
        response: { 200: contract.monthDiffSchema },
      },
    },
    async (request) => {
      const { by, ...asked } = request.query;
      const names = by.split(',').filter((name) => name !== '');
      const engine = await workspace.engine();
      return mutable(
        await diffMonth(engine, lake, request.caller.scope, { ...request.params, ...asked, by: names }),
      );
    },
  );

  app.post(
    '/periods/:source/:period/reconcile',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['months'],
        summary: 'Set a month against the total printed on an invoice',
        params: contract.periodParamsSchema,
        body: contract.reconcileRequestSchema.meta({ example: { invoiceTotal: '12,345.67' } }),
        response: { 200: contract.reconciliationSchema },
      },
    },
    async (request) => {
      const asked = { ...request.params, ...request.body };
      return mutable(await reconcileInvoice(await workspace.engine(), lake, request.caller.scope, asked));
    },
  );

  app.get(
    '/rows/:id',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags: ['costs'],
        summary: 'Where a cost row comes from: file, row, original values, rule per column',
        params: contract.rowParamsSchema,
        response: { 200: contract.explainedRowSchema },
      },
    },
    async (request) =>
      mutable(await explainRow(await workspace.engine(), lake, request.caller.scope, request.params.id)),
  );
}
