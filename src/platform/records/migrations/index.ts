import { audit } from './0001-audit.ts';
import { organization } from './0002-organization.ts';
import { access } from './0003-access.ts';
import { jobs } from './0004-jobs.ts';
import { server } from './0005-server.ts';
import type { Migration } from './migration.ts';

/** Every migration in order. */
export const migrations: readonly Migration[] = [audit, organization, access, jobs, server];
export type { Migration };
