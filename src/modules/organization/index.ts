export { type Assignment, assignmentsAsOf, assignmentsIn } from './assignments-sql.ts';
export { closedMonths, lockOrganization } from './checks-sql.ts';
export type {
  EntityPeriod,
  EntityPeriodList,
  History,
  ImportDiffAnswer,
  SourceAssignment,
  SourceAssignmentList,
} from './contract.ts';
export type { ShownObject } from './documents.ts';
export { type ImportDiff, type ImportRequest, importObjects } from './import-objects.ts';
export { environments, type FieldValue, type Kind, type KindName, kindNamed, kinds } from './kinds.ts';
export type { OrganizationOptions } from './objects.ts';
export { type PeriodState, periodStateOf } from './period-sql.ts';
export { changePeriod, type PeriodChange, refuseUnknownEntity } from './periods.ts';
export { organizationRoutes } from './routes.ts';
export { entitiesOfSources, sourcesOfEntities } from './source-sql.ts';
export { assignSource } from './sources.ts';
