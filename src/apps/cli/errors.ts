import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** Refusals of the command line itself. */
export const errors = errorTable('cli', {
  usage: refusal(
    400,
    'usage',
    (p: { problem: string }) => `${p.problem} 'finops --help' shows the commands.`,
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
