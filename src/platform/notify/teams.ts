import { must } from '../kernel/index.ts';
import { attachmentLine, firstOf, fitted, severityWords } from './chat-text.ts';
import type { Message, MessageFact } from './model.ts';

/**
 * A message as the workflows of Teams take it: an adaptive card. Its texts are `TextRun`s and not `TextBlock`s or `FactSet`s:
 * those read Markdown, whose escapes Teams shows on some devices and not on others, and `[pay](https://…)` in a name would
 * become a link. Teams refuses more than 28 KB, so that long texts are cut.
 */
export function teamsBody(message: Message): Readonly<Record<string, unknown>> {
  const bodies = scales.map((scale) => () => bodyAt(message, scale));
  const make =
    bodies.find((body) => Buffer.byteLength(JSON.stringify(body())) <= mostBytes) ??
    must(bodies.at(-1), 'body');
  return make();
}

/** How much of the texts there may be, until it is short enough. */
const scales = [1, 0.5, 0.25, 0.1] as const;

const mostBytes = 24_000;

function bodyAt(message: Message, scale: number): Readonly<Record<string, unknown>> {
  const { severity, subject, text, facts = [], link } = message;
  const attached = attachmentLine(message);
  const cut = (part: string, most: number) => fitted(part, Math.ceil(most * scale));
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      richText(severityWords[severity], { color: severityColors[severity], weight: 'Bolder', size: 'Small' }),
      richText(fitted(subject, 200), { weight: 'Bolder', size: 'Large' }),
      ...linesOf(text).map((line) => richText(cut(line, 1000))),
      ...firstOf(facts, 25, (count) => ({ name: '…', value: `and ${count} more` })).map(({ name, value }) =>
        factRow({ name: cut(name, 100), value: cut(value, 250) }),
      ),
      ...(attached ? [richText(cut(attached, 500), { isSubtle: true, size: 'Small' })] : []),
    ],
    actions: link ? [{ type: 'Action.OpenUrl', title: cut(link.title, 100), url: link.url }] : [],
  };
  return {
    type: 'message',
    // What notifications show.
    summary: fitted(subject, 200),
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
    ],
  };
}

const severityColors = { info: 'Accent', warning: 'Warning', critical: 'Attention' } as const;

function linesOf(text: readonly string[]): readonly string[] {
  return firstOf(
    text.filter((line) => line.trim() !== ''),
    15,
    (count) => `… and ${count} more lines`,
  );
}

interface RunStyle {
  readonly weight?: 'Bolder';
  readonly size?: 'Small' | 'Large';
  readonly color?: (typeof severityColors)[keyof typeof severityColors];
  readonly isSubtle?: boolean;
}

function richText(text: string, style: RunStyle = {}) {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

function factRow({ name, value }: MessageFact) {
  return {
    type: 'ColumnSet',
    spacing: 'Small',
    columns: [
      { type: 'Column', width: 1, items: [richText(name, { isSubtle: true })] },
      { type: 'Column', width: 2, items: [richText(value)] },
    ],
  };
}
