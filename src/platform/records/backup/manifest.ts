import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backupErrors } from './errors.ts';

/** Where the description of a backup lies in its folder; written last. */
export const manifestName = 'manifest.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const anchor = z.object({ position: z.string().regex(/^[1-9]\d{0,17}$/), hash: sha256 });
/** Relative, with `/`, and never out of the folder. */
const path = z
  .string()
  .regex(/^[^/\\\0]+(\/[^/\\\0]+)*$/)
  .refine((text) => !text.split('/').includes('..') && !text.split('/').includes('.'));

/** One table: its columns in the order of the cells of a line. */
const tableSchema = z.object({ name: z.string(), columns: z.array(z.string()), rows: z.int() });

/** Sums of the cost columns of the current snapshot of a month, per currency: decimal strings as the lake has them. */
const totalSchema = z.object({
  dataset: z.string(),
  source: z.string(),
  period: z.string(),
  currency: z.string(),
  rows: z.int(),
  sums: z.record(z.string(), z.string().nullable()),
});

const manifestSchema = z.object({
  format: z.literal(1),
  name: z.string(),
  /** Version of finops that made it. */
  product: z.string(),
  createdAt: z.string(),
  records: z.object({
    kind: z.enum(['postgres', 'pglite']),
    /** Migrations of the schema, in order. */
    migrations: z.array(z.object({ number: z.int(), name: z.string(), checksum: sha256 })).min(1),
    tables: z.array(tableSchema),
    sequences: z.array(
      z.object({ name: z.string(), last: z.string().regex(/^-?\d+$/), called: z.boolean() }),
    ),
    /** Last link of the audit log; null for an empty one. */
    auditHead: anchor.nullable(),
    /** Ids of the keys that its sealed fields need. */
    sealedWith: z.array(z.string()),
  }),
  lake: z.object({ generation: z.int(), snapshots: z.int(), totals: z.array(totalSchema) }),
  /** Whether fetched originals and the keys are in it. */
  contains: z.object({ raw: z.boolean(), keys: z.boolean() }),
  /** Every file but this one, sorted by path. */
  files: z.array(z.object({ path, bytes: z.int(), sha256 })),
});

/** What a backup holds, and the sums that its restore must come to. */
export type BackupManifest = z.infer<typeof manifestSchema>;
/** One file of a backup. */
export type BackupFile = BackupManifest['files'][number];
/** One table of a backup. */
export type BackupTable = BackupManifest['records']['tables'][number];

/** The text of a manifest, with its own checksum. */
export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify({ sha256: digest(manifest), manifest })}\n`;
}

/** Reads and checks the manifest of a backup folder. Refusals: `backup.notABackup`, `backup.damaged`. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw backupErrors.notABackup({
      folder,
      reason: error.code === 'ENOENT' ? `no ${manifestName}` : error.message,
    });
  });
  const damaged = (reason: string) => backupErrors.damaged({ folder, file: manifestName, reason });
  const stored = asJson(text);
  if (stored?.manifest === undefined || stored.sha256 !== digest(stored.manifest))
    throw damaged('does not have its checksum');
  const read = manifestSchema.safeParse(stored.manifest);
  if (!read.success)
    throw damaged(`has another form than this finops knows (${read.error.issues[0]?.path.join('.')})`);
  return read.data;
}

function digest(manifest: unknown): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

function asJson(text: string): { readonly sha256?: unknown; readonly manifest?: unknown } | undefined {
  try {
    return JSON.parse(text) as { readonly sha256?: unknown };
  } catch {
    return undefined;
  }
}
