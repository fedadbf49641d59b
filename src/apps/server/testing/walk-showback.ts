/** What the walk over all routes needs of showback: consumption, a price view and costs of each entity, and requests that aim at them. */

/** A call as the owner of the workspace; `version` is what If-Match says. */
type Own = <T = Readonly<Record<string, never>>>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  payload?: unknown,
  version?: string,
) => Promise<T>;

/** Ids of an entity's showback. */
export interface ShowbackOfTenant {
  readonly view: string;
  readonly importId: string;
  readonly origin: string;
}

const month = '2026-10';
const line = { level: 'product', target: 'pg', unit: 'GB', amount: '0.5', validFrom: '2026-01' };

/** Adds consumption of the entity's application, a published price view with an open draft, and the calendar that names it. */
export async function addShowback(own: Own, entity: string): Promise<ShowbackOfTenant> {
  const view = `${entity}-view`;
  await own('POST', '/price-views', {
    id: view,
    label: `${entity} prices`,
    kind: 'standard',
    currency: 'EUR',
    entity,
  });
  await own('PUT', `/price-views/${view}/draft/lines`, { lines: [line] }, '"v1"');
  await own('POST', `/price-views/${view}/draft/publish`, { note: `${entity} begins` }, '"v2"');
  await own('POST', `/price-views/${view}/draft`, {});
  await own('PUT', '/price-calendar', { entity, view, validFrom: month });
  await own('POST', '/consumption/imports', {
    source: `${entity}-cmdb`,
    rows: [{ month, application: `${entity}-app`, product: 'pg', quantity: '987654' }],
  });
  const imports = await own<{ items: { id: string; source: string }[] }>('GET', '/consumption/imports');
  const origins = await own<{ items: { id: string; entity: string }[] }>('GET', '/consumption/origins');
  await own('POST', '/application-costs/query', { months: [month], groupBy: ['application'] });
  return {
    view,
    importId: imports.items.find(({ source }) => source === `${entity}-cmdb`)?.id ?? '',
    origin: origins.items.find((origin) => origin.entity === entity)?.id ?? '',
  };
}

/** Addresses that name something of the other entity. */
export function foreignShowback({ view, importId, origin }: ShowbackOfTenant) {
  return [
    [/\/price-views\/:view/, { view, version: 'draft', line: '1' }],
    [/\/consumption\/imports\/:id/, { id: importId }],
    [/\/consumption\/origins\/:id/, { id: origin }],
    [/\/application-costs\/applications\/:id/, { id: 'zulu-app' }],
    [/\/fx-rates\/:period/, { period: month, base: 'USD', quote: 'EUR', type: 'average' }],
    [/\/price-calendar\/:entry/, { entry: '2' }],
    [/\/close\/:period/, { period: month }],
  ] as const;
}

/** Bodies that aim at the other entity. */
export function showbackBodies({ view }: ShowbackOfTenant) {
  const rate = { rate: '0.9', source: 'ECB', asOf: '2026-10-31' };
  const question = { months: [month], groupBy: ['application'] };
  const facts = { month, application: 'some-app', product: 'pg', quantity: '1' };
  return [
    [/\/price-views$/, { id: 'mine', label: 'Mine', kind: 'standard', currency: 'EUR', entity: 'zulu' }],
    [/\/price-views\/:view$/, { label: 'Mine' }],
    [/\/price-views\/:view\/clone$/, { id: 'mine' }],
    [/\/price-views\/:view\/draft$/, {}],
    [/PUT .*\/draft\/lines$/, { lines: [line] }],
    [/\/draft\/lines(\/:line)?$/, { line }],
    [
      /\/price-views\/:view\/draft\/import$/,
      { csv: 'level,target,unit,amount,validFrom\nproduct,pg,GB,1,2026-01\n' },
    ],
    [/\/price-views\/:view\/draft\/publish$/, {}],
    [/PUT .*\/price-calendar$/, { entity: 'zulu', view, validFrom: '2026-11' }],
    [
      /\/fx-rates\/import$/,
      { csv: 'period,base,quote,type,rate,source,asOf\n2026-10,USD,EUR,average,0.9,ECB,2026-10-31\n' },
    ],
    [/PUT .*\/fx-rates/, { period: month, base: 'USD', quote: 'EUR', type: 'average', ...rate }],
    [/\/consumption\/imports$/, { source: 'mine', entity: 'zulu', rows: [facts] }],
    [
      /\/consumption\/origins$/,
      { entity: 'zulu', product: 'pg', kind: 'import', source: 'mine', validFrom: '2027-01' },
    ],
    [/\/consumption\/origins\/:id\/end$/, { validTo: '2026-11' }],
    [/\/consumption\/derivations$/, { month, entity: 'zulu' }],
    [/\/application-costs\/query$/, { ...question, view, applicationIds: ['zulu-app'] }],
    [/\/application-costs\/bridge$/, { months: [month], currency: 'EUR', view }],
    [/\/application-costs\/simulations$/, { ...question, view, changes: [{ multiply: '2' }] }],
    [/\/anomalies\/queries$/, { by: 'ServiceName' }],
    [/\/forecasts\/queries$/, { by: 'ServiceName' }],
    [/POST .*\/close\/:period$/, { entities: ['zulu'] }],
  ] as const;
}

const queries: readonly (readonly [pattern: RegExp, query: string])[] = [
  [/GET .*\/price-views\/:view\/versions\/:version\/coverage$/, `month=${month}`],
  [/GET .*\/price-views\/:view\/diff$/, 'from=1&to=draft'],
  [/GET .*\/price-calendar\/month$/, `entity=zulu&month=${month}`],
  [/GET .*\/consumption\/facts$/, `month=${month}&entity=zulu`],
  [/GET .*\/consumption\/facts\/explanation$/, `month=${month}&application=zulu-app&product=pg`],
  [/GET .*\/application-costs\/explain$/, `month=${month}&application=zulu-app&product=pg&view=zulu-view`],
  [/GET .*\/application-costs\/statements$/, `month=${month}&costCentre=zulu-cc&format=csv`],
  [/GET .*\/application-costs\//, `month=${month}&view=zulu-view`],
  [/GET .*\/close\/:period\//, 'entity=zulu'],
];

/** The query of a route that aims at the other entity, with its `?`; empty where there is none. */
export function showbackQuery(method: string, url: string): string {
  const found = queries.find(([pattern]) => pattern.test(`${method} ${url}`));
  return found ? `?${found[1]}` : '';
}

/** What must be as before after the walk. */
export const showbackState = [
  ...[
    '/price-views/zulu-view',
    '/price-views/zulu-view/versions/draft/lines',
    '/price-calendar',
    '/fx-rates',
  ],
  ...['/consumption/facts?entity=zulu', '/consumption/origins?entity=zulu', '/consumption/imports'],
] as const;
