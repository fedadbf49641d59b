import { everything, type Scope } from './scope.ts';

/** Who does something, as the audit log names it. */
export interface Actor {
  /** `owner`: whoever holds the workspace folder. `system`: the program itself (scheduled runs, the sealer). */
  readonly kind: 'owner' | 'person' | 'token' | 'system';
  /** Id of the person or token; `local-owner` or `system` otherwise. */
  readonly id: string;
  /** For people to read: an e-mail address, a token's name. */
  readonly name: string;
  /** Where the request came from; null in-process. */
  readonly address: string | null;
  /** Id of the request; null outside one. */
  readonly requestId: string | null;
}

/** Who asks, and what of the answer they may see: every read and write of the records demands one. */
export interface Caller {
  readonly actor: Actor;
  readonly scope: Scope;
}

/** The program itself, acting for nobody: it sees everything. */
export const systemCaller: Caller = {
  actor: { kind: 'system', id: 'system', name: 'system', address: null, requestId: null },
  scope: everything,
};

/** The caller of an in-process command: the rights of the workspace folder. */
export function ownerCaller(requestId: string | null): Caller {
  return {
    actor: { kind: 'owner', id: 'local-owner', name: 'local owner', address: null, requestId },
    scope: everything,
  };
}
