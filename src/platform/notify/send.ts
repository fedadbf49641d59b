import { checkChannel, checkMessage, cleanMessage } from './check.ts';
import type { Channel } from './contract.ts';
import { sendEmail } from './email.ts';
import type { Delivery, Message, SendOptions } from './model.ts';
import { postOnce } from './post.ts';
import { withRetries } from './retry.ts';
import { signedHeaders } from './signature.ts';
import { slackBody } from './slack.ts';
import { teamsBody } from './teams.ts';
import { webhookBody } from './webhook.ts';

/**
 * Sends a message and says what became of it. What fails on the way, and what the other side does, never throws. What could
 * not even be tried is refused: `notify.badChannel`, `notify.badMessage`, `notify.mailNotConfigured`,
 * `notify.badMailSetting`. A signal that comes ends it with its reason.
 */
export async function send(channel: Channel, message: Message, options: SendOptions): Promise<Delivery> {
  checkChannel(channel, options.settings);
  checkMessage(message);
  const clean = cleanMessage(message);
  if (channel.kind === 'email') return sendEmail(channel, clean, options);
  const body = JSON.stringify(bodyOf(channel, clean));
  const headers = () =>
    channel.kind === 'webhook'
      ? signedHeaders({ id: clean.id, secret: channel.secret, body }, options.clock.now())
      : {};
  return withRetries(() => postOnce({ url: new URL(channel.url), body, headers }, options), options);
}

function bodyOf({ kind }: Exclude<Channel, { kind: 'email' }>, message: Message): object {
  if (kind === 'webhook') return webhookBody(message);
  return kind === 'slack' ? slackBody(message) : teamsBody(message);
}
