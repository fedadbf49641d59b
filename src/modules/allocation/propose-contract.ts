import { z } from 'zod';
import type { GraphDocumentInput } from './model.ts';

/** The forms of the API over proposals: a first graph from what a month's bill says of itself. */

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM');
const amount = z.string();
/** A fraction 0 … 1 as decimal text, at most twelve decimals; null where there are no charges. */
const share = z.string().nullable();

export const proposalRequestSchema = z.strictObject({
  month,
  /** Sources of bills; all that you may see when absent. */
  sources: z.array(z.string().min(1)).min(1).max(1000).optional(),
  /** The tag that names applications; chosen by name and coverage when absent. */
  tagKey: z.string().min(1).max(256).optional(),
});
export type ProposalRequest = z.infer<typeof proposalRequestSchema>;

/** Charges in one currency, and what part of all charges they are. */
const chargesSchema = z.object({ currency: z.string(), charges: amount, share });

/** What a tag is taken for. */
export const tagUses = ['application', 'environment', 'costCentre', 'cluster'] as const;
export type TagUse = (typeof tagUses)[number];

const tagKeySchema = z.object({
  key: z.string(),
  /** Distinct values that are not empty. */
  values: z.int(),
  /** Charges of rows that have a value. */
  coverage: z.array(chargesSchema),
  use: z.enum(tagUses).nullable(),
});

const ruleShareSchema = z.object({
  rule: z.string(),
  rows: z.int(),
  /** Charges only. */
  coverage: z.array(chargesSchema),
  /** What it takes most of: services and accounts, the largest first. */
  examples: z.array(z.string()),
});

/** Why rows are unattributed: they are of this service and account, and no rule fits. */
const causeSchema = z.object({
  currency: z.string(),
  service: z.string().nullable(),
  account: z.string().nullable(),
  rows: z.int(),
  charges: amount,
  share,
});

const kinds = { onProducts: chargesSchema, onShared: chargesSchema, unattributed: chargesSchema };

export const proposalSchema = z.object({
  month: z.string(),
  sources: z.array(z.string()),
  /** A document as `graph apply` takes it. */
  document: z
    .unknown()
    .meta({ description: 'The proposed graph' }) as unknown as z.ZodType<GraphDocumentInput>,
  statistics: z.object({
    tagKeys: z.array(tagKeySchema),
    rules: z.array(ruleShareSchema),
    /** Per currency: charges that reach products at once, those that shared nodes pass on, and those that nothing takes. */
    coverage: z.array(z.object({ currency: z.string(), charges: amount, ...kinds })),
    unattributed: z.array(causeSchema),
    applications: z.object({
      /** Values of the tag that are an application of the organization, by its id or its label. */
      matched: z.array(z.object({ node: z.string(), application: z.string() })),
      unmatched: z.array(z.string()),
      /** Values beyond the largest, which the rule makes nodes of when a run meets them. */
      leftOut: z.int(),
    }),
  }),
  /** In plain words, what to look at before it is used. */
  notes: z.array(z.string()),
});
export type Proposal = z.infer<typeof proposalSchema>;
