/**
 * The nouns of the organization and what their commands take. The module has the same list with all that it knows of it;
 * this one is read before any command runs, so that it loads nothing. A test holds the two together.
 */
export interface Noun {
  /** `cost-centres`: the command and the address. */
  readonly path: string;
  readonly one: string;
  readonly description: string;
  /** Names of the fields that it has, in the order of the table. */
  readonly fields: readonly (keyof typeof fieldOptions)[];
  /** Fields that a list can be narrowed by. */
  readonly filters: readonly (keyof typeof fieldOptions)[];
}

/** How a field is given: option and meaning. */
export const fieldOptions = {
  label: ['--label <text>', 'what people call it'],
  country: ['--country <code>', 'ISO 3166-1 code: FR'],
  currency: ['--currency <code>', 'ISO 4217 code: EUR'],
  vatId: ['--vat-id <text>', 'VAT identification number'],
  billingAddress: ['--billing-address <text>', 'address on its invoices; kept sealed'],
  timeZone: ['--time-zone <name>', 'IANA name: Europe/Paris'],
  domain: ['--domain <id>', 'its domain'],
  family: ['--family <id>', 'its family, in the same domain'],
  unit: ['--unit <text>', 'what a quantity of it counts: GB-month'],
  parent: ['--parent <id>', 'the team above'],
  entity: ['--entity <id>', 'the entity that it belongs to'],
  environments: ['--environments <names>', 'prod, non_prod, unknown, n_a; commas between'],
  team: ['--team <id>', 'the team that answers for it'],
  costCentre: ['--cost-centre <id>', 'the cost centre that pays for it'],
  attributes: ['--attribute <name=text>', 'cluster=eu-1; again for another, cluster= takes it away'],
} as const;

export const nouns: readonly Noun[] = [
  {
    path: 'entities',
    one: 'entity',
    description: 'the legal entities of the group',
    fields: ['label', 'country', 'currency', 'vatId', 'billingAddress', 'timeZone'],
    filters: ['country', 'currency', 'vatId'],
  },
  {
    path: 'domains',
    one: 'domain',
    description: 'the domains that products belong to',
    fields: ['label'],
    filters: [],
  },
  {
    path: 'families',
    one: 'family',
    description: 'families of products within a domain',
    fields: ['label', 'domain'],
    filters: ['domain'],
  },
  {
    path: 'products',
    one: 'product',
    description: 'what applications consume, each with its unit',
    fields: ['label', 'domain', 'family', 'unit'],
    filters: ['domain', 'family'],
  },
  {
    path: 'teams',
    one: 'team',
    description: 'who answers for applications',
    fields: ['label', 'parent'],
    filters: ['parent'],
  },
  {
    path: 'cost-centres',
    one: 'cost centre',
    description: 'who pays for applications',
    fields: ['label', 'entity'],
    filters: ['entity'],
  },
  {
    path: 'applications',
    one: 'application',
    description: 'what the business runs, and who owned it when',
    fields: ['label', 'entity', 'environments', 'team', 'costCentre', 'attributes'],
    filters: ['entity', 'team', 'costCentre'],
  },
];
