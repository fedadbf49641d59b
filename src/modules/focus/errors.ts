import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. */
export const errors = errorTable('focus', {
  fileExists: refusal(
    409,
    'conflict',
    (p: { file: string }) => `${p.file} exists already; give another name or ask to overwrite it.`,
  ),
  unknownFile: refusal(
    404,
    'notFound',
    (p: { name: string }) =>
      `There is no export '${p.name}' in this workspace; GET /api/v1/exports lists them.`,
  ),
  folderMissing: refusal(
    404,
    'notFound',
    (p: { folder: string }) =>
      `There is no folder ${p.folder} to write the export to; make it or name another.`,
  ),
});
