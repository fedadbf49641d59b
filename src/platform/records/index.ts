export { type AuditEntry, audit } from './audit.ts';
export {
  type Restored,
  type RestoreOptions,
  restoreBackup,
  verifyBackup,
} from './backup/restore.ts';
export { parseAnchor } from './chain/audit-head.ts';
export { type Sealer, sealNow, startSealer } from './chain/seal-audit.ts';
export type {
  AuditHeadAnswer,
  AuditList,
  AuditVerificationAnswer,
  BackupAnswer,
  BackupRequest,
  KeyList,
  KeyPruned,
  KeyRotated,
} from './contract.ts';
export { onConstraint } from './database-error.ts';
export { jsonb } from './jsonb.ts';
export { openRecords, type RecordsOptions } from './open-records.ts';
export { afterCursor, pageOf } from './page.ts';
export type { Records, RecordsFigures, Tx, WriteHook } from './records.ts';
export { type RecordRouteOptions, recordRoutes } from './routes.ts';
export { keyIdsAtHand } from './secrets/key-store.ts';
export { type SealedColumn, sealedContext } from './secrets/sealed-columns.ts';
export { openSecrets, type Secrets } from './secrets/secrets.ts';
export { keysInUse } from './secrets/secrets-sql.ts';
