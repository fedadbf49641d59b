import { errorTable, refusal } from '../../../platform/kernel/index.ts';
import { printable } from '../../../platform/objects/index.ts';

/** Why an AWS export, or one of its manifests, is refused. */
export const errors = errorTable('awsDiscovery', {
  badManifest: refusal(
    422,
    'badData',
    (p: { uri: string; field: string; reason: string }) =>
      `The manifest ${printable(p.uri)} is refused: ${p.field} ${printable(p.reason)}. Deliver the export again, or name the data files themselves.`,
  ),
  duplicateFile: refusal(
    422,
    'badData',
    (p: { uri: string; field: string; file: string }) =>
      `The manifest ${printable(p.uri)} names the file ${printable(p.file)} twice in ${p.field}; its cost would count double. Deliver the export again.`,
  ),
  otherExport: refusal(
    422,
    'badData',
    (p: { uri: string; field: string; found: string; asked: string }) =>
      `The manifest ${printable(p.uri)} belongs to the export '${printable(p.found)}' (${p.field}), not to '${printable(p.asked)}'. Correct the export's name or move the file.`,
  ),
  missingFile: refusal(
    422,
    'badData',
    (p: { uri: string; file: string }) =>
      `The manifest ${printable(p.uri)} names the file ${printable(p.file)}, which is not there. Copy or deliver the whole export, then run again.`,
  ),
  ambiguousVersion: refusal(
    422,
    'badData',
    (p: { folder: string; versions: number }) =>
      `${printable(p.folder)} holds ${p.versions} versions of the month and no manifest that says which one holds. Import the manifest you mean by its name.`,
  ),
  noExport: refusal(
    404,
    'notFound',
    (p: { base: string; exportName: string; reason: string }) =>
      `There is no AWS export '${printable(p.exportName)}' under ${printable(p.base)} (${printable(p.reason)}). See 'finops aws list-exports' for what is there.`,
  ),
});
