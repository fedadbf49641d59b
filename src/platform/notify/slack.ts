import { attachmentLine, firstOf, fitted, severityWords } from './chat-text.ts';
import type { Message, MessageFact } from './model.ts';

/**
 * A message as Slack's hooks take it: `text` for notifications, blocks for the channel. Slack refuses a message with one
 * text too long or one block too many, so that texts are cut to its limits.
 */
export function slackBody(message: Message): Readonly<Record<string, unknown>> {
  const { severity, subject, text, facts = [], link } = message;
  const attached = attachmentLine(message);
  return {
    text: fitted(`${severityWords[severity]}: ${subject}`, 3000, escaped),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: fitted(subject, 150), emoji: false } },
      { type: 'context', elements: [marked(severityWords[severity])] },
      ...linesOf(text).map((line) => ({ type: 'section', text: marked(line) })),
      ...sectionsOf(facts),
      ...(link ? [{ type: 'section', text: linked(link) }] : []),
      ...(attached ? [{ type: 'context', elements: [marked(attached)] }] : []),
    ],
  };
}

/** Slack takes 50 blocks. */
const mostLines = 20;
const mostFacts = 100;
const factsInSection = 10;

function linesOf(text: readonly string[]): readonly string[] {
  return firstOf(
    text.filter((line) => line.trim() !== ''),
    mostLines,
    (count) => `… and ${count} more lines`,
  );
}

function sectionsOf(facts: readonly MessageFact[]): readonly object[] {
  const shown = firstOf(facts, mostFacts, (count) => ({ name: '…', value: `and ${count} more` }));
  return Array.from({ length: Math.ceil(shown.length / factsInSection) }, (_, index) => ({
    type: 'section',
    fields: shown.slice(index * factsInSection, (index + 1) * factsInSection).map(({ name, value }) => ({
      ...marked(''),
      text: `*${fitted(name, 500, escaped)}*\n${fitted(value, 1400, escaped)}`,
    })),
  }));
}

/** `verbatim`: names of channels and addresses in the text are not made links. */
function marked(text: string) {
  return { type: 'mrkdwn', text: fitted(text, 3000, escaped), verbatim: true };
}

function linked({ title, url }: { readonly title: string; readonly url: string }) {
  // In a link, `|` ends the address.
  const address = escaped(url).replaceAll('|', '%7C');
  return {
    type: 'mrkdwn',
    text: `<${address}|${fitted(title, 500, escaped).replaceAll('|', '/')}>`,
    verbatim: true,
  };
}

/** The three signs that Slack reads: with them `<!channel>` would wake everybody. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
