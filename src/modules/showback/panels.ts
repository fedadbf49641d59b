import type { CostsAsked, PanelAsked } from './cost-contract.ts';

/**
 * A panel of a page about costs: one question, preset. `of` names what the page is about: everything, a domain, a family, an
 * application. `change`: what moved since the month before instead of what it costs.
 */
export interface Panel {
  readonly path: string;
  readonly summary: string;
  readonly of: 'all' | 'domain' | 'family' | 'application';
  readonly groupBy: readonly string[];
  /** Twelve months up to the one asked. */
  readonly trend?: true;
  readonly change?: true;
  readonly top?: number;
}

const page = {
  all: '/application-costs/dashboard',
  domain: '/application-costs/domains/:id',
  family: '/application-costs/families/:id',
  application: '/application-costs/applications/:id',
} as const;

function panel(
  of: Panel['of'],
  name: string,
  summary: string,
  groupBy: readonly string[],
  more: Pick<Panel, 'trend' | 'change' | 'top'> = {},
): Panel {
  return { of, path: `${page[of]}/${name}`, summary, groupBy, ...more };
}

/** Every panel of the pages dashboard, domain, family and application. */
export const panels: readonly Panel[] = [
  panel('all', 'summary', 'What everything costs', []),
  panel('all', 'by-domain', 'Costs by domain', ['domain']),
  panel('all', 'by-team', 'Costs by team as of the month', ['team']),
  panel('all', 'by-environment', 'Costs by environment', ['environment']),
  panel('all', 'top-applications', 'The applications that cost most', ['application'], { top: 20 }),
  panel('all', 'trend', 'Twelve months of costs', ['month'], { trend: true }),
  panel('all', 'movers', 'Applications whose cost moved most, and why', ['application'], {
    change: true,
    top: 20,
  }),
  panel('domain', 'summary', 'What the domain costs', []),
  panel('domain', 'trend', 'Twelve months of the domain', ['month'], { trend: true }),
  panel('domain', 'by-family', 'The domain by family', ['family']),
  panel('domain', 'by-environment', 'The domain by environment', ['environment']),
  panel('domain', 'top-applications', 'The applications that spend most on the domain', ['application'], {
    top: 20,
  }),
  panel('domain', 'movers', 'Products of the domain whose cost moved most, and why', ['product'], {
    change: true,
    top: 20,
  }),
  panel('family', 'summary', 'What the family costs', []),
  panel('family', 'trend', 'Twelve months of the family', ['month'], { trend: true }),
  panel('family', 'by-product', 'The family by product', ['product']),
  panel('family', 'by-environment', 'The family by environment', ['environment']),
  panel('family', 'top-applications', 'The applications that spend most on the family', ['application'], {
    top: 20,
  }),
  panel('family', 'movers', 'Products of the family whose cost moved most, and why', ['product'], {
    change: true,
    top: 20,
  }),
  panel('application', 'summary', 'What the application costs', []),
  panel('application', 'by-domain', 'The application by domain', ['domain']),
  panel('application', 'by-environment', 'The application by environment', ['environment']),
  panel('application', 'products', 'What the application consumes: quantity × unit price by product', [
    'product',
    'kind',
  ]),
  panel('application', 'trend', 'Twelve months of the application', ['month'], { trend: true }),
  panel('application', 'movers', 'Products whose cost moved most, and why', ['product'], {
    change: true,
    top: 20,
  }),
];

/** The question of a panel for the months that are asked, of the thing with this id. */
export function questionOf(
  { of, groupBy, change, top }: Panel,
  {
    months,
    view,
    mode,
    currency,
    top: wanted,
  }: Omit<PanelAsked, 'month' | 'from' | 'to'> & { readonly months: readonly string[] },
  id: string | undefined,
): CostsAsked {
  const [before, last] = [months.at(0) ?? '', months.at(-1) ?? ''];
  return {
    months: [...months],
    groupBy: [...groupBy],
    filters: id === undefined || of === 'all' || of === 'application' ? {} : { [of]: [id] },
    ...(of === 'application' && id !== undefined ? { applicationIds: [id] } : {}),
    ...(view === undefined ? {} : { view }),
    ...(currency === undefined ? {} : { currency }),
    ...(change ? { compare: { months: [before, last] } } : {}),
    ...((wanted ?? top) === undefined ? {} : { top: wanted ?? top }),
    mode,
    rateType: 'average',
    weights: 'stored',
  };
}
