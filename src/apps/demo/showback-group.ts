import { addMonths, formatDecimal, type Period } from '../../platform/kernel/index.ts';
import {
  type DemoApplication,
  entities,
  labsApplications,
  logisticsApplications,
  months,
  retailApplications,
} from './group.ts';

/** An application without bills of its own: it runs on what others pay for, and consumes products of the catalogue. */
export interface Satellite extends DemoApplication {
  readonly entity: string;
}

const names: Readonly<Record<string, readonly string[]>> = {
  retail: [
    'gift-cards',
    'returns',
    'store-locator',
    'price-engine',
    'newsletter',
    'reviews',
    'stock-view',
    'till-sync',
  ],
  logistics: [
    'dock-planner',
    'driver-app',
    'carrier-portal',
    'label-printer',
    'fuel-cards',
    'yard-view',
    'claims',
    'tour-archive',
  ],
  labs: [
    'feature-store',
    'model-registry',
    'label-studio',
    'paper-search',
    'gpu-queue',
    'prompt-library',
    'eval-board',
    'notebooks',
  ],
};

const withBills: Readonly<Record<string, readonly DemoApplication[]>> = {
  retail: retailApplications,
  logistics: logisticsApplications,
  labs: labsApplications,
};

/** Twenty-four more applications, each under the team and cost centre of one that has bills. */
export const satellites: readonly Satellite[] = entities.flatMap(({ id: entity }) =>
  (names[entity] ?? []).map((app, index) => {
    const owners = withBills[entity] ?? [];
    const { team = '', costCenter = '' } = owners[index % owners.length] ?? {};
    return { app, team, costCenter, entity };
  }),
);

/** What each product costs: its unit, the price that was budgeted, and how much an application uses in a month, about. */
interface PricedProduct {
  readonly product: string;
  readonly unit: string;
  readonly price: string;
  readonly typical: number;
}

const products: readonly PricedProduct[] = [
  { product: 'vcpu', unit: 'vCPU-hour', price: '0.042', typical: 5200 },
  { product: 'pod-memory', unit: 'GB-hour', price: '0.0051', typical: 14000 },
  { product: 'functions', unit: 'GB-second', price: '0.000017', typical: 9_000_000 },
  { product: 'relational', unit: 'vCPU-hour', price: '0.118', typical: 1500 },
  { product: 'object-storage', unit: 'TB-month', price: '21.5', typical: 2600 },
  { product: 'egress', unit: 'GB', price: '0.083', typical: 900 },
  { product: 'observability', unit: 'host-month', price: '14.2', typical: 9 },
  { product: 'web-firewall', unit: 'million requests', price: '0.62', typical: 120 },
  { product: 'tokens', unit: 'thousand tokens', price: '0.0091', typical: 22_000 },
];

/** The amount of the shared network that each entity spreads in a month, EUR. */
const pools: Readonly<Record<string, string>> = { retail: '4200', logistics: '2600', labs: '1700' };

/** A line of a price view as its file has it. */
export interface DemoLine {
  readonly level: 'product';
  readonly target: string;
  readonly entity: string | null;
  readonly environment: string | null;
  readonly region: null;
  readonly kind: 'unit' | 'pool';
  readonly unit: string | null;
  readonly amount: string;
  readonly tiers: null;
  readonly currency: 'EUR';
  readonly validFrom: string;
  readonly validTo: null;
  readonly note: string | null;
}

/** Lines of a budget: the prices × a factor in percent; machines that are not for production are a fifth cheaper. */
export function budgetLines(percent: number): DemoLine[] {
  const times = (text: string, factor: number) => {
    const [whole = '', fraction = ''] = text.split('.');
    return formatDecimal({
      units: BigInt(`${whole}${fraction}`) * BigInt(factor),
      scale: fraction.length + 2,
    });
  };
  const common = {
    level: 'product',
    region: null,
    tiers: null,
    currency: 'EUR',
    validFrom: months[0] ?? '',
    validTo: null,
  } as const;
  const unitLine = (
    { product, unit, price }: PricedProduct,
    environment: string | null,
    factor: number,
  ): DemoLine => ({
    ...common,
    ...{
      target: product,
      entity: null,
      environment,
      kind: 'unit',
      unit,
      amount: times(price, factor),
      note: null,
    },
  });
  return [
    ...products.map((one) => unitLine(one, null, percent)),
    ...products.slice(0, 2).map((one) => unitLine(one, 'non_prod', Math.round(percent * 0.8))),
    ...Object.entries(pools).map(
      ([entity, amount]): DemoLine => ({
        ...common,
        ...{
          target: 'shared-network',
          entity,
          environment: null,
          kind: 'pool',
          unit: null,
          amount: times(amount, percent),
        },
        note: 'spread by what applications are connected with',
      }),
    ),
  ];
}

/** A month of consumption as a CSV file: invented, the same for the same seed, growing by a percent a month. */
export function consumptionCsv(month: Period, seed: number): string {
  const index = months.indexOf(month);
  const random = numbers(seed * 1000 + index);
  const applications = [
    ...entities.flatMap(({ applications: own }) => own.map(({ app }) => ({ app, size: 3 }))),
    ...satellites.map(({ app }) => ({ app, size: 1 })),
  ];
  const lines = ['month,application,product,quantity,environment,kind'];
  for (const { app, size } of applications) {
    for (const { product, typical } of products) {
      if (random() < (size === 3 ? 0.2 : 0.5)) continue;
      const quantity = (part: number) =>
        (typical * size * part * (0.5 + random()) * 1.01 ** index).toFixed(3);
      lines.push(`${month},${app},${product},${quantity(0.8)},prod,DIRECT`);
      if (random() < 0.6) lines.push(`${month},${app},${product},${quantity(0.2)},non_prod,DIRECT`);
    }
    lines.push(`${month},${app},shared-network,${Math.ceil(size * 10 * (0.5 + random()))},n_a,INDIRECT`);
  }
  return `${lines.join('\n')}\n`;
}

/** Rates of the invented group: no bank published them. */
export function demoRates(month: Period) {
  const index = months.indexOf(month);
  const rate = (base: string, start: number, step: number) => ({
    ...{ period: month, base, quote: 'EUR', type: 'average' as const, source: 'invented for the demo' },
    asOf: `${addMonths(month, 1)}-01`,
    rate: (start + step * (index % 5)).toFixed(4),
  });
  return [rate('USD', 0.915, 0.0031), rate('GBP', 1.162, 0.0024)];
}

function numbers(start: number): () => number {
  let state = start % 2_147_483_648;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
