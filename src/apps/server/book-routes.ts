import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { allocationRoutes } from '../../modules/allocation/index.ts';
import { anomalyRoutes } from '../../modules/anomalies/index.ts';
import { closeRoutes } from '../../modules/close/index.ts';
import { organizationRoutes } from '../../modules/organization/index.ts';
import { preparePeriodStep, showbackRoutes } from '../../modules/showback/index.ts';
import { type AccessSettings, accessPages, accessRoutes } from '../../platform/access/index.ts';
import type { Config } from '../../platform/config/index.ts';
import { runRoutes } from '../../platform/jobs/index.ts';
import { recordRoutes } from '../../platform/records/index.ts';
import type { AppOptions } from './app.ts';
import { productVersion } from './version.ts';

type ProblemOf = Parameters<typeof allocationRoutes>[1]['problemOf'];

/** Everything that reads or changes the records: people, runs, the organization, audit log, keys, backups. */
export async function addBookRoutes(
  app: FastifyInstance,
  options: AppOptions & { readonly accessSettings: AccessSettings; readonly problemOf: ProblemOf },
): Promise<void> {
  const { workspace, config, books, access, accessSettings, problemOf } = options;
  const { clock, randomness } = workspace;
  const prefix = '/api/v1';
  await app.register(accessPages);
  await app.register(accessRoutes, {
    prefix,
    ...accessSettings,
    records: books.records,
    secrets: books.secrets,
    clock,
    randomness,
    localUrl: access?.localUrl ?? (() => ''),
  });
  await app.register(runRoutes, { prefix, jobs: books.jobs });
  await app.register(recordRoutes, {
    prefix,
    ...books,
    workspace,
    backupsFolder: config.values['backups.folder'],
    keyFile: keyFileOf(config),
    product: productVersion(),
  });
  await app.register(organizationRoutes, {
    prefix,
    ...books,
    clock,
    preparePeriodStep: (caller, change) =>
      preparePeriodStep({ workspace, records: books.records }, caller, change),
  });
  await app.register(allocationRoutes, { prefix, ...books, workspace, problemOf });
  await app.register(anomalyRoutes, { prefix, workspace });
  await app.register(showbackRoutes, { prefix, ...books, workspace, clock, problemOf });
  await app.register(closeRoutes, { prefix, ...books, workspace, problemOf });
}

/** The file of the keys of sealed fields; undefined when they come from the environment. */
function keyFileOf({ values }: Config): string | undefined {
  if (values['secrets.key'] !== undefined) return undefined;
  return values['secrets.keyFile'] ?? join(values.data, 'finops.key');
}
