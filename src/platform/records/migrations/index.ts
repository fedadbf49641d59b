import { audit } from './0001-audit.ts';
import { organization } from './0002-organization.ts';
import { access } from './0003-access.ts';
import { jobs } from './0004-jobs.ts';
import { server } from './0005-server.ts';
import { allocationGraph } from './0006-allocation-graph.ts';
import { allocationRun } from './0007-allocation-run.ts';
import { allocationAdvice } from './0008-allocation-advice.ts';
import { priceViews } from './0009-price-views.ts';
import { consumption } from './0010-consumption.ts';
import { applicationCost } from './0011-application-cost.ts';
import type { Migration } from './migration.ts';

/** Every migration in order. */
export const migrations: readonly Migration[] = [
  audit,
  organization,
  access,
  jobs,
  server,
  allocationGraph,
  allocationRun,
  allocationAdvice,
  priceViews,
  consumption,
  applicationCost,
];
export type { Migration };
