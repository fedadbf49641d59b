import { errorTable, refusal } from '../../kernel/index.ts';

/** Refusals of sealed fields and their keys. No sentence holds key material or a sealed text. */
export const secretsErrors = errorTable('secrets', {
  badKey: refusal(
    400,
    'usage',
    (p: { origin: string; place: number }) =>
      `${p.origin}: key ${p.place} is not 32 bytes in base64. 'openssl rand -base64 32' makes one.`,
  ),
  noKey: refusal(
    400,
    'usage',
    (p: { origin: string }) =>
      `${p.origin} holds no key. Put one there ('openssl rand -base64 32' makes one), or remove it to have one made.`,
  ),
  openFile: refusal(
    403,
    'access',
    (p: { file: string; mode: string }) =>
      `The key file ${p.file} can be read by others than its owner (mode ${p.mode}). Run 'chmod 600 ${p.file}'.`,
  ),
  keyMissing: refusal(
    409,
    'conflict',
    (p: { file: string; keys: readonly string[] }) =>
      `Fields are sealed with key ${p.keys.join(', ')}, and there is no key: ${p.file} is missing and FINOPS_SECRETS_KEY is empty. Put the key back; a new one would not open them.`,
  ),
  unknownKey: refusal(
    409,
    'conflict',
    (p: { key: string; known: readonly string[] }) =>
      `A field is sealed with key ${p.key}, which is not among the keys at hand (${p.known.join(', ')}). Add it to the key file, or to FINOPS_SECRETS_KEY after the first.`,
  ),
  damaged: refusal(
    500,
    'badData',
    (p: { context: string }) =>
      `The sealed field ${p.context} does not open: it was changed, or moved here from another place. Restore it from a backup.`,
  ),
  environmentKeys: refusal(
    409,
    'conflict',
    (_: Record<never, never>) =>
      "The key comes from FINOPS_SECRETS_KEY, which only you can change. Put a new key before the old one ('openssl rand -base64 32', then a comma), start finops with it, and run this again; afterwards the old one can go.",
  ),
  notResealed: refusal(
    409,
    'badData',
    (p: { fields: number; first: string }) =>
      `${p.fields} sealed field(s) do not open, the first ${p.first}; they stay as they are, and so do the keys. Restore them from a backup, then run this again.`,
  ),
});
