import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. Objects outside the caller's scope are unknown to it. */
export const errors = errorTable('organization', {
  unknown: refusal(
    404,
    'notFound',
    (p: { kind: string; id: string }) =>
      `There is no ${p.kind} '${p.id}' among those you may see. List them, and mind upper and lower case.`,
  ),
  unknownReference: refusal(
    404,
    'notFound',
    (p: { field: string; kind: string; id: string }) =>
      `${p.field}: there is no ${p.kind} '${p.id}' among those you may see. Create it first, or name another.`,
  ),
  retiredReference: refusal(
    409,
    'conflict',
    (p: { field: string; kind: string; id: string }) =>
      `${p.field}: the ${p.kind} '${p.id}' is retired. Restore it first, or name another.`,
  ),
  elsewhere: refusal(
    409,
    'conflict',
    (p: { field: string; kind: string; id: string; sharing: string; found: string; wanted: string }) =>
      `${p.field}: the ${p.kind} '${p.id}' belongs to the ${p.sharing} '${p.found}', not to '${p.wanted}'. Name one of the same ${p.sharing}.`,
  ),
  taken: refusal(
    409,
    'conflict',
    (p: { kind: string; id: string }) =>
      `The id '${p.id}' is taken by another ${p.kind}, perhaps a retired one. Choose another id, or restore that one.`,
  ),
  fixed: refusal(
    409,
    'conflict',
    (p: { kind: string; id: string; field: string; value: string }) =>
      `The ${p.field} of ${p.kind} '${p.id}' is '${p.value}' for good. Retire it, and create another under a new id.`,
  ),
  required: refusal(
    400,
    'badData',
    (p: { kind: string; id: string; field: string }) =>
      `${p.field}: a new ${p.kind} needs one, and '${p.id}' has none. Give it.`,
  ),
  cycle: refusal(
    409,
    'conflict',
    (p: { id: string; path: readonly string[] }) =>
      `Team '${p.id}' would stand above itself: ${p.path.join(' under ')}. Choose another parent.`,
  ),
  inUse: refusal(
    409,
    'conflict',
    (p: { kind: string; id: string; users: readonly string[]; count: number }) =>
      `The ${p.kind} '${p.id}' is still used by ${p.count}: ${p.users.join(', ')}. Move or retire what uses it first.`,
  ),
  alreadyRetired: refusal(
    409,
    'conflict',
    (p: { kind: string; id: string; retiredAt: string }) =>
      `The ${p.kind} '${p.id}' was retired on ${p.retiredAt}. Restore it if you need it.`,
  ),
  alreadyActive: refusal(
    409,
    'conflict',
    (p: { kind: string; id: string }) =>
      `The ${p.kind} '${p.id}' is not retired; there is nothing to restore.`,
  ),
  monthClosed: refusal(
    409,
    'conflict',
    (p: { id: string; validFrom: string; entity: string; period: string }) =>
      `From ${p.validFrom} on '${p.id}' would be another than it was when ${p.period} of entity '${p.entity}' was closed. Give a validFrom after it, or reopen the month.`,
  ),
  futureLabel: refusal(
    400,
    'usage',
    (p: { id: string; validFrom: string }) =>
      `The label of '${p.id}' cannot change on ${p.validFrom}: that day is to come. Rename it when it is there, or leave validFrom out.`,
  ),
  ifMatchNeeded: refusal(
    428,
    'usage',
    (p: { kind: string; id: string }) =>
      `A change of ${p.kind} '${p.id}' says which version it was made of: send If-Match with the ETag of the read.`,
  ),
  stale: refusal(
    412,
    'conflict',
    (p: { kind: string; id: string; version: number; given: string }) =>
      `The ${p.kind} '${p.id}' has changed meanwhile: it is at "v${p.version}", your change was made of ${p.given}. Read it again and repeat the change.`,
  ),
  wholeScopeNeeded: refusal(
    403,
    'access',
    (p: { kind: string }) =>
      `The ${p.kind} list belongs to the whole installation, and your role covers a part of it. Ask somebody without limits.`,
  ),
  historyElsewhere: refusal(
    403,
    'access',
    (p: { kind: string; id: string }) =>
      `The history of ${p.kind} '${p.id}' names people of other entities; your role does not cover it. Ask somebody whose role does.`,
  ),
  wrongState: refusal(
    409,
    'conflict',
    (p: { entity: string; period: string; state: string; verb: string; needed: string }) =>
      `${p.period} of entity '${p.entity}' is ${p.state}; to ${p.verb} it, it must be ${p.needed}.${p.state === 'LOCKED' ? ' A locked month never opens again: correct it in an open one.' : ''}`,
  ),
  monthToCome: refusal(
    409,
    'conflict',
    (p: { period: string; current: string }) =>
      `${p.period} has not begun: it is ${p.current}. Close it when it is over.`,
  ),
  importRefused: refusal(
    422,
    'badData',
    (p: { errors: readonly { readonly row: number; readonly field: string; readonly message: string }[] }) =>
      `${p.errors.length} ${p.errors.length === 1 ? 'cell does' : 'cells do'} not fit; nothing was changed. ${p.errors
        .slice(0, 3)
        .map(({ row, field, message }) => `Row ${row}, ${field}: ${message}`)
        .join(' ')}${p.errors.length > 3 ? ' A dry run lists them all.' : ''}`,
  ),
});
