import { PartialFailure, type RunContext } from '../../platform/jobs/index.ts';
import { type ExitCode, errorCodes, type Refusal, type Scope } from '../../platform/kernel/index.ts';
import type { ImportResult } from './contract.ts';
import { tellSteps } from './import-steps.ts';
import type { ImportTask, RunImport } from './import-task.ts';

/** What the handlers of imports need of the program around them. */
export interface ImportWork {
  /** Does the work somewhere: in this process, or in a child. */
  readonly runImport: RunImport;
  /** The entities that sources belong to, each once; a source that nobody has given to one is left out. */
  readonly entitiesOf: (sources: readonly string[]) => Promise<readonly string[]>;
  readonly onResult?: ((result: ImportResult) => void) | undefined;
}

/**
 * The entity that the run of an import belongs to: the one of all its sources. null: that comes out when the bills are
 * read, or never. A limited caller needs one, and is refused with `unclear` when there are several.
 */
export async function entityOfRun(
  entitiesOf: ImportWork['entitiesOf'],
  sources: readonly string[],
  scope: Scope,
  unclear: Refusal,
): Promise<string | null> {
  const ofSources = sources.length === 0 ? [] : await entitiesOf([...new Set(sources)]);
  const candidates = ofSources.length === 0 && scope.kind === 'some' ? scope.entities : ofSources;
  const [entity, ...others] = candidates;
  if (entity !== undefined && others.length === 0) return entity;
  if (scope.kind === 'all') return null;
  throw unclear;
}

/**
 * Imports, and tells the run its steps, rows and entity. Deliveries that were refused fail the run with the first refusal
 * and the result of the others.
 */
export async function importAsRun(
  { runImport, entitiesOf, onResult }: ImportWork,
  task: ImportTask,
  context: RunContext,
): Promise<ImportResult> {
  const steps = tellSteps(context);
  const result = await runImport(task, { signal: context.signal, onProgress: steps.progress });
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
