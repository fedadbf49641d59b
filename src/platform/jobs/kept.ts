import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Actor, Scope } from '../kernel/index.ts';

/*
 * What a run keeps of whoever asked for it: it is worked with the rights of that moment, in whatever process.
 */

const ids = z.array(z.string());

export const scopeSchema: z.ZodType<Scope> = z.union([
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('some'), entities: ids, sources: ids, companies: ids, applications: ids }),
]);

export const actorSchema: z.ZodType<Actor> = z.object({
  kind: z.enum(['owner', 'person', 'token', 'system']),
  id: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  requestId: z.string().nullable(),
});

/** What two runs have in common that would do the same for the same rights: 32 hexadecimal digits. */
export function keyOf(kept: unknown): string {
  return createHash('sha256').update(JSON.stringify(kept)).digest('hex').slice(0, 32);
}
