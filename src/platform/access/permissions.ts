/**
 * What a route may demand. A permission says what may be done; the scope of the role that gives it says to what.
 */
export const permissions = {
  'cost.read': 'ask for costs, months, reports and explanations of rows',
  'bill.import': 'import bills',
  'snapshot.change': 'roll back, pin and unpin months, collect garbage, verify the lake',
  'allocation.read': 'see graphs, allocation runs and their results',
  'allocation.write': 'edit drafts of graphs, import usage, compute runs',
  'allocation.publish': 'publish versions of graphs and allocation runs',
  'showback.read': 'see consumption, price views and costs of applications',
  'showback.write': 'import consumption, declare its origins, edit drafts of price views, rates and budgets',
  'showback.publish': 'publish versions of price views, say which view holds in which month',
  'run.read': 'see runs, their steps and logs',
  'run.change': 'retry and cancel runs, schedule them',
  'organization.read': 'see entities, products, applications, teams and cost centres',
  'organization.write': 'change them',
  'period.close': 'close and lock months of an entity',
  'period.reopen': 'reopen closed months, with a reason',
  'person.manage': 'see and change people, their roles and tokens',
  'audit.read': 'read and verify the audit log',
  'system.manage': 'keys, backups, settings of the installation',
} as const;

export type Permission = keyof typeof permissions;

const reading = [
  'cost.read',
  'allocation.read',
  'showback.read',
  'run.read',
  'organization.read',
] as const satisfies readonly Permission[];

/** Which scope a role is granted with: everything, or named entities, companies or applications. */
export type ScopeKind = 'all' | 'entities' | 'companies' | 'applications';

interface Role {
  readonly description: string;
  readonly permissions: readonly Permission[];
  /** Kinds of scope that the role may be granted with. */
  readonly scopes: readonly ScopeKind[];
}

/** The roles of design.md section 6. */
export const roles = {
  super_admin: {
    description: 'Everything, people and keys included',
    permissions: Object.keys(permissions) as Permission[],
    scopes: ['all'],
  },
  'finance.admin': {
    description: 'Runs the flow of money: imports, months, organization',
    permissions: [
      ...reading,
      'bill.import',
      'snapshot.change',
      'allocation.write',
      'allocation.publish',
      'showback.write',
      'showback.publish',
      'run.change',
      'organization.write',
      'period.close',
      'period.reopen',
      'audit.read',
    ],
    scopes: ['all', 'entities'],
  },
  'billing.admin': {
    description: 'Prices, subscriptions, invoices of the issuing entities',
    permissions: ['organization.read', 'run.read', 'cost.read', 'allocation.read', 'showback.read'],
    scopes: ['all', 'entities'],
  },
  'billing.payer': {
    description: 'Pays the invoices of a company',
    permissions: [],
    scopes: ['companies'],
  },
  tech: {
    description: 'Field work: time, expenses, quotes',
    permissions: ['organization.read'],
    scopes: ['all', 'companies'],
  },
  accountant: {
    description: 'Reads the books; changes nothing',
    permissions: [...reading, 'audit.read'],
    scopes: ['all', 'entities'],
  },
  'group.controller': {
    description: 'Consolidates the group, closes months',
    permissions: [
      ...reading,
      'allocation.publish',
      'showback.publish',
      'period.close',
      'period.reopen',
      'audit.read',
    ],
    scopes: ['all', 'entities'],
  },
  'entity.viewer': {
    description: 'Sees the costs of entities',
    permissions: reading,
    scopes: ['entities'],
  },
  engineer: {
    description: 'Sees the costs of applications',
    permissions: ['cost.read', 'allocation.read', 'showback.read', 'organization.read'],
    scopes: ['all', 'applications'],
  },
} as const satisfies Readonly<Record<string, Role>>;

export type RoleName = keyof typeof roles;

/** The names of the roles, in the order of the table. */
export const roleNames = Object.keys(roles) as [RoleName, ...RoleName[]];
