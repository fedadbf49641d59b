import { z } from 'zod';

/** One address of one mailbox. No name, no list, no line end: what would become another header is no address. */
export const mailAddressSchema = z
  .email('write one address, such as finops@example.com')
  .max(254)
  .regex(/^[\x21-\x7e]+$/, 'write it in ASCII');

const hookUrlSchema = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/[\x21-\x7e]+$/, 'write an address that begins with https://');

/**
 * Where messages go. The address of a hook of Slack or Teams is a secret, as is that of a webhook's: whoever knows it may
 * post. They are sealed where they are kept, and shown by `channelText` only.
 */
export const channelSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('email'), to: z.array(mailAddressSchema).min(1).max(50) }),
  z.strictObject({
    kind: z.literal('webhook'),
    url: hookUrlSchema,
    /** Signs what is posted, so that the receiver knows who posts. At least 16 characters. */
    secret: z.string().min(16).max(256),
  }),
  z.strictObject({ kind: z.literal('slack'), url: hookUrlSchema }),
  z.strictObject({ kind: z.literal('teams'), url: hookUrlSchema }),
]);

/** A channel, as `channelSchema` says. */
export type Channel = z.infer<typeof channelSchema>;
