import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** Refusals of the command line itself. */
export const errors = errorTable('cli', {
  usage: refusal(
    400,
    'usage',
    (p: { problem: string }) => `${p.problem} 'finops --help' shows the commands.`,
  ),
  fileTaken: refusal(
    409,
    'conflict',
    (p: { file: string }) => `${p.file} exists already. Give another name, or --overwrite.`,
  ),
  folderMissing: refusal(
    404,
    'notFound',
    (p: { folder: string }) => `There is no folder ${p.folder} to write to. Make it, or name another.`,
  ),
  unknownPerson: refusal(
    404,
    'notFound',
    (p: { person: string }) => `Nobody has the e-mail ${p.person}. 'finops people list' shows who there is.`,
  ),
  serverGone: refusal(
    503,
    'remoteUnavailable',
    (p: { url: string; reason: string }) =>
      `The server at ${p.url} broke off (${p.reason}). Start it again with 'finops serve', or run the command once more without it.`,
  ),
  system: refusal(500, 'failure', (p: { problem: string }) => `The operating system refused: ${p.problem}.`),
  denied: refusal(
    403,
    'access',
    (p: { problem: string }) =>
      `The operating system denied access: ${p.problem}. Check the owner and permissions.`,
  ),
  defect: refusal(
    500,
    'failure',
    (p: { id: string; problem: string }) =>
      `This is a bug of finops (${p.id}): ${p.problem}. Run it again with FINOPS_LOG_LEVEL=debug and report what it ` +
      `prints, with the command and 'finops version'.`,
  ),
});
