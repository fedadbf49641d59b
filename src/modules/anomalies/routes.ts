import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
// Routes say in `config` what they demand, and find the caller on the request.
import type {} from '../../platform/access/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { askAnomalies, askForecasts } from './ask-anomalies.ts';
import * as contract from './contract.ts';

const tags = ['anomalies'];

/** What is unusual in costs, and what they will be. */
export const anomalyRoutes: FastifyPluginAsyncZod<{ readonly workspace: Workspace }> = async (
  app,
  { workspace },
) => {
  app.post(
    '/anomalies/queries',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags,
        summary: 'Unusual days or months of costs, by any column or tag, or by application',
        body: contract.anomalyQuerySchema.meta({ example: { by: 'ServiceName' } }),
        response: { 200: contract.anomalyListSchema },
      },
    },
    ({ caller, body }) => askAnomalies(workspace, caller, body),
  );

  app.post(
    '/forecasts/queries',
    {
      config: { permission: 'cost.read' },
      schema: {
        tags,
        summary: 'What costs will be, with ranges, by the model that erred least so far',
        body: contract.forecastQuerySchema.meta({ example: { by: 'ServiceName', horizon: 30 } }),
        response: { 200: contract.forecastListSchema },
      },
    },
    ({ caller, body }) => askForecasts(workspace, caller, body),
  );
};
