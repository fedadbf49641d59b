import { isIP } from 'node:net';
import { addressProblem, bareHost } from './address.ts';
import { type Channel, channelSchema } from './contract.ts';
import { errors } from './errors.ts';
import { mailServer, senderOf } from './mail-server.ts';
import type { Message, NotifySettings } from './model.ts';

/** A channel as it may be shown: without what lets anybody post. `Slack at hooks.slack.com`, `e-mail to a@example.com`. */
export function channelText(channel: Channel): string {
  if (channel.kind === 'email') {
    const [first, ...others] = channel.to;
    return `e-mail to ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`;
  }
  const names = { webhook: 'webhook', slack: 'Slack', teams: 'Teams' } as const;
  return `${names[channel.kind]} at ${hostOf(channel.url)}`;
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return 'an unreadable address';
  }
}

/**
 * Refuses a channel that could never be used, when it is saved as when it is used: what is no channel, http to others, an
 * address that may not be called, e-mail where no server is set. A name is looked up only when something is sent. Refusals:
 * `notify.badChannel`, `notify.mailNotConfigured`, `notify.badMailSetting`.
 */
export function checkChannel(channel: Channel, settings: NotifySettings): void {
  const parsed = channelSchema.safeParse(channel);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(channel, `${issue?.path.join('.') || 'kind'}: ${issue?.message ?? 'is not fit'}`);
  }
  if (channel.kind === 'email') {
    mailServer(settings);
    senderOf(settings);
  } else checkUrl(channel, settings);
}

function checkUrl(channel: Exclude<Channel, { kind: 'email' }>, { allowPrivateHosts }: NotifySettings): void {
  const url = URL.canParse(channel.url) ? new URL(channel.url) : undefined;
  if (!url) throw refused(channel, 'its address is no URL');
  if (url.username || url.password) throw refused(channel, 'its address carries a user name or a password');
  if (url.protocol === 'http:' && !allowPrivateHosts) throw refused(channel, 'only https is spoken');
  const host = bareHost(url);
  const problem = isIP(host) === 0 ? undefined : addressProblem(url, [host], allowPrivateHosts);
  if (problem !== undefined) throw refused(channel, problem);
}

function refused(channel: Channel, problem: string): Error {
  return errors.badChannel({ channel: channelText(channel), problem });
}

const mostAttachments = 10;
const mostAttachedBytes = 10_000_000;

/** Refuses what would become another header or a script, and what no channel takes: `notify.badMessage`. */
export function checkMessage({ id, subject, text, facts = [], link, attachments = [] }: Message): void {
  const refuse = (field: string, problem: string) => errors.badMessage({ field, problem });
  if (!/^[\w.-]{1,100}$/.test(id))
    throw refuse('id', 'has other signs than letters, digits, ".", "_" and "-", or more than 100');
  if (subject.trim() === '' || subject.length > 200)
    throw refuse('subject', 'is empty or longer than 200 characters');
  if (lineEnd.test(subject)) throw refuse('subject', 'holds a line end or another control character');
  if (text.length > 200 || text.some((line) => line.length > 10_000))
    throw refuse('text', 'is longer than 200 lines of 10000 characters');
  if (facts.length > 200 || facts.some(({ name, value }) => name.length + value.length > 10_000))
    throw refuse('facts', 'are more than 200, or longer than 10000 characters');
  if (link && !isWebLink(link.url))
    throw refuse('link', 'is not an http or https address without a user name');
  if (attachments.length > mostAttachments) throw refuse('attachments', `are more than ${mostAttachments}`);
  const bytes = attachments.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > mostAttachedBytes) throw refuse('attachments', `have more than ${mostAttachedBytes} bytes`);
  for (const { name, contentType } of attachments) {
    if (hidden.test(name) || /[/\\]/.test(name) || name === '' || name.length > 150)
      throw refuse('attachments', 'have a name that is no file name');
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(contentType)) throw refuse('attachments', 'have a type that is none');
  }
}

/** What could begin another header. */
const lineEnd = /[\p{Cc}\u2028\u2029]/u;

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function isWebLink(text: string): boolean {
  if (!URL.canParse(text) || text.length > 2000 || hidden.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** The message with lines that are lines: no control characters, and none that turn the direction of a text. */
export function cleanMessage(message: Message): Message {
  return {
    ...message,
    subject: cleanText(message.subject),
    text: message.text.flatMap((line) => line.split(/\r\n?|[\n\u2028\u2029]/)).map(cleanText),
    ...(message.facts
      ? {
          facts: message.facts.map(({ name, value }) => ({ name: cleanText(name), value: cleanText(value) })),
        }
      : {}),
    ...(message.link ? { link: { ...message.link, title: cleanText(message.link.title) } } : {}),
  };
}

function cleanText(text: string): string {
  return text.replace(/[\t\r\n\u2028\u2029]/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
}
