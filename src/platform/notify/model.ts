import type { Clock } from '../kernel/index.ts';
import type { ResolveName } from './address.ts';

/** What is to be told, without markup: every channel writes it as it can. */
export interface Message {
  /**
   * Names the message, whatever it takes to deliver it: a second try, of today or of tomorrow, has the same, so that a
   * receiver can drop what it has. Letters, digits, `.`, `_` and `-`, 100 at most.
   */
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** One line, 200 characters at most. */
  readonly subject: string;
  /** One paragraph each. */
  readonly text: readonly string[];
  /** `Budget`, `EUR 12 000.00`. */
  readonly facts?: readonly MessageFact[] | undefined;
  /** Where to see more. */
  readonly link?: { readonly title: string; readonly url: string } | undefined;
  /** By e-mail only; other channels name them. */
  readonly attachments?: readonly Attachment[] | undefined;
}

/** A name and its value. */
export interface MessageFact {
  readonly name: string;
  readonly value: string;
}

/** A file that goes along: `statement-2026-10.pdf`, `application/pdf`. */
export interface Attachment {
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** What became of a message. Nothing in it is secret. */
export interface Delivery {
  readonly ok: boolean;
  /** How often it was tried. */
  readonly attempts: number;
  /** The last answer: of HTTP (`204`), or of the mail server (`250`). Undefined when there was none. */
  readonly status?: number | undefined;
  /** One sentence for people, when it is not ok. */
  readonly error?: string | undefined;
  /** The receiver asked to be left alone for so long, which is longer than a sender waits. */
  readonly retryAfterSeconds?: number | undefined;
}

/** What the operator allows; from `notifySettings`. */
export interface NotifySettings {
  /** `smtp://user:password@host:587`, `smtps://host`. Secret. */
  readonly smtpUrl?: string | undefined;
  /** `finops@example.com`, `FinOps <finops@example.com>`. */
  readonly from?: string | undefined;
  /** Hooks may lead to this machine and private networks, by http too; never to metadata services. */
  readonly allowPrivateHosts: boolean;
}

/** How patient a sender is. Times in milliseconds. */
export interface SendLimits {
  /** Tries, the first included. */
  readonly attempts: number;
  /** For one try, from looking up the name to the end of the answer. */
  readonly timeoutMs: number;
  /** The pause before the second try; each further one is twice as long. */
  readonly firstPauseMs: number;
  /** The longest pause that a receiver is granted. */
  readonly longestPauseMs: number;
}

export const sendLimits: SendLimits = {
  attempts: 4,
  timeoutMs: 10_000,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
};

/** With what a message is sent. */
export interface SendOptions {
  readonly settings: NotifySettings;
  readonly clock: Clock;
  /** Stops waiting and trying: `send` ends with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly limits?: SendLimits | undefined;
  /** Waits; ends with the reason of the signal when that comes first. */
  readonly sleep?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** Looks up names; that of the machine unless given. */
  readonly resolve?: ResolveName | undefined;
}
