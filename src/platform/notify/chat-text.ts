import type { Message } from './model.ts';

/** What people read for a severity. */
export const severityWords: Readonly<Record<Message['severity'], string>> = {
  info: 'Information',
  warning: 'Warning',
  critical: 'Critical',
};

/**
 * A text in the markup of a chat, no longer than allowed there: cut before it is escaped, so that no escape is cut in two,
 * with `…` in the place of what is missing.
 */
export function fitted(
  text: string,
  most: number,
  markup: (text: string) => string = (same) => same,
): string {
  const whole = markup(text);
  if (whole.length <= most) return whole;
  const letters = [...text];
  let length = Math.min(letters.length, most - 1);
  let written = markup(letters.slice(0, length).join(''));
  while (written.length > most - 1) {
    length -= Math.max(1, Math.ceil((written.length - most) / 6));
    written = markup(letters.slice(0, length).join(''));
  }
  return `${written}…`;
}

/** The first items; when there are more, the last one says how many are missing. */
export function firstOf<T>(items: readonly T[], most: number, rest: (count: number) => T): readonly T[] {
  if (items.length <= most) return items;
  return [...items.slice(0, most - 1), rest(items.length - most + 1)];
}

/** `Sent by e-mail only: a.pdf, b.csv`; undefined without attachments. */
export function attachmentLine({ attachments = [] }: Message): string | undefined {
  if (attachments.length === 0) return undefined;
  return `Sent by e-mail only: ${attachments.map(({ name }) => name).join(', ')}`;
}
