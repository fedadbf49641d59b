import { errorTable, refusal } from '../../platform/kernel/index.ts';

export const demoErrors = errorTable('demo', {
  folderNotEmpty: refusal(
    409,
    'conflict',
    (p: { folder: string }) =>
      `The folder ${p.folder} is not empty: name a new folder, or delete this one if the demo wrote it.`,
  ),
  importRefused: refusal(
    500,
    'booksDoNotBalance',
    (p: { source: string; message: string }) => `The demo's bills of ${p.source} were refused: ${p.message}`,
  ),
  badSeed: refusal(
    400,
    'usage',
    (p: { seed: number }) => `The seed ${p.seed} is not a whole number from 0 to 2147483647.`,
  ),
});
