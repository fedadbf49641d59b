import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { addBackupRoutes, type BackupRouteOptions } from './backup/routes.ts';
import { addAuditRoutes } from './chain/routes.ts';
import { addKeyRoutes, type KeyRouteOptions } from './secrets/routes.ts';

/** What the routes of the records need; `records` and `secrets` are opened by the first that needs them. */
export type RecordRouteOptions = BackupRouteOptions & Pick<KeyRouteOptions, 'secrets'>;

/** The audit log (`/audit`), the keys of sealed fields (`/keys`) and backups (`/backups`). */
export const recordRoutes: FastifyPluginAsyncZod<RecordRouteOptions> = async (app, options) => {
  const { records, secrets, workspace } = options;
  const { clock, root: workspaceRoot } = workspace;
  addAuditRoutes(app, { records, workspaceRoot, clock });
  addKeyRoutes(app, { records, secrets, clock });
  addBackupRoutes(app, options);
};
