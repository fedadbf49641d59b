import { errorTable, refusal } from '../../kernel/index.ts';

/** Refusals of the audit log. */
export const chainErrors = errorTable('audit', {
  damagedAnchors: refusal(
    500,
    'badData',
    (p: { file: string }) =>
      `${p.file} is damaged: the heads of the audit log that it remembers cannot be read. Take it from a backup of the workspace; when there is none, remove it, and give the head of the last backup with --anchor.`,
  ),
  unfitAnchor: refusal(
    400,
    'usage',
    (p: { text: string }) =>
      `'${p.text}' is no place in the audit log. Write position:hash, as 'finops audit head' prints it.`,
  ),
  unfitCursor: refusal(
    400,
    'usage',
    (p: { cursor: string }) =>
      `'${p.cursor}' is no cursor of this list. Take it from 'next' of the page before, or leave it out.`,
  ),
  wholeOnly: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'The chain runs through the rows of all entities, and your roles are for some of them. Ask somebody whose role has no limits.',
  ),
});
