import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type Accepted,
  handler,
  PartialFailure,
  type RunContext,
  type RunHandler,
} from '../../platform/jobs/index.ts';
import {
  type Caller,
  type ExitCode,
  errorCodes,
  type Scope,
  seesSource,
} from '../../platform/kernel/index.ts';
import { type CheckedImportRequest, type ImportResult, importRequestSchema } from './contract.ts';
import { ingestionErrors } from './errors.ts';
import { tellSteps } from './import-steps.ts';
import type { ImportAccess, RunImport } from './run-import.ts';

/** The kind of a run that imports bills. */
export const importKind = 'bill.import';

/** What the handler of imports needs of the program around it. */
export interface ImportWork {
  /** Does the work somewhere: in this process, or in a child. */
  readonly runImport: RunImport;
  /** What may be read: by the owner of the workspace folder, or by others in their scope. */
  readonly accessOf: (isOwner: boolean, scope: Scope) => ImportAccess;
  /** The entities that sources belong to, each once; a source that nobody has given to one is left out. */
  readonly entitiesOf: (sources: readonly string[]) => Promise<readonly string[]>;
  readonly onResult?: ((result: ImportResult) => void) | undefined;
}

const ids = z.array(z.string());
const scopeSchema: z.ZodType<Scope> = z.union([
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('some'), entities: ids, sources: ids, companies: ids, applications: ids }),
]);

/** What is kept of an import that somebody asked for: with what that person may do. */
const keptSchema = z.object({ request: importRequestSchema, isOwner: z.boolean(), scope: scopeSchema });
type Kept = z.infer<typeof keptSchema>;

/**
 * Imports as runs. One that was interrupted begins again: what it had published is recognised by its content and is not
 * published twice. The same import for the same rights is under way once.
 */
export function importHandler(work: ImportWork): RunHandler {
  return handler<CheckedImportRequest, Kept, ImportResult>({
    kind: importKind,
    // Asked to import what is unchanged too, it cannot tell what it has published itself.
    resumable: ({ request }) => !request.again,
    asked: importRequestSchema,
    input: keptSchema,
    accept: (request, caller) => accept(work, request, caller),
    run: (kept, context) => run(work, kept, context),
  });
}

async function accept(
  { entitiesOf }: ImportWork,
  request: CheckedImportRequest,
  { actor, scope }: Caller,
): Promise<Accepted<Kept>> {
  const kept = { request, isOwner: actor.kind === 'owner', scope };
  return { input: kept, key: digest(kept), entity: await entityOf(entitiesOf, request.source, scope) };
}

/** The entity that the run belongs to; null: that comes out when the bills are read. A limited caller needs one. */
async function entityOf(
  entitiesOf: ImportWork['entitiesOf'],
  source: string | undefined,
  scope: Scope,
): Promise<string | null> {
  if (source !== undefined && !seesSource(scope, source)) throw ingestionErrors.foreignSource({ source });
  const [entity] = source === undefined ? [] : await entitiesOf([source]);
  if (entity !== undefined || scope.kind === 'all') return entity ?? null;
  const [only, ...others] = scope.entities;
  if (only === undefined || others.length > 0) throw ingestionErrors.namelessSource({});
  return only;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

async function run(
  { runImport, accessOf, entitiesOf, onResult }: ImportWork,
  { request, isOwner, scope }: Kept,
  context: RunContext,
): Promise<ImportResult> {
  const steps = tellSteps(context);
  const result = await runImport(request, accessOf(isOwner, scope), {
    signal: context.signal,
    onProgress: steps.progress,
  });
  onResult?.(result);
  steps.result(result);
  const [entity, ...others] = await entitiesOf([...new Set(result.imports.map(({ source }) => source))]);
  if (entity !== undefined && others.length === 0) context.belongsTo(entity);
  const [refused] = result.errors;
  if (!refused) return result;
  const { code, message, exitCode, params } = refused;
  const status = errorCodes.get(code)?.status ?? 500;
  throw new PartialFailure({ code, status, message, params, exitCode: exitCode as ExitCode }, result);
}
