import { addMonths, type Period, parsePeriod, periodsBetween } from '../../platform/kernel/index.ts';

/** A legal entity of the invented group. */
export interface DemoEntity {
  /** In the records. */
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly currency: string;
  readonly vatId: string;
  readonly timeZone: string;
  /** One line. */
  readonly address: string;
  readonly applications: readonly DemoApplication[];
}

/** How much is generated: xs ≈ 64,000 rows (tests), s ≈ 400,000, m ≈ 4 million, l ≈ 20 million. */
export type DemoScale = 'xs' | 's' | 'm' | 'l';

/** Number of resources at each scale, as a multiple of scale s; the spend grows with it. */
export const scaleFactors: Readonly<Record<DemoScale, number>> = { xs: 0.05, s: 1, m: 10, l: 50 };

/** The invented group. No company, account, person or price list of this name is meant. */
export const group = 'Meridian Group';

/** The fixed calendar: fourteen billing months; all but the last are closed (they carry invoice numbers). */
export const months: readonly Period[] = periodsBetween(parsePeriod('2025-09'), parsePeriod('2026-10'));

const openMonth = parsePeriod('2026-10');

/** One billing month in the shapes that SQL and paths need. */
export interface Month {
  readonly period: Period;
  /** 0 for the first month; growth is counted from it. */
  readonly index: number;
  /** `2025-09-01`, first day. */
  readonly start: string;
  /** `2025-10-01`, exclusive. */
  readonly end: string;
  readonly closed: boolean;
}

/** The calendar's month with its bounds: 2025-09 is index 0, 2025-09-01 … 2025-10-01. */
export function monthOf(period: Period): Month {
  return {
    period,
    index: months.indexOf(period),
    start: `${period}-01`,
    end: `${addMonths(period, 1)}-01`,
    closed: period < openMonth,
  };
}

/** An application as the tags name it. */
export interface DemoApplication {
  readonly app: string;
  readonly team: string;
  readonly costCenter: string;
}

function applications(rows: readonly (readonly [string, string, string])[]): readonly DemoApplication[] {
  return rows.map(([app, team, costCenter]) => ({ app, team, costCenter }));
}

export const retailApplications = applications([
  ['storefront', 'web', 'cc-1100'],
  ['checkout', 'payments', 'cc-1200'],
  ['search', 'discovery', 'cc-1100'],
  ['loyalty', 'crm', 'cc-1300'],
  ['product-catalog', 'discovery', 'cc-1100'],
  ['store-pos', 'stores', 'cc-1400'],
  ['data-lake', 'data', 'cc-1900'],
]);

export const logisticsApplications = applications([
  ['parcel-tracking', 'tracking', 'cc-2100'],
  ['route-planner', 'routing', 'cc-2200'],
  ['warehouse-wms', 'warehouse', 'cc-2300'],
  ['customs-desk', 'customs', 'cc-2400'],
  ['fleet-telemetry', 'fleet', 'cc-2500'],
]);

export const labsApplications = applications([
  ['demand-forecast', 'data-science', 'cc-3100'],
  ['assistant', 'ai', 'cc-3200'],
  ['image-studio', 'ai', 'cc-3200'],
  ['experiment-hub', 'data-science', 'cc-3300'],
]);

/** Ids, addresses and tax numbers are as invented as the names. */
export const entities = [
  {
    id: 'retail',
    name: 'Meridian Retail SAS',
    country: 'FR',
    currency: 'EUR',
    vatId: 'FR00000000001',
    timeZone: 'Europe/Paris',
    address: '1 rue de l’Exemple, 75000 Paris',
    applications: retailApplications,
  },
  {
    id: 'logistics',
    name: 'Meridian Logistics GmbH',
    country: 'DE',
    currency: 'EUR',
    vatId: 'DE000000002',
    timeZone: 'Europe/Berlin',
    address: 'Beispielstraße 2, 10000 Berlin',
    applications: logisticsApplications,
  },
  {
    id: 'labs',
    name: 'Meridian Labs Ltd',
    country: 'GB',
    currency: 'GBP',
    vatId: 'GB000000003',
    timeZone: 'Europe/London',
    address: '3 Example Street, London E1 0AA',
    applications: labsApplications,
  },
] as const satisfies readonly DemoEntity[];
