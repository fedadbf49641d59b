import type { AccessTables } from './access.ts';
import type { AllocationAdviceTables } from './allocation-advice.ts';
import type { AllocationGraphTables } from './allocation-graph.ts';
import type { AllocationRunTables } from './allocation-run.ts';
import type { AuditTables } from './audit.ts';
import type { JobsTables } from './jobs.ts';
import type { OrganizationTables } from './organization.ts';
import type { PriceViewTables } from './price-views.ts';
import type { ServerTables } from './server.ts';
import type { ShowbackTables } from './showback.ts';

/** Every table of the records as Kysely sees it. `int8` is bigint, `numeric` text, dates and times text (UTC, ISO 8601). */
export interface RecordTables
  extends AuditTables,
    OrganizationTables,
    AccessTables,
    JobsTables,
    ServerTables,
    AllocationGraphTables,
    AllocationRunTables,
    AllocationAdviceTables,
    PriceViewTables,
    ShowbackTables {}
