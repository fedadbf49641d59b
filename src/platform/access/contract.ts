import { z } from 'zod';
import { permissions, roleNames } from './permissions.ts';

/** Ids of entities, companies and applications. */
const scopeId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'letters, digits, dot, underscore, colon and hyphen');
const id = z.string().regex(/^[0-9a-z]{17}$/, 'an id as lists give it');
const text = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'without control characters');

/** An e-mail address of a person. */
export const emailSchema = z.email('an e-mail address').max(254);
const password = z.string().min(1).max(1000);

/** A role and what it extends to: everything, or what is named. */
const grantSchema = z.strictObject({
  role: z.enum(roleNames),
  scopeKind: z.enum(['all', 'entities', 'companies', 'applications']).default('all'),
  scopeIds: z.array(scopeId).max(1000).default([]),
});

const grantsSchema = z.array(grantSchema).max(100);

export const personSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    active: z.boolean(),
    version: z.int(),
    createdAt: z.string(),
    /** With neither password nor provider: invited. */
    hasPassword: z.boolean(),
    /** Issuer that they sign in through. */
    provider: z.string().nullable(),
    grants: grantsSchema,
  })
  .meta({ id: 'Person' });

const nextSchema = z.string().optional();
const page = {
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  cursor: z.string().max(1000).optional(),
};
const contextSchema = z.strictObject({});

export const peopleQuerySchema = z.strictObject({ ...page, email: z.string().max(254).optional() });
export const peopleListSchema = z.object({
  context: contextSchema,
  items: z.array(personSchema),
  next: nextSchema,
});
export type PeopleList = z.infer<typeof peopleListSchema>;
export type PersonAnswer = z.infer<typeof personSchema>;

export const personParamsSchema = z.strictObject({ id });
export const newPersonSchema = z.strictObject({
  email: emailSchema,
  name: text,
  grants: grantsSchema.default([]),
});
export const personChangeSchema = z
  .strictObject({ email: emailSchema.optional(), name: text.optional(), active: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'say what shall change');
export const grantsChangeSchema = z.strictObject({ grants: grantsSchema });
export const newPasswordSchema = z.strictObject({
  password,
  /** The one until now, when it is one's own. */
  current: password.optional(),
});

/** A link to be used once; whoever has it needs nothing else. */
export const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });
export type LinkAnswer = z.infer<typeof linkSchema>;

export const signInSchema = z.strictObject({ email: z.string().max(254), password: z.string().max(1000) });
export const firstStartSchema = z.strictObject({
  token: z.string().max(200),
  email: emailSchema,
  name: text,
  password,
});
export const redeemSchema = z.strictObject({ token: z.string().max(200), password });

/** Whoever has just signed in; the session itself is in the cookie. */
export const signedInSchema = z.object({
  person: z.object({ id: z.string(), email: z.string(), name: z.string() }),
  /** To be sent as X-CSRF-Token with every change. */
  csrfToken: z.string(),
});

/** How one may sign in here. */
export const signInMethodsSchema = z.object({
  password: z.literal(true),
  oidc: z.object({ label: z.string(), path: z.string() }).nullable(),
});

export const oidcQuerySchema = z.strictObject({ returnTo: z.string().max(2000).default('/') });
/** What the provider adds to the address is the provider's matter. */
export const oidcCallbackSchema = z.looseObject({ state: z.string().max(200).optional() });

const scopeSchema = z.union([
  z.object({ kind: z.literal('all') }),
  z.object({
    kind: z.literal('some'),
    entities: z.array(z.string()),
    sources: z.array(z.string()),
    companies: z.array(z.string()),
    applications: z.array(z.string()),
  }),
]);

/** Who I am and what I may do, to what. */
export const meSchema = z.object({
  kind: z.enum(['owner', 'person', 'token']),
  name: z.string(),
  personId: z.string().nullable(),
  grants: z.union([z.literal('everything'), grantsSchema]),
  permissions: z.partialRecord(z.enum(Object.keys(permissions) as [keyof typeof permissions]), scopeSchema),
  csrfToken: z.string().nullable(),
  token: z.object({ id: z.string(), expiresAt: z.string() }).nullable(),
});
export type Me = z.infer<typeof meSchema>;

export const tokenSchema = z
  .object({
    id: z.string(),
    /** How the token begins. */
    prefix: z.string(),
    name: z.string(),
    owner: z.object({ id: z.string(), email: z.string() }),
    grant: grantSchema,
    createdAt: z.string(),
    expiresAt: z.string(),
    /** To the minute. */
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'ApiToken' });
export type TokenAnswer = z.infer<typeof tokenSchema>;

export const tokensQuerySchema = z.strictObject({ ...page, person: id.optional() });
export const tokenListSchema = z.object({
  context: contextSchema,
  items: z.array(tokenSchema),
  next: nextSchema,
});
export type TokenList = z.infer<typeof tokenListSchema>;
export const tokenParamsSchema = z.strictObject({ id });
export const newTokenSchema = z.strictObject({
  name: text,
  /** Never more than its owner may do. */
  grant: grantSchema,
  /** At most a year from now; 90 days by default. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** Whose it is; oneself by default. Others' need person.manage. */
  person: id.optional(),
});
export const madeTokenSchema = z.object({
  token: tokenSchema,
  /** The token itself, shown this once. */
  secret: z.string(),
});
export type MadeTokenAnswer = z.infer<typeof madeTokenSchema>;
