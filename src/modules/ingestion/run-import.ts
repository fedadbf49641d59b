import type { AwsExport } from '../../platform/config/index.ts';
import { mutable, type Scope, seesSource } from '../../platform/kernel/index.ts';
import { allowedPath, isS3Uri, type S3Options, type StoreOptions } from '../../platform/objects/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { refreshAfterChange } from './after-change.ts';
import type { ImportRequest, ImportResult } from './contract.ts';
import { ingestionErrors } from './errors.ts';
import { importBill } from './import-bill.ts';
import type { ImportContext } from './import-run.ts';

/**
 * What an import may read and write. The owner at the command line reads what the account can read; others what is
 * configured. Plain values, so that it can be told to another process.
 */
export interface ImportAccess {
  /** What the caller may see: bills go into sources of it, and into no other. */
  readonly scope: Scope;
  /** Folders. */
  readonly roots: readonly string[];
  /** Their buckets may be read, with their credentials. */
  readonly exports: readonly AwsExport[];
  /** Any other bucket too, with the default credentials. */
  readonly anyBucket: boolean;
}

/** Imports into a workspace in this process. Refuses what the access does not allow, before anything is read. */
export async function runImport(
  workspace: Workspace,
  request: ImportRequest,
  access: ImportAccess,
  onProgress?: ImportContext['onProgress'],
): Promise<ImportResult> {
  const stores = storesFor(request.path, access);
  const as = await allowedMapping(request.as, access.roots);
  const result = await importBill(
    await importContext(workspace, access.scope, onProgress),
    { ...request, ...(as === undefined ? {} : { as }) },
    stores,
  );
  return withViews(workspace, result);
}

/** The result, after the views have been brought up to what was published; why that failed is one more issue. */
export async function withViews(workspace: Workspace, result: ImportResult): Promise<ImportResult> {
  if (!result.imports.some(({ status }) => status === 'imported' || status === 'replaced')) return result;
  const issue = await refreshAfterChange(workspace);
  return issue ? { ...result, issues: [...result.issues, mutable(issue)] } : result;
}

/** What an import works with, in a workspace, for a caller with this scope. */
export async function importContext(
  workspace: Workspace,
  scope: Scope,
  onProgress?: ImportContext['onProgress'],
): Promise<ImportContext> {
  const { root, lake, clock, randomness } = workspace;
  return {
    scope,
    workspaceRoot: root,
    lake,
    engine: await workspace.engine(),
    clock,
    randomness,
    onProgress,
  };
}

/** The bucket of an export is read for its own source: it may hold the bills of somebody else. */
function storesFor(path: string, { scope, roots, exports, anyBucket }: ImportAccess): StoreOptions {
  if (!isS3Uri(path)) return { roots };
  const owner = exports
    .filter(({ source }) => seesSource(scope, source))
    .find(({ uri }) => path === uri || path.startsWith(`${uri}/`));
  if (!owner && !anyBucket) throw ingestionErrors.foreignBucket({ path });
  return { roots, s3: s3OptionsOf(owner ?? {}) };
}

/** How to reach the bucket of an export. Stores that are not AWS's rarely know buckets as host names. */
export function s3OptionsOf(
  access: Pick<AwsExport, 'profile' | 'region' | 'endpoint' | 'roleArn' | 'externalId'>,
): S3Options {
  const { profile, region, endpoint, roleArn, externalId } = access;
  const isOther = endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  return { profile, region, endpoint, roleArn, externalId, forcePathStyle: Boolean(isOther) };
}

/** A mapping is a file like any other: it is read only where bills may be read. */
async function allowedMapping(as: string | undefined, roots: readonly string[]): Promise<string | undefined> {
  if (!as?.startsWith('mapping:')) return as;
  return `mapping:${await allowedPath(as.slice('mapping:'.length), roots)}`;
}
