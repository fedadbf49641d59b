import { join } from 'node:path';
import {
  awsImportHandler,
  type ImportAccess,
  type ImportResult,
  importHandler,
  type RunImport,
  runImportTask,
} from '../../modules/ingestion/index.ts';
import type { Config } from '../../platform/config/index.ts';
import { type Jobs, type JobsOptions, openJobs } from '../../platform/jobs/index.ts';
import { type Scope, systemCaller } from '../../platform/kernel/index.ts';
import type { Records, Secrets } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { findServer } from './server-file.ts';

/** What people edit and what works for them, opened when it is first asked for: questions to the lake never open it. */
export interface Books {
  readonly records: () => Promise<Records>;
  /** Seals fields that must not lie readable at rest. */
  readonly secrets: () => Promise<Secrets>;
  readonly jobs: () => Promise<Jobs>;
  /** Has every later import told. */
  readonly onImport: (listener: (result: ImportResult) => void) => void;
  /** Stops the jobs, seals the audit log and closes what was opened. */
  readonly close: () => Promise<void>;
}

export interface BooksOptions {
  readonly workspace: Workspace;
  readonly config: Config;
  /** How an import is run; in this process by default. */
  readonly runImport?: RunImport | undefined;
  readonly log?: JobsLog | undefined;
}

type JobsLog = JobsOptions['log'];
const silent: JobsLog = { info: () => {}, error: () => {} };

/** The books of a workspace: the PostgreSQL of the configuration, or the embedded one of the folder. */
export function openBooks({ workspace, config, runImport: run, log = silent }: BooksOptions): Books {
  const { root, clock, randomness } = workspace;
  const { values } = config;
  const listeners = new Set<(result: ImportResult) => void>();
  const records = once(async () => {
    const { openRecords } = await import('../../platform/records/index.ts');
    return await openRecords({
      root,
      databaseUrl: values.databaseUrl,
      poolSize: values.databasePoolSize,
      holderUrl: async () => (await findServer(root))?.url,
    });
  });
  const jobs = once(async () => {
    const opened = await records.get();
    const { entitiesOfSources } = await import('../../modules/organization/index.ts');
    const { allocationRunHandler, usageHandlers } = await import('../../modules/allocation/index.ts');
    const { consumptionHandlers, deriveFromBill, deriveFromCosts, deriveFromRetained } = await import(
      '../../modules/showback/index.ts'
    );
    const { closeRunHandler } = await import('../../modules/close/index.ts');
    const work = {
      runImport: run ?? ((task, { onProgress }) => runImportTask(workspace, task, onProgress)),
      entitiesOf: (sources: readonly string[]) =>
        opened.read(systemCaller, (tx) => entitiesOfSources(tx, sources)),
      onResult: (result: ImportResult) => {
        for (const listener of listeners) listener(result);
      },
    };
    const handlers = [
      importHandler({ ...work, accessOf: (isOwner, scope) => importAccess(config, isOwner, scope) }),
      awsImportHandler({ ...work, configured: values['aws.exports'] }),
      ...usageHandlers({
        workspace,
        records: records.get,
        rootsOf: (isOwner, scope) => importAccess(config, isOwner, scope).roots,
        endpoints: values['usage.prometheus'],
      }),
      allocationRunHandler(async () => ({ workspace, records: opened })),
      ...consumptionHandlers({
        workspace,
        records: records.get,
        derivers: { focus: deriveFromBill, allocation: deriveFromRetained, derived: deriveFromCosts },
        rootsOf: (isOwner, scope) => importAccess(config, isOwner, scope).roots,
      }),
      closeRunHandler({ workspace, records: async () => opened }),
    ];
    const concurrency = values['jobs.concurrency'];
    return await openJobs({ records: opened, clock, randomness, handlers, log, concurrency });
  });
  const secrets = once(async () => {
    const { openSecrets, keysInUse } = await import('../../platform/records/index.ts');
    const sealedWith = async () => await (await records.get()).asOwner(keysInUse);
    return await openSecrets({
      environment: values['secrets.key'],
      file: values['secrets.keyFile'] ?? join(root, 'finops.key'),
      sealedWith,
    });
  });
  return {
    records: records.get,
    secrets: secrets.get,
    jobs: jobs.get,
    onImport: (listener) => void listeners.add(listener),
    close: async () => {
      await (await jobs.opened())?.close();
      const opened = await records.opened();
      if (!opened) return;
      const { sealNow } = await import('../../platform/records/index.ts');
      await sealNow(opened).finally(opened.close);
    },
  };
}

export /**
 * The owner reads what the account can read; others what the configuration names. A folder knows no tenants, so that whoever
 * is limited to entities reads in each root the folder that has the entity's id as its name.
 */
function importAccess({ values }: Config, isOwner: boolean, scope: Scope): ImportAccess {
  const exports = values['aws.exports'];
  if (isOwner) return { scope, roots: ['/'], exports, anyBucket: true };
  const whole = values['import.roots'];
  const roots =
    scope.kind === 'all'
      ? whole
      : whole.flatMap((root) => scope.entities.map((entity) => join(root, entity)));
  return { scope, roots, exports, anyBucket: false };
}

interface Once<T> {
  readonly get: () => Promise<T>;
  /** What was opened; undefined when nothing was, or it failed. */
  readonly opened: () => Promise<T | undefined>;
}

/** Opens a thing when it is first asked for, once; a refusal is not for ever: the next one who asks tries again. */
function once<T>(open: () => Promise<T>): Once<T> {
  let opening: Promise<T> | undefined;
  return {
    get: () => {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    opened: async () => await opening?.catch(() => undefined),
  };
}
