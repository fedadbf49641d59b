import { isAbsolute, join } from 'node:path';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Caller } from '../../kernel/index.ts';
import type { Workspace } from '../../warehouse/index.ts';
import * as contract from '../contract.ts';
import type { Records } from '../records.ts';
import { type Backup, createBackup } from './create-backup.ts';
import { backupErrors } from './errors.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

export interface BackupRouteOptions {
  readonly records: () => Promise<Records>;
  readonly workspace: Workspace;
  /** Where backups go that are given a name only; by default `backups` in the workspace. */
  readonly backupsFolder: string | undefined;
  /** The key file; undefined when the keys come from the environment. */
  readonly keyFile: string | undefined;
  /** Version of finops. */
  readonly product: string;
}

/** Backups are made by the process that holds the workspace; they are restored by a command, into an empty one. */
export function addBackupRoutes(app: App, options: BackupRouteOptions): void {
  const { records, workspace, keyFile, product } = options;
  app.post(
    '/backups',
    {
      config: { permission: 'system.manage' },
      schema: {
        tags: ['backups'],
        summary: 'Back up records and lake into a new folder',
        body: contract.backupRequestSchema.meta({ example: { name: '2026-10-31' } }),
        response: { 200: contract.backupAnswerSchema },
      },
    },
    async (request) => {
      const { raw, keys } = request.body;
      if (keys && keyFile === undefined) throw backupErrors.noKeyFile({ file: 'of a workspace' });
      const { root: workspaceRoot, lake, clock } = workspace;
      const backup = await createBackup(
        { records: await records(), lake, workspaceRoot, clock, product },
        {
          caller: request.caller,
          folder: folderFor(request.body, request.caller, options),
          withRaw: raw,
          keyFile: keys ? keyFile : undefined,
        },
      );
      return shownBackup(backup);
    },
  );
}

function folderFor(
  { name, folder }: { name?: string | undefined; folder?: string | undefined },
  { actor }: Caller,
  { workspace, backupsFolder }: BackupRouteOptions,
): string {
  if (folder !== undefined) {
    if (actor.kind !== 'owner' || !isAbsolute(folder)) throw backupErrors.ownerOnly({});
    return folder;
  }
  const time = workspace.clock.now().toISOString().replace(/[:.]/g, '-');
  return join(backupsFolder ?? join(workspace.root, 'backups'), name ?? time);
}

function shownBackup({ folder, bytes, manifest }: Backup): contract.BackupAnswer {
  const { name, createdAt, records, lake, contains, files } = manifest;
  return {
    name,
    folder,
    createdAt,
    bytes,
    files: files.length,
    records: {
      tables: records.tables.length,
      rows: records.tables.reduce((sum, { rows }) => sum + rows, 0),
    },
    lake: { generation: lake.generation, snapshots: lake.snapshots },
    auditHead: records.auditHead,
    sealedWith: records.sealedWith,
    contains,
  };
}
