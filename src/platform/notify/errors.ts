import { errorTable, refusal } from '../kernel/index.ts';
import { printable } from '../objects/index.ts';

/** Why a message is not even tried. No sentence ever carries an address of a hook, a key or a password. */
export const errors = errorTable('notify', {
  badChannel: refusal(
    422,
    'badData',
    (p: { channel: string; problem: string }) =>
      `The channel ${printable(p.channel)} is refused: ${p.problem}.`,
  ),
  badMessage: refusal(
    422,
    'badData',
    (p: { field: string; problem: string }) => `The message is not sent: its ${p.field} ${p.problem}.`,
  ),
  mailNotConfigured: refusal(
    409,
    'conflict',
    (p: { setting: string }) =>
      `No e-mail can be sent: ${p.setting} is not set. Set smtp.url and smtp.from in finops.toml, as docs/settings.md says.`,
  ),
  badMailSetting: refusal(
    422,
    'usage',
    (p: { setting: string; problem: string }) => `The setting ${p.setting} is refused: ${p.problem}.`,
  ),
});
