import { errorTable, refusal } from '../kernel/index.ts';

/** Refusals of the configuration: each names the file and line, the variable or the flag. Secrets are never quoted. */
export const errors = errorTable('config', {
  unknownKey: refusal(400, 'usage', (p: { origin: string; key: string; nearest?: string | undefined }) =>
    p.nearest === undefined
      ? `${p.origin}: '${p.key}' is not a setting; 'finops config list' shows them all.`
      : `${p.origin}: '${p.key}' is not a setting; did you mean '${p.nearest}'?`,
  ),
  invalid: refusal(
    400,
    'usage',
    (p: { origin: string; key: string; expected: string; found?: string | undefined }) =>
      `${p.origin}: ${p.key} must be ${p.expected}${p.found === undefined ? '' : `, not ${p.found}`}.`,
  ),
  syntax: refusal(
    400,
    'usage',
    (p: { file: string; line: number; column: number; problem: string }) =>
      `${p.file}:${p.line}:${p.column}: this is not TOML: ${p.problem}. Mend the file and run again.`,
  ),
  fileMissing: refusal(
    400,
    'usage',
    (p: { origin: string; file: string }) => `${p.origin}: there is no configuration file '${p.file}'.`,
  ),
  fileUnreadable: refusal(
    400,
    'usage',
    (p: { file: string; reason: string }) =>
      `The configuration file '${p.file}' cannot be read (${p.reason}): check its permissions.`,
  ),
});
