import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import type { Caller } from '../../platform/kernel/index.ts';
import { askCosts } from './ask-costs.ts';
import {
  costAnswerSchema,
  costQuerySchema,
  type StatementAsked,
  statementQuerySchema,
} from './cost-contract.ts';
import { labelOf } from './cost-sql.ts';
import type { PricingWorld } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import { type Statement, statementCsv, statementPdf } from './statement-file.ts';

/** Statements of teams and cost centres, as PDF, CSV and JSON. */
export const statementRoutes: FastifyPluginAsyncZod<PricingWorld> = async (app, world) => {
  app.get(
    '/application-costs/statements',
    {
      config: { permission: 'showback.read' },
      schema: {
        tags: ['application costs'],
        summary: 'The statement of a team or a cost centre: showback, or chargeback',
        querystring: statementQuerySchema,
        response: {
          200: {
            description: 'The statement',
            content: {
              'application/pdf': { schema: z.any().meta({ type: 'string', format: 'binary' }) },
              'text/csv': { schema: z.string() },
              'application/json': { schema: costAnswerSchema },
            },
          },
        },
      },
    },
    async ({ caller, query }, reply) => {
      const statement = await readStatement(world, caller, query);
      return sendStatement(reply as FastifyReply, query, statement) as never;
    },
  );
};

async function readStatement(world: PricingWorld, caller: Caller, asked: StatementAsked): Promise<Statement> {
  const { month, team, costCentre, view, currency, purpose } = asked;
  if ((team === undefined) === (costCentre === undefined)) throw errors.statementOfOne({ month });
  const records = await world.records();
  const label = await records.read(caller, (tx) =>
    team === undefined ? labelOf(tx, 'cost_centre', costCentre ?? '') : labelOf(tx, 'team', team),
  );
  if (label === undefined)
    throw team === undefined
      ? errors.unknownCostCentre({ costCentre: costCentre ?? '' })
      : errors.unknownTeam({ team });
  const question = costQuerySchema.parse({
    months: [month],
    groupBy: ['application', 'product', 'environment', 'kind'],
    ...(team === undefined ? { filters: { costCentre: [costCentre] } } : { team }),
    ...(view === undefined ? {} : { view }),
    ...(currency === undefined ? {} : { currency }),
  });
  const answer = await askCosts(world, caller, question);
  return { title: label, purpose, month, answer, generatedAt: world.workspace.clock.now() };
}

async function sendStatement(
  reply: FastifyReply,
  { format, month, team, costCentre }: StatementAsked,
  statement: Statement,
): Promise<unknown> {
  if (format === 'json') return reply.type('application/json').send(statement.answer);
  const name = `statement-${(team ?? costCentre ?? '').replace(/[^A-Za-z0-9._-]/g, '_')}-${month}.${format}`;
  reply.header('content-disposition', `attachment; filename="${name}"`);
  if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(statementCsv(statement));
  return reply.type('application/pdf').send(await statementPdf(statement));
}
