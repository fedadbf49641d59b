import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import {
  addMonths,
  type Caller,
  type Period,
  periodOf,
  periodsBetween,
} from '../../platform/kernel/index.ts';
import { askBridge } from './ask-bridge.ts';
import { answerComparison, askComparison } from './ask-comparison.ts';
import { answerCosts, askCosts } from './ask-costs.ts';
import { askExplanation } from './ask-explanation.ts';
import * as contract from './cost-contract.ts';
import { labelOf, newestMonth } from './cost-sql.ts';
import type { PricingWorld } from './ensure-pricings.ts';
import { errors } from './errors.ts';
import { panels, questionOf } from './panels.ts';
import { simulatePrices } from './simulate-prices.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

const tags = ['application costs'];
const reads = { permission: 'showback.read' } as const;
const eitherSchema = z.union([contract.comparisonAnswerSchema, contract.costAnswerSchema]);

/** What applications cost: any question, the panels of the pages, the bridge to the bill, where a cost comes from. */
export const costRoutes: FastifyPluginAsyncZod<PricingWorld> = async (app, world) => {
  app.post(
    '/application-costs/query',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'Costs of applications by any dimension, under any price view; or two views or months compared',
        body: contract.costQuerySchema.meta({
          example: { months: ['2026-10'], groupBy: ['application'], top: 20 },
        }),
        response: { 200: eitherSchema },
      },
    },
    async ({ caller, body }) => {
      if (body.compare) return askComparison(world, caller, body);
      return askCosts(world, caller, body);
    },
  );

  app.post(
    '/application-costs/bridge',
    {
      config: reads,
      schema: {
        tags,
        summary:
          'What each product was charged, what it cost as allocated, and the over- or under-recovery between',
        body: contract.bridgeQuerySchema.meta({ example: { months: ['2026-10'], currency: 'EUR' } }),
        response: { 200: contract.bridgeAnswerSchema },
      },
    },
    ({ caller, body }) => askBridge(world, caller, body),
  );

  app.post(
    '/application-costs/simulations',
    {
      config: { permission: 'showback.write' },
      schema: {
        tags,
        summary: 'What applications would cost with other prices, beside what they cost; nothing is kept',
        body: contract.simulationSchema.meta({
          example: {
            months: ['2026-10'],
            view: 'standard',
            groupBy: ['application'],
            changes: [{ multiply: '1.05', level: 'product', target: 'vcpu' }],
          },
        }),
        response: { 200: contract.comparisonAnswerSchema },
      },
    },
    ({ caller, body }) => simulatePrices(world, caller, body),
  );

  app.get(
    '/application-costs/explain',
    {
      config: reads,
      schema: {
        tags,
        summary: 'Where a cost comes from: price line, rate, weights, and the facts with file and row',
        querystring: contract.explainQuerySchema,
        response: { 200: contract.explainAnswerSchema },
      },
    },
    ({ caller, query }) => askExplanation(world, caller, query),
  );
  addPanels(app, world);
};

function addPanels(app: App, world: PricingWorld): void {
  for (const panel of panels) {
    const isOne = panel.of !== 'all';
    app.get(
      panel.path,
      {
        config: reads,
        schema: {
          tags,
          summary: panel.summary,
          querystring: contract.panelQuerySchema,
          ...(isOne ? { params: contract.panelParamsSchema } : {}),
          response: { 200: eitherSchema },
        },
      },
      async ({ caller, query, params, headers }, reply) => {
        const { id } = params as { readonly id?: string };
        if (id !== undefined && (panel.of === 'domain' || panel.of === 'family'))
          await requireSubject(world, caller, panel.of, id);
        const months = await monthsOf(world, caller, query, panel);
        const question = questionOf(panel, { ...query, months }, id);
        let etag = '';
        const isKnown = (watermark: string) => {
          etag = `W/"${watermark}"`;
          return headers['if-none-match'] === etag;
        };
        const answer = question.compare
          ? await answerComparison(world, caller, question, isKnown)
          : await answerCosts(world, caller, question, isKnown);
        reply.headers({ etag, vary: 'authorization, cookie' });
        return answer ?? (reply as FastifyReply).code(304).send();
      },
    );
  }
}

/** Refuses a domain or family that is not there: an empty answer would say that it costs nothing. */
async function requireSubject(
  world: PricingWorld,
  caller: Caller,
  of: 'domain' | 'family',
  id: string,
): Promise<void> {
  const label = await (await world.records()).read(caller, (tx) => labelOf(tx, of, id));
  if (label === undefined) throw errors.unknownSubject({ of, id });
}

async function monthsOf(
  world: PricingWorld,
  caller: Caller,
  { month, from, to }: contract.PanelAsked,
  { trend, change }: { readonly trend?: true; readonly change?: true },
): Promise<string[]> {
  if (from !== undefined && to !== undefined && from > to) throw errors.monthsBackwards({ from, to });
  const last =
    to ??
    month ??
    (await (await world.records()).read(caller, newestMonth)) ??
    periodOf(world.workspace.clock.now());
  const first = from ?? addMonths(last as Period, trend ? -11 : change ? -1 : 0);
  const months = periodsBetween(first as Period, last as Period);
  return change ? [months.at(0) ?? last, months.at(-1) ?? last] : months;
}
