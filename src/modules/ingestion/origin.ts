import { createHash } from 'node:crypto';
import type { Issue } from '../../platform/kernel/index.ts';
import type { SnapshotDescription } from '../../platform/warehouse/index.ts';
import {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
} from '../focus/index.ts';
import type { FileChoices } from './choose-converter.ts';
import type { ImportEntry } from './contract.ts';
import type { DeliveredFile, Delivery } from './deliveries.ts';
import type { PreparedFile } from './prepare-file.ts';

/** Changes when any conversion changes: an unchanged delivery is then imported again. */
const conversionVersion = '1';

/** A file that a snapshot was made from. */
export interface OriginFile extends DeliveredFile {
  readonly number: number;
  readonly sha256: string;
  readonly rows: number;
  readonly format: string;
  readonly mode: 'strict' | 'lenient';
  /** The native copy, relative to the lake. */
  readonly native: string;
  readonly choices: FileChoices;
}

/** Where a snapshot comes from; kept in its description. */
export interface ImportOrigin {
  readonly importId: string;
  readonly delivery: {
    readonly key: string;
    readonly label: string;
    readonly version: string | null;
    /** The month that its manifest is of. */
    readonly period?: string | null;
  };
  /** What the caller said about the files, and the version of the conversion. */
  readonly given: string;
  readonly files: readonly OriginFile[];
  /** Every month that the delivery published, this one included. */
  readonly months: readonly string[];
  readonly entries: readonly ImportEntry[];
  readonly issues: readonly Issue[];
}

/** The dataset that stands beside another one: the bill as it came, or the rows left out. `native` for costs. */
export function companionOf(dataset: string, kind: 'native' | 'quarantine'): string {
  return dataset === 'cost' ? kind : `${kind}_${dataset}`;
}

const mainDatasets: ReadonlySet<string> = new Set([
  costDataset.name,
  invoiceDetailDataset.name,
  contractCommitmentDataset.name,
  billingPeriodDataset.name,
]);

/** True for a dataset of converted rows, not for what stands beside it or was made of it. */
export function isMainDataset(dataset: string): boolean {
  return mainDatasets.has(dataset);
}

/** The origin of a snapshot that an import published. */
export function originOf(description: SnapshotDescription): ImportOrigin {
  return description.origin as ImportOrigin;
}

interface Given {
  readonly as?: string | undefined;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
  /** SHA-256 of the mapping file: another mapping under the same name makes another bill. */
  readonly mappingSha256?: string | undefined;
}

/** The caller's options that change what is converted, and the version of the conversion, as one text. */
export function givenOf({ as, currency, period, mappingSha256 }: Given): string {
  const mapping = mappingSha256 === undefined ? [] : [mappingSha256];
  return JSON.stringify([conversionVersion, as ?? null, currency ?? null, period ?? null, ...mapping]);
}

/** Names a delivery by what a listing shows of it: its version, and path, size, time and inode (or etag) of its files. */
export function deliveryFingerprint(delivery: Delivery, given: Given): string {
  const files = delivery.files.map(({ uri, bytes, modifiedAt, inode, etag }) => [
    uri,
    bytes,
    modifiedAt,
    inode ?? null,
    etag ?? null,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([givenOf(given), delivery.version, files]))
    .digest('hex');
}

/** The origin's line for a prepared file. */
export function originFile(
  file: PreparedFile,
  delivered: DeliveredFile,
  native: string,
  format: string,
): OriginFile {
  const { staged, number, choices } = file;
  return {
    ...delivered,
    number,
    sha256: staged.sha256,
    rows: staged.rows,
    format,
    mode: staged.mode,
    native,
    choices,
  };
}
