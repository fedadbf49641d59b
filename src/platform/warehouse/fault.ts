/**
 * Named points at which a crash is rehearsed: with FINOPS_FAULT_POINT set to a name, the process kills itself there,
 * as a power cut would. The crash suite walks every name and then proves that nothing was lost.
 */
export const faultPoints = [
  'import.started',
  'import.staged',
  'import.converted',
  'import.reconciled',
  'lake.file-written',
  'lake.file-synced',
  'lake.snapshot-described',
  'lake.before-manifest',
  'lake.manifest-written',
  'lake.manifest-linked',
  'lake.committed',
  'lake.views-written',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** Dies here with SIGKILL when the environment asks for it; does nothing otherwise. */
export function faultPoint(name: FaultPoint): void {
  if (process.env['FINOPS_FAULT_POINT'] === name) process.kill(process.pid, 'SIGKILL');
}
