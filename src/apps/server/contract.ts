import { z } from 'zod';

/** The forms of the server itself; those of its routes are in the contracts of the modules. */

/** An error as RFC 9457 has it, with our stable code, its facts and the exit code that the command line gives it. */
export const problemSchema = z
  .object({
    /** `urn:centrail:problem:lake.busy`; `about:blank` is never used. */
    type: z.string(),
    title: z.string(),
    status: z.int(),
    /** One sentence: what was wrong, where, and what to do. */
    detail: z.string(),
    code: z.string(),
    params: z.record(z.string(), z.unknown()),
    /** `urn:centrail:request:ID`; the log has the same id. */
    instance: z.string(),
    exitCode: z.int(),
  })
  .meta({
    id: 'Problem',
    example: {
      type: 'urn:centrail:problem:lake.unknownMonth',
      title: 'Not Found',
      status: 404,
      detail: "There is no month 2026-10 of source 'aws-main'. 'finops sources' lists what there is.",
      code: 'lake.unknownMonth',
      params: { source: 'aws-main', period: '2026-10' },
      instance: 'urn:centrail:request:01k9z3w2m7h4q8xta',
      exitCode: 3,
    },
  });
export type Problem = z.infer<typeof problemSchema>;

/** `GET /healthz`: the process lives. `instance` tells a running server from one that left its file behind. */
export const healthSchema = z.object({ status: z.literal('ok'), instance: z.string() });

/** `GET /readyz`: whether the lake can be read and the engine answers. */
export const readinessSchema = z.object({
  status: z.enum(['ready', 'not ready']),
  checks: z.object({ lake: z.boolean(), engine: z.boolean() }),
});
