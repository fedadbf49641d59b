export { type AuditEntry, audit } from './audit.ts';
export { onConstraint } from './database-error.ts';
export { jsonb } from './jsonb.ts';
export { openRecords, type RecordsOptions } from './open-records.ts';
export type { Records, Tx } from './records.ts';
