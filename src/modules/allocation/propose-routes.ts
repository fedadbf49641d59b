import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { proposeGraph } from './propose.ts';
import * as contract from './propose-contract.ts';
import { applicationsInUse } from './propose-sql.ts';

/** What the wizard works with. */
export interface ProposalRouteOptions {
  readonly workspace: Workspace;
  readonly records: () => Promise<Records>;
}

/** The wizard: rules and a first graph from a month's bill. Nothing is kept. */
export const proposalRoutes: FastifyPluginAsyncZod<ProposalRouteOptions> = async (
  app,
  { workspace, records },
) => {
  app.post(
    '/allocation/proposals',
    {
      config: { permission: 'allocation.write' },
      schema: {
        tags: ['allocation graphs'],
        summary: "Propose rules and a first graph from a month's bill, with what each rule takes in money",
        description:
          'From tags, accounts and services. Nothing is kept: apply the document to the draft of a graph to work on it.',
        body: contract.proposalRequestSchema.meta({ example: { month: '2026-10', tagKey: 'app' } }),
        response: { 200: contract.proposalSchema },
      },
    },
    async ({ caller, body: { month, sources, tagKey } }) => {
      const applications = await (await records()).read(caller, applicationsInUse);
      const engine = await workspace.engine();
      return engine.session((session) =>
        proposeGraph({
          ...{ session, lake: workspace.lake, scope: caller.scope, period: month, sources, applications },
          keys: tagKey === undefined ? undefined : [tagKey],
        }),
      );
    },
  );
};
