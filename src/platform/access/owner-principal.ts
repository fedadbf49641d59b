import type { FastifyRequest } from 'fastify';
import { type Actor, ownerCaller } from '../kernel/index.ts';
import type { Principal } from './model.ts';

/** Where a request comes from, as the audit log names it. */
export interface Origin {
  readonly address: string | null;
  readonly requestId: string | null;
}

/** Where a request comes from. */
export function originOf({ ip, id }: FastifyRequest): Origin {
  return { address: ip, requestId: id };
}

/** The owner of the workspace folder. */
export function ownerPrincipal({ requestId, address }: Origin): Principal {
  return unlimited({ ...ownerCaller(requestId).actor, address });
}

/** Somebody without limits. */
export function unlimited(actor: Actor): Principal {
  return {
    actor,
    grants: 'everything',
    limit: null,
    sources: {},
    personId: null,
    session: null,
    token: null,
  };
}
