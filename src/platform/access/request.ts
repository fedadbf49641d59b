import type { Caller } from '../kernel/index.ts';
import type { Principal } from './model.ts';
import type { Permission } from './permissions.ts';

/**
 * What every route says of itself in `config`, and what every handler may rely on. The server refuses to start with a
 * route that says neither.
 */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needed to call the route; `request.caller.scope` is what the caller's grants with it cover. */
    permission?: Permission;
    /** No permission needed: `anyone` may call, or whoever is `signedIn`. */
    open?: 'anyone' | 'signedIn';
  }
  interface FastifyRequest {
    /**
     * Who asks, with the scope of the route's permission. On a route that is `open`, the scope is nothing, except for
     * those whom no role limits.
     */
    caller: Caller;
    /** Who asks, with all grants; null where nobody needs to sign in, and nobody did. */
    principal: Principal | null;
    /** The caller has the rights of the workspace folder's owner: in-process, or by the secret that lies in it. */
    isOwner: boolean;
  }
}

export type { Caller };
