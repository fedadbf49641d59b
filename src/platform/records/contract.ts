import { z } from 'zod';

/** The forms of the API over the audit log, the keys of sealed fields, and backups. */

const instant = z.string().meta({ example: '2026-10-14T06:30:00.000Z' });
const name = z.string().min(1).max(200);

/** A place of the chain: the position of a row and its hash. */
const anchorSchema = z.strictObject({
  position: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, 'a position is a whole number from 1')
    .meta({ example: '1204' }),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a hash is 64 hex digits')
    .meta({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }),
});

/** `2026-10-01`, or a time of ISO 8601 with its zone. A day begins at midnight UTC. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).meta({ example: '2026-10-01' });

/** What to list; newest first. */
export const auditListQuerySchema = z.strictObject({
  objectType: name.optional().meta({ example: 'application' }),
  objectId: name.optional(),
  /** Id or name of whoever did it. */
  actor: name.optional(),
  /** With a dot at its end, everything that begins so: `application.`. */
  action: name.optional().meta({ example: 'application.update' }),
  entity: name.optional(),
  /** From this moment, inclusive. */
  from: moment.optional(),
  /** Up to this moment, exclusive. */
  to: moment.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

/** One row of the audit log. */
const auditRowSchema = z.object({
  /** Decimal text. */
  id: z.string(),
  at: instant,
  actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  address: z.string().nullable(),
  action: z.string(),
  object: z.object({ type: z.string(), id: z.string() }),
  entity: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  requestId: z.string().nullable(),
  /** Its place in the chain; null for a second or so. */
  sealed: z.object({ position: z.string(), hash: z.string() }).nullable(),
});
export type AuditRowAnswer = z.infer<typeof auditRowSchema>;

export const auditListSchema = z.object({
  context: z.object({ order: z.literal('newest first') }),
  items: z.array(auditRowSchema),
  next: z.string().optional(),
});
export type AuditList = z.infer<typeof auditListSchema>;

export const auditHeadSchema = z.object({
  /** Null for an empty log. */
  head: z.object({ position: z.string(), hash: z.string() }).nullable(),
  /** Heads that the workspace remembers, oldest first. */
  remembered: z.array(
    z.object({
      position: z.string(),
      hash: z.string(),
      at: instant,
      by: z.enum(['backup', 'verify', 'restore']),
    }),
  ),
});
export type AuditHeadAnswer = z.infer<typeof auditHeadSchema>;

export const auditVerifyRequestSchema = z.strictObject({
  /** Places known from elsewhere, beside those that the workspace remembers. */
  anchors: z.array(anchorSchema).max(1000).default([]),
});

export const auditVerificationSchema = z.object({
  /** Nothing of the chain was changed, removed, added or cut off. */
  intact: z.boolean(),
  rows: z.int(),
  head: z.object({ position: z.string(), hash: z.string() }).nullable(),
  /** Places known from outside that were compared; without one, a tail cut off cannot be seen. */
  anchors: z.int(),
  unsealed: z.object({ rows: z.int(), oldest: instant.nullable() }),
  findings: z.array(
    z.object({
      problem: z.enum([
        'changed-row',
        'missing-row',
        'gap',
        'broken-link',
        'cut-tail',
        'other-chain',
        'unsealed-rows',
      ]),
      severity: z.enum(['error', 'warning']),
      position: z.string().nullable(),
      auditId: z.string().nullable(),
      message: z.string(),
    }),
  ),
  /** All of them; `findings` names a hundred at most. */
  findingsCount: z.int(),
});
export type AuditVerificationAnswer = z.infer<typeof auditVerificationSchema>;

/** A key as it may be shown. */
const keySchema = z.object({
  id: z.string().meta({ example: '3fa1c09e' }),
  state: z.enum(['current', 'retired', 'missing']),
  retiredAt: instant.nullable(),
  /** Fields that it seals. */
  fields: z.int(),
});

export const keyListSchema = z.object({
  context: z.object({ origin: z.enum(['file', 'environment']) }),
  items: z.array(keySchema),
});
export type KeyList = z.infer<typeof keyListSchema>;

/** Rotation takes nothing. */
export const keyRotateRequestSchema = z.strictObject({});

export const keyRotatedSchema = keyListSchema.extend({
  current: z.string(),
  /** False when an interrupted rotation was finished, or the environment gave the key. */
  added: z.boolean(),
  resealed: z.int(),
});
export type KeyRotated = z.infer<typeof keyRotatedSchema>;

export const keyPruneRequestSchema = z.strictObject({
  /** Also keys that were retired less than an hour ago. */
  evenNow: z.boolean().default(false),
});

export const keyPrunedSchema = keyListSchema.extend({ removed: z.array(z.string()) });
export type KeyPruned = z.infer<typeof keyPrunedSchema>;

export const backupRequestSchema = z.strictObject({
  /** Name below the server's folder of backups; by default the time. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, . _ and -, a letter or digit first')
    .meta({ example: '2026-10-31' })
    .optional(),
  /** An absolute path instead; for the owner of the workspace only. */
  folder: z.string().min(1).max(4096).optional(),
  /** Whether fetched originals are put in. */
  raw: z.boolean().default(true),
  /** Whether the key file is put in: whoever has such a backup reads every sealed field. */
  keys: z.boolean().default(false),
});
export type BackupRequest = z.input<typeof backupRequestSchema>;

export const backupAnswerSchema = z.object({
  name: z.string(),
  folder: z.string(),
  createdAt: instant,
  bytes: z.int(),
  files: z.int(),
  records: z.object({ tables: z.int(), rows: z.int() }),
  lake: z.object({ generation: z.int(), snapshots: z.int() }),
  auditHead: z.object({ position: z.string(), hash: z.string() }).nullable(),
  /** Keys that its sealed fields need. */
  sealedWith: z.array(z.string()),
  contains: z.object({ raw: z.boolean(), keys: z.boolean() }),
});
export type BackupAnswer = z.infer<typeof backupAnswerSchema>;
