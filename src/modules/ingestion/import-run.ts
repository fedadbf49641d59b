import type { Clock, Issue, Randomness, Refusal, Scope } from '../../platform/kernel/index.ts';
import type { ObjectStore } from '../../platform/objects/index.ts';
import type { Engine, Lake, LakeWriter, Row } from '../../platform/warehouse/index.ts';
import type { ImportEntry } from './contract.ts';
import type { Delivery } from './deliveries.ts';
import type { OriginFile } from './origin.ts';
import type { PreparedFile } from './prepare-file.ts';

/** What an import works with. */
export interface ImportContext {
  /** What the importer may see and write to: months of other sources are neither read nor replaced. */
  readonly scope: Scope;
  readonly workspaceRoot: string;
  readonly lake: Lake;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** Where an import stands, for people. */
export interface ImportProgress {
  readonly source: string;
  readonly step: 'fetch' | 'read' | 'convert' | 'reconcile' | 'publish';
  readonly file: string;
  /** Rows and bytes done so far in this delivery. */
  readonly rows: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface DeliveryOptions {
  readonly as?: string | undefined;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
  readonly mappingSha256?: string | undefined;
  readonly dryRun: boolean;
  readonly acceptRestatement: boolean;
  readonly acceptQuarantine: readonly string[];
}

/** What the deliveries of one command share. */
export interface Batch {
  readonly store: ObjectStore;
  readonly writer: LakeWriter;
  /** Imports that this command has made or found unchanged: another of its deliveries never replaces their months. */
  readonly imports: Set<string>;
  /** Looks for conflicts and publishes when every delivery before this one has ended. */
  readonly inOrder: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What became of one delivery. With a refusal nothing was published; the entries still state the figures. */
export interface DeliveryOutcome {
  readonly entries: readonly ImportEntry[];
  readonly issues: readonly Issue[];
  readonly refusal: Refusal | undefined;
}

/** One running import of one delivery. */
export interface Run {
  readonly context: ImportContext;
  readonly batch: Batch;
  readonly writer: LakeWriter;
  readonly delivery: Delivery;
  readonly options: DeliveryOptions;
  readonly importId: string;
  readonly temp: string;
}

export interface ReadyFile extends PreparedFile {
  readonly origin: OriginFile;
  /** SHA-256 of the original kept under `raw/`, when it was fetched. */
  readonly raw: string | undefined;
}

/** A month of the delivery, written and set against the original. */
export interface WrittenMonth {
  readonly period: string;
  readonly files: readonly { readonly path: string; readonly absolute: string; readonly rows: number }[];
  readonly converted: readonly Row[];
  readonly entries: readonly ImportEntry[];
  readonly issues: readonly Issue[];
  readonly broken: Refusal | undefined;
}

export function done(files: readonly ReadyFile[]) {
  const bytes = files.reduce((sum, file) => sum + file.origin.bytes, 0);
  return { rows: files.reduce((sum, file) => sum + file.staged.rows, 0), bytes, totalBytes: bytes };
}

export function periodsOf(files: readonly PreparedFile[]): string[] {
  const periods = files
    .flatMap((file) => file.months.map(({ period }) => period))
    .filter((period) => period !== null);
  return [...new Set(periods)].sort();
}
