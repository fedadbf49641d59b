export { type AuditEntry, audit } from './audit.ts';
export { onConstraint } from './database-error.ts';
export { jsonb } from './jsonb.ts';
export { openRecords, type RecordsOptions } from './open-records.ts';
export type { Records, RecordsFigures, Tx, WriteHook } from './records.ts';
export { type SealedColumn, sealedContext } from './secrets/sealed-columns.ts';
export { openSecrets, type Secrets } from './secrets/secrets.ts';
