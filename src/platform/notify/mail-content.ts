import { severityWords } from './chat-text.ts';
import type { Message } from './model.ts';

/** Who it is from and for, and when. */
export interface MailHead {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: readonly string[];
  readonly date: Date;
}

/**
 * An e-mail, ready to send: as text and as HTML without pictures, scripts or anything that is fetched, with its attachments.
 * Its Message-ID is made of the message's id, so that a second try is the same e-mail.
 */
export async function mailContent(message: Message, { from, to, date }: MailHead): Promise<Buffer> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const critical = message.severity === 'critical';
  const composer = new MailComposer({
    from,
    to: [...to],
    date,
    subject: message.subject,
    messageId: `<${message.id}@${from.address.split('@')[1]}>`,
    // No answers of machines to a machine (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated', ...(critical ? { Importance: 'high' } : {}) },
    text: mailText(message),
    html: mailHtml(message),
    attachments: (message.attachments ?? []).map(({ name, contentType, content }) => ({
      filename: name,
      contentType,
      content,
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await composer.compile().build();
}

/** The text for those who read no HTML. */
function mailText({ severity, text, facts = [], link }: Message): string {
  const parts = [
    severityWords[severity],
    text.join('\n\n'),
    facts.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    link ? `${link.title}: ${link.url}` : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const colors = { info: '#2f6bd6', warning: '#9a5b00', critical: '#b3261e' } as const;

/** The same in HTML that stands for itself. */
function mailHtml({ severity, subject, text, facts = [], link }: Message): string {
  const rows = facts.map(
    ({ name, value }) =>
      `<tr><td style="padding:4px 16px 4px 0;color:#5c6670">${html(name)}</td><td style="padding:4px 0">${html(value)}</td></tr>`,
  );
  return [
    '<!doctype html><html><head><meta charset="utf-8"></head>',
    '<body style="margin:0;padding:24px;font-family:Inter,Segoe UI,Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;color:#1b1f24">',
    `<p style="margin:0;font-size:12px;font-weight:600;color:${colors[severity]}">${severityWords[severity]}</p>`,
    `<h1 style="margin:4px 0 16px;font-size:20px;font-weight:600">${html(subject)}</h1>`,
    ...text.map((line) => `<p style="margin:0 0 12px">${html(line)}</p>`),
    ...(rows.length > 0
      ? [`<table style="border-collapse:collapse;margin:8px 0 16px">${rows.join('')}</table>`]
      : []),
    ...(link ? [`<p><a href="${html(link.url)}" style="color:#2f6bd6">${html(link.title)}</a></p>`] : []),
    '</body></html>',
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function html(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
