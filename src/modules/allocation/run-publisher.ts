import type { Scope } from '../../platform/kernel/index.ts';

/**
 * True when somebody who may compute this much may publish all of it. The scopes are those of the two permissions; undefined:
 * no permission to publish at all.
 */
export function mayPublish(computing: Scope, publishing: Scope | undefined): boolean {
  if (publishing === undefined) return false;
  if (publishing.kind === 'all') return true;
  return (
    computing.kind === 'some' && computing.entities.every((entity) => publishing.entities.includes(entity))
  );
}
