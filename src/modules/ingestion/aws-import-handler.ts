import { z } from 'zod';
import type { AwsExport } from '../../platform/config/index.ts';
import { type Accepted, handler, keyOf, type RunHandler, scopeSchema } from '../../platform/jobs/index.ts';
import { type Caller, type Period, parsePeriod } from '../../platform/kernel/index.ts';
import { awsImportRequestSchema, type CheckedAwsImportRequest, type ExportChoice } from './aws-contract.ts';
import { chooseExports } from './choose-exports.ts';
import type { ImportResult } from './contract.ts';
import { ingestionErrors } from './errors.ts';
import type { ImportTask } from './import-task.ts';
import { entityOfRun, type ImportWork, importAsRun } from './import-work.ts';

/** The kind of a run that imports months of AWS exports. */
export const awsImportKind = 'aws.import';

/** What the handler of imports of AWS exports needs. */
export interface AwsImportWork extends ImportWork {
  /** The exports of the configuration, with their secrets: those are never kept with a run. */
  readonly configured: readonly AwsExport[];
}

/** What is kept of it: names of exports, and what whoever asked may see. */
const keptSchema = z.object({ request: awsImportRequestSchema, scope: scopeSchema });
type Kept = z.infer<typeof keptSchema>;

/**
 * Imports of AWS exports as runs. They begin again like other imports, and the same one for the same scope is under way
 * once. Which exports there are is read again when the run begins: a schedule of all of them takes up a new one.
 */
export function awsImportHandler(work: AwsImportWork): RunHandler {
  return handler<CheckedAwsImportRequest, Kept, ImportResult>({
    kind: awsImportKind,
    // Asked to import what is loaded too, it cannot tell what it has published itself.
    resumable: ({ request }) => !request.reset,
    asked: awsImportRequestSchema,
    input: keptSchema,
    accept: (request, caller) => accept(work, request, caller),
    run: (kept, context) => importAsRun(work, taskOf(work, kept), context),
  });
}

async function accept(
  { configured, entitiesOf }: AwsImportWork,
  request: CheckedAwsImportRequest,
  { actor, scope }: Caller,
): Promise<Accepted<Kept>> {
  if (actor.kind !== 'owner') refuseForeignAccess(request);
  const exports = chooseExports(configured, scope, request);
  const sources = exports.map(({ source }) => source);
  const unclear = ingestionErrors.severalEntities({ exports: exports.map(({ name }) => name) });
  const kept = { request, scope };
  return { input: kept, key: keyOf(kept), entity: await entityOfRun(entitiesOf, sources, scope, unclear) };
}

/**
 * Another place would be read with the rights of the server's account; another endpoint would be told a configured
 * export's credentials, and could answer with bills of its own making.
 */
function refuseForeignAccess({ adHoc, profile, region, endpoint, roleArn }: ExportChoice): void {
  const fields = Object.entries({ adHoc, profile, region, endpoint, roleArn })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (fields.length > 0) throw ingestionErrors.foreignAccess({ fields });
}

function taskOf({ configured }: AwsImportWork, { request, scope }: Kept): ImportTask {
  const { from, to, reset, dryRun, acceptRestatement, acceptQuarantine } = request;
  const range = { from: monthOf(from), to: monthOf(to) };
  const options = { range, reset, dryRun, acceptRestatement, acceptQuarantine };
  return { exports: chooseExports(configured, scope, request), scope, options };
}

function monthOf(text: string | undefined): Period | undefined {
  return text === undefined ? undefined : parsePeriod(text);
}
