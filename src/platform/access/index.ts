export {
  type Permission,
  permissions,
  type RoleName,
  roleNames,
  roles,
  type ScopeKind,
} from './permissions.ts';
export type { Caller } from './request.ts';
