import type { Message } from './model.ts';

/** The JSON that a webhook posts. It is the same at each try. */
export interface WebhookBody {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly severity: Message['severity'];
  readonly subject: string;
  readonly text: readonly string[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly link: string | null;
  /** What came along by e-mail; `bytes` is its size. */
  readonly attachments: readonly {
    readonly name: string;
    readonly contentType: string;
    readonly bytes: number;
  }[];
}

/** The message as a webhook posts it. */
export function webhookBody(message: Message): WebhookBody {
  const { id, severity, subject, text, facts = [], link, attachments = [] } = message;
  return {
    schemaVersion: 1,
    id,
    severity,
    subject,
    text,
    facts: facts.map(({ name, value }) => ({ name, value })),
    link: link?.url ?? null,
    attachments: attachments.map(({ name, contentType, content }) => ({
      name,
      contentType,
      bytes: content.length,
    })),
  };
}
