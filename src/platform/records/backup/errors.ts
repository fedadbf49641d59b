import { errorTable, refusal } from '../../kernel/index.ts';

/** Refusals of backups and of restoring them. */
export const backupErrors = errorTable('backup', {
  taken: refusal(
    409,
    'conflict',
    (p: { folder: string }) =>
      `${p.folder} exists already. Give the backup another name; none is ever overwritten.`,
  ),
  ownerOnly: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'Only the owner of the workspace names a folder of the machine. Give a name; the backup goes to backups.folder of the server.',
  ),
  changedMeanwhile: refusal(
    409,
    'conflict',
    (p: { file: string }) =>
      `${p.file} left the workspace while it was copied (gc runs). Nothing was kept; run the backup again.`,
  ),
  damagedSource: refusal(
    500,
    'badData',
    (p: { file: string }) =>
      `${p.file} is not what it was when it was written: its checksum differs. Nothing was kept; 'finops snapshots verify' names all such files, and an earlier backup has them whole.`,
  ),
  noKeyFile: refusal(
    409,
    'conflict',
    (p: { file: string }) =>
      `There is no key file ${p.file} to put into the backup: the key comes from FINOPS_SECRETS_KEY, or none was needed yet. Leave out --with-key.`,
  ),
  notABackup: refusal(
    404,
    'notFound',
    (p: { folder: string; reason: string }) =>
      `${p.folder} is no whole backup (${p.reason}). Name a folder that 'finops backup' has made.`,
  ),
  damaged: refusal(
    422,
    'badData',
    (p: { folder: string; file: string; reason: string }) =>
      `The backup ${p.folder} is damaged: ${p.file} ${p.reason}. Nothing was restored; take another backup.`,
  ),
  newerBackup: refusal(
    409,
    'conflict',
    (p: { folder: string; product: string; found: number; known: number }) =>
      `The backup ${p.folder} was made by a newer finops (${p.product}, migration ${p.found}; this one knows ${p.known}). Install that version to restore it.`,
  ),
  otherSchema: refusal(
    409,
    'conflict',
    (p: { folder: string; product: string; difference: string }) =>
      `The backup ${p.folder} does not fit the schema of this finops (${p.difference}). Restore it with finops ${p.product}, which made it.`,
  ),
  notEmpty: refusal(
    409,
    'conflict',
    (p: { place: string }) =>
      `${p.place} is not empty. A restore never overwrites: name a new folder with --data, and an empty database.`,
  ),
  differs: refusal(
    422,
    'booksDoNotBalance',
    (p: { what: string; backup: string; restored: string }) =>
      `What was restored is not what was backed up: ${p.what} is ${p.restored}, and was ${p.backup}. Nothing was kept.`,
  ),
});
