import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted } from './chat-text.ts';
import type { Message } from './model.ts';
import { slackBody } from './slack.ts';
import { teamsBody } from './teams.ts';
import { message } from './testing/options.ts';

interface Block {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly { readonly text: string }[];
  readonly fields?: readonly { readonly type: string; readonly text: string }[];
}

const attachments = [{ name: 'statement.pdf', contentType: 'application/pdf', content: Buffer.from('x') }];

const long: Message = {
  ...message,
  subject: `${'&<'.repeat(95)}end`,
  text: Array.from({ length: 60 }, (_, index) => `${index} ${'€&'.repeat(4000)}`),
  facts: Array.from({ length: 200 }, (_, index) => ({
    name: `${index} ${'<'.repeat(900)}`,
    value: '😀'.repeat(3000),
  })),
  attachments,
};

describe('a message for Slack', () => {
  const body = slackBody({ ...message, attachments });
  const blocks = body['blocks'] as readonly Block[];

  it('has the shape of Block Kit, with a text for notifications', () => {
    expect(body['text']).toBe('Warning: Budget Retail &amp; Co: 80 % of October is spent — 9 600 €');
    expect(blocks.map(({ type }) => type)).toEqual([
      'header',
      'context',
      'section',
      'section',
      'section',
      'section',
      'context',
    ]);
    expect(blocks[0]?.text).toEqual({ type: 'plain_text', text: message.subject, emoji: false });
    expect(blocks[4]?.fields).toEqual([
      { type: 'mrkdwn', text: '*Budget*\n€ 12 000.00', verbatim: true },
      { type: 'mrkdwn', text: '*Spent*\n€ 9 600.00 &amp; rising', verbatim: true },
    ]);
    expect(blocks[6]?.elements?.[0]?.text).toBe('Sent by e-mail only: statement.pdf');
  });

  it('wakes nobody and links nowhere but where the message does', () => {
    expect(blocks[2]?.text?.text).toBe('The team &lt;b&gt;Storefront&lt;/b&gt; has spent 80 %.');
    expect(blocks[3]?.text?.text).toContain('&lt;!channel&gt;');
    expect(blocks[5]?.text?.text).toBe(
      '<https://finops.example.com/budgets/retail?month=2026-10&amp;view=a|Open the budget>',
    );
    expect(JSON.stringify(blocks).match(/<[^>]*>/g)).toHaveLength(1);
    const tricky = slackBody({ ...message, link: { title: 'a|b> <!here>', url: 'https://x.example/a|b' } });
    expect(JSON.stringify(tricky)).toContain('<https://x.example/a%7Cb|a/b&gt; &lt;!here&gt;>');
  });

  it('keeps within what Slack takes', () => {
    const parts = slackBody(long)['blocks'] as readonly Block[];
    expect(parts.length).toBeLessThanOrEqual(50);
    for (const { type, text, fields = [] } of parts) {
      expect(text?.text.length ?? 0).toBeLessThanOrEqual(type === 'header' ? 150 : 3000);
      expect(fields.length).toBeLessThanOrEqual(10);
      for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2000);
    }
    expect(JSON.stringify(parts)).toContain('… and 41 more lines');
    expect(JSON.stringify(parts)).toContain('and 101 more');
  });
});

describe('a message for Teams', () => {
  interface Element {
    readonly type: string;
    readonly inlines?: readonly { readonly type: string; readonly text: string; readonly color?: string }[];
    readonly columns?: readonly { readonly items: readonly Element[] }[];
  }
  const cardOf = (from: Message) => {
    const { type, attachments: cards } = teamsBody(from) as {
      type: string;
      attachments: { contentType: string; content: { type: string; body: Element[]; actions: unknown[] } }[];
    };
    expect(type).toBe('message');
    expect(cards[0]?.contentType).toBe('application/vnd.microsoft.card.adaptive');
    return cards[0]?.content;
  };

  it('is an adaptive card whose texts read no Markdown', () => {
    const card = cardOf({ ...message, attachments });
    expect(card?.type).toBe('AdaptiveCard');
    expect(card?.body.map(({ type }) => type)).toEqual([
      ...[
        'RichTextBlock',
        'RichTextBlock',
        'RichTextBlock',
        'RichTextBlock',
        'ColumnSet',
        'ColumnSet',
        'RichTextBlock',
      ],
    ]);
    expect(card?.body[0]?.inlines).toEqual([
      { type: 'TextRun', text: 'Warning', color: 'Warning', weight: 'Bolder', size: 'Small' },
    ]);
    expect(card?.body[1]?.inlines?.[0]?.text).toBe(message.subject);
    expect(card?.body[3]?.inlines?.[0]?.text).toBe(message.text[1]);
    expect(card?.body[5]?.columns?.map(({ items }) => items[0]?.inlines?.[0]?.text)).toEqual([
      'Spent',
      '€ 9 600.00 & rising',
    ]);
    expect(card?.actions).toEqual([
      { type: 'Action.OpenUrl', title: 'Open the budget', url: message.link?.url },
    ]);
    expect(JSON.stringify(card)).not.toMatch(/TextBlock"(?<!RichTextBlock")|FactSet/);
  });

  it('keeps below 28 KB', () => {
    expect(Buffer.byteLength(JSON.stringify(teamsBody(long)))).toBeLessThan(28_000);
    expect(JSON.stringify(cardOf(long))).toContain('and 176 more');
  });
});

it('cuts no escape in two, and says that something is missing', () => {
  const markup = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('&', '<', 'a', '😀'), maxLength: 80 }),
      fc.integer({ min: 8, max: 60 }),
      (text, most) => {
        const written = fitted(text, most, markup);
        expect(written.length).toBeLessThanOrEqual(most);
        if (markup(text).length <= most) {
          expect(written).toBe(markup(text));
          return;
        }
        expect(written).toMatch(/^(?:&amp;|&lt;|a|😀)*…$/u);
      },
    ),
  );
});
