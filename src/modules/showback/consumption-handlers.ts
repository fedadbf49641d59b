import { basename, join } from 'node:path';
import { z } from 'zod';
import { writeCsv } from '../../platform/documents/index.ts';
import {
  type Accepted,
  actorSchema,
  handler,
  keyOf,
  type RunContext,
  type RunHandler,
  scopeSchema,
} from '../../platform/jobs/index.ts';
import type { Caller, Scope } from '../../platform/kernel/index.ts';
import { keepUpload, uploadPath } from '../allocation/index.ts';
import { consumptionColumns } from './consumption-columns.ts';
import {
  type CheckedConsumptionImport,
  type CheckedDerive,
  type ConsumptionImportResult,
  type ConsumptionRow,
  consumptionImportRequestSchema,
  type DeriveResult,
  deriveRequestSchema,
} from './consumption-contract.ts';
import { type Derivers, deriveConsumption } from './consumption-derive.ts';
import { consumptionErrors } from './consumption-errors.ts';
import { type ConsumptionWorld, importConsumption } from './consumption-import.ts';

/** The kind of a run that imports facts from a file or list. */
export const consumptionImportKind = 'consumption.import';
/** The kind of a run that makes the facts of a month from bills or allocation. */
export const consumptionDeriveKind = 'consumption.derive';

/** What the handlers need of the program around them. */
export interface ConsumptionWork extends ConsumptionWorld {
  readonly derivers: Derivers;
  /** Folders that may be read: by the owner of the workspace folder, or by others in their scope. */
  readonly rootsOf: (isOwner: boolean, scope: Scope) => readonly string[];
}

const who = { actor: actorSchema, scope: scopeSchema };
const keptImportSchema = z.object({
  /** Without the text, which lies in `raw/`. */
  request: z.object({
    source: z.string(),
    months: z.array(z.string()).optional(),
    entity: z.string().optional(),
    acceptRejects: z.boolean(),
    dryRun: z.boolean(),
  }),
  name: z.string(),
  isList: z.boolean(),
  /** A path as it was asked for, or the SHA-256 of a text that was sent. */
  file: z.union([z.object({ path: z.string() }), z.object({ upload: z.string() })]),
  ...who,
});
type KeptImport = z.infer<typeof keptImportSchema>;
const keptDeriveSchema = z.object({ request: deriveRequestSchema, ...who });
type KeptDerive = z.infer<typeof keptDeriveSchema>;

/**
 * Imports and derivations of consumption as runs. One that was interrupted begins again: facts that are there already are
 * recognised. The same is under way once.
 */
export function consumptionHandlers(work: ConsumptionWork): readonly RunHandler[] {
  return [
    handler<CheckedConsumptionImport, KeptImport, ConsumptionImportResult>({
      kind: consumptionImportKind,
      resumable: () => true,
      asked: consumptionImportRequestSchema as z.ZodType<CheckedConsumptionImport>,
      input: keptImportSchema,
      accept: (request, caller) => acceptImport(work, request, caller),
      run: (kept, context) => runImport(work, kept, context),
    }),
    handler<CheckedDerive, KeptDerive, DeriveResult>({
      kind: consumptionDeriveKind,
      resumable: () => true,
      asked: deriveRequestSchema as z.ZodType<CheckedDerive>,
      input: keptDeriveSchema as z.ZodType<KeptDerive>,
      accept: async (asked, { actor, scope }) => {
        const request = { ...asked, entity: entityOf(scope, asked.entity) };
        return {
          input: { request, actor, scope },
          key: keyOf({ request, scope }),
          entity: request.entity ?? null,
        };
      },
      run: (kept, context) => runDerive(work, kept, context),
    }),
  ];
}

/** Whose consumption is meant; undefined: of all entities. Whoever covers several says which. */
function entityOf(scope: Scope, asked: string | undefined): string | undefined {
  if (scope.kind === 'all') return asked;
  if (asked !== undefined && scope.entities.includes(asked)) return asked;
  if (asked !== undefined) throw consumptionErrors.unknownEntity({ entity: asked });
  const [only, ...more] = scope.entities;
  if (only === undefined || more.length > 0) throw consumptionErrors.nameEntity({ entities: scope.entities });
  return only;
}

async function acceptImport(
  { workspace }: ConsumptionWork,
  { path, csv, rows, name, ...asked }: CheckedConsumptionImport,
  { actor, scope }: Caller,
): Promise<Accepted<KeptImport>> {
  const request = { ...asked, entity: entityOf(scope, asked.entity) };
  const text = csv ?? (rows && csvOf(rows)) ?? '';
  const file = path === undefined ? { upload: await keepUpload(workspace, text) } : { path };
  const given = path === undefined ? (rows ? 'list' : 'consumption.csv') : basename(path);
  const kept = { request, name: name ?? given, isList: rows !== undefined, file, scope };
  return { input: { ...kept, actor }, key: keyOf(kept), entity: request.entity ?? null };
}

/** A list as the file that it could be. */
function csvOf(rows: readonly ConsumptionRow[]): string {
  const cells = rows.map((row) => consumptionColumns.map((column) => row[column] ?? ''));
  return writeCsv([[...consumptionColumns], ...cells]);
}

async function runImport(
  work: ConsumptionWork,
  kept: KeptImport,
  context: RunContext,
): Promise<ConsumptionImportResult> {
  const { request, name, isList, file, actor, scope } = kept;
  const place =
    'path' in file
      ? { path: file.path, roots: work.rootsOf(actor.kind === 'owner', scope) }
      : { path: uploadPath(work.workspace.root, file.upload), roots: [join(work.workspace.root, 'raw')] };
  const result = await importConsumption(
    work,
    { actor, scope },
    { ...request, ...place, name, isList },
    hooksOf(context),
  );
  context.rows({ in: result.rows.read, out: result.status === 'imported' ? result.rows.taken : 0 });
  for (const { severity, message } of result.findings) context.log(severity, message);
  return result;
}

async function runDerive(
  work: ConsumptionWork,
  { request, actor, scope }: KeptDerive,
  context: RunContext,
): Promise<DeriveResult> {
  const result = await deriveConsumption(work, work.derivers, { actor, scope }, request, hooksOf(context));
  const findings = result.items.flatMap((item) => item.findings);
  for (const { severity, message } of findings.slice(0, 20)) context.log(severity, message);
  return result;
}

function hooksOf(context: RunContext) {
  let open: ReturnType<RunContext['step']> | undefined;
  return {
    signal: context.signal,
    onStep: (name: string) => {
      open?.end();
      open = context.step(name);
    },
  };
}
