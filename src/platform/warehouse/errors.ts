import { errorTable, refusal } from '../kernel/index.ts';

export const lakeErrors = errorTable('lake', {
  busy: refusal(
    409,
    'conflict',
    (p: { holder: string; waitedSeconds: number }) =>
      `Another process is writing to this workspace (${p.holder}); waited ${p.waitedSeconds} s. Try again when it is done.`,
  ),
  conflict: refusal(
    409,
    'conflict',
    (p: { generation: number }) =>
      `Manifest generation ${p.generation} was written by another process at the same moment. Run the command again.`,
  ),
  damagedManifest: refusal(
    500,
    'badData',
    (p: { file: string; reason: string }) =>
      `The manifest ${p.file} is damaged (${p.reason}). Restore it from a backup; nothing was changed.`,
  ),
  unknownMonth: refusal(
    404,
    'notFound',
    (p: { source: string; period: string }) =>
      `There is no month ${p.period} of source '${p.source}'. 'finops sources' lists what there is.`,
  ),
  unknownSnapshot: refusal(
    404,
    'notFound',
    (p: { source: string; period: string; snapshot: string }) =>
      `Month ${p.period} of source '${p.source}' has no snapshot '${p.snapshot}'. 'finops snapshots list' shows its history.`,
  ),
  nothingEarlier: refusal(
    404,
    'notFound',
    (p: { source: string; period: string }) =>
      `Month ${p.period} of source '${p.source}' has been delivered once: there is nothing earlier to compare with or to go back to.`,
  ),
  pinned: refusal(
    409,
    'conflict',
    (p: { source: string; period: string; reason: string }) =>
      `Month ${p.period} of source '${p.source}' is pinned (${p.reason}); going back on it is a restatement. Unpin it first, or import the restated bill.`,
  ),
  unfitName: refusal(
    422,
    'usage',
    (p: { name: string }) =>
      `'${p.name}' does not fit as a source name: use letters, digits, '.', '_' and '-', 1 to 100 characters, a letter or digit first.`,
  ),
  applicationScope: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'Your roles are for applications, and raw cost rows are seen by entity. What applications cost is in allocation and showback; for the rows of a bill ask for a role on the entity that it belongs to.',
  ),
  noSources: refusal(
    403,
    'access',
    (_: Record<never, never>) =>
      'No source of bills is within your roles, so that there are no cost rows for you to see. Ask for a role on an entity that has sources, or have a source assigned to your entity.',
  ),
  partOfLake: refusal(
    403,
    'access',
    (p: { work: string }) =>
      `${p.work} works on the lake as a whole, and your roles are for a part of it. Ask somebody whose role has no limits.`,
  ),
  diskFull: refusal(
    507,
    'failure',
    (p: { folder: string }) =>
      `The disk is full: ${p.folder} could not be written. Nothing was changed; free some space and run the command again.`,
  ),
});
