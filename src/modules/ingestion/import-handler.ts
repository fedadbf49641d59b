import { z } from 'zod';
import { type Accepted, handler, keyOf, type RunHandler, scopeSchema } from '../../platform/jobs/index.ts';
import { type Caller, type Scope, seesSource } from '../../platform/kernel/index.ts';
import { type CheckedImportRequest, type ImportResult, importRequestSchema } from './contract.ts';
import { ingestionErrors } from './errors.ts';
import { entityOfRun, type ImportWork, importAsRun } from './import-work.ts';
import type { ImportAccess } from './run-import.ts';

/** The kind of a run that imports bills. */
export const importKind = 'bill.import';

/** What the handler of imports of a path needs. */
export interface PathImportWork extends ImportWork {
  /** What may be read: by the owner of the workspace folder, or by others in their scope. */
  readonly accessOf: (isOwner: boolean, scope: Scope) => ImportAccess;
}

/** What is kept of an import that somebody asked for: with what that person may do. */
const keptSchema = z.object({ request: importRequestSchema, isOwner: z.boolean(), scope: scopeSchema });
type Kept = z.infer<typeof keptSchema>;

/**
 * Imports as runs. One that was interrupted begins again: what it had published is recognised by its content and is not
 * published twice. The same import for the same rights is under way once.
 */
export function importHandler(work: PathImportWork): RunHandler {
  return handler<CheckedImportRequest, Kept, ImportResult>({
    kind: importKind,
    // Asked to import what is unchanged too, it cannot tell what it has published itself.
    resumable: ({ request }) => !request.again,
    asked: importRequestSchema,
    input: keptSchema,
    accept: (request, caller) => accept(work, request, caller),
    run: ({ request, isOwner, scope }, context) =>
      importAsRun(work, { request, access: work.accessOf(isOwner, scope) }, context),
  });
}

async function accept(
  { entitiesOf }: PathImportWork,
  request: CheckedImportRequest,
  { actor, scope }: Caller,
): Promise<Accepted<Kept>> {
  const { source } = request;
  if (source !== undefined && !seesSource(scope, source)) throw ingestionErrors.foreignSource({ source });
  const kept = { request, isOwner: actor.kind === 'owner', scope };
  const sources = source === undefined ? [] : [source];
  const unclear = ingestionErrors.namelessSource({});
  return { input: kept, key: keyOf(kept), entity: await entityOfRun(entitiesOf, sources, scope, unclear) };
}
