/** What the walk over all routes needs of allocation: a graph of each entity with usage and a published run, and requests that aim at it. */

/** A call as the owner of the workspace; `version` is what If-Match says. */
type Own = <T = Readonly<Record<string, never>>>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  payload?: unknown,
  version?: string,
) => Promise<T>;

/** Ids of an entity's allocation. */
export interface AllocationOfTenant {
  readonly graph: string;
  readonly run: string;
  readonly recommendation: string;
}

const month = '2026-10';

/** Adds a graph of the entity that sends its bill to its application, usage, a published run, revenue and recommendations. */
export async function addAllocation(own: Own, entity: string): Promise<AllocationOfTenant> {
  const graph = `${entity}-graph`;
  await own('POST', '/graphs', { id: graph, label: `${entity} graph`, entity });
  const node = { id: `${entity}-node`, type: 'product', application: `${entity}-app` };
  const rules = [{ id: `${entity}-rule`, node: node.id, where: 'ServiceName is not null' }];
  const metrics = [{ id: `${entity}-requests`, from: 'usage' }];
  await own('POST', `/graphs/${graph}/draft/changes`, {
    changes: [
      { put: 'node', value: node },
      { put: 'node', value: { id: `${entity}-pool`, type: 'shared' } },
      { put: 'edge', value: { from: `${entity}-pool`, to: node.id, strategy: 'equal' } },
      ...rules.map((value) => ({ put: 'rule', value })),
      ...metrics.map((value) => ({ put: 'metric', value })),
    ],
  });
  await own('POST', `/graphs/${graph}/draft/publish`, { note: `${entity} begins` }, '"v2"');
  const usage = `node,day,metric,value\n${node.id},2026-10-01,${entity}-requests,987654\n`;
  await own('POST', '/usage/imports', { graph, source: `${entity}-usage`, csv: usage });
  const { run } = await own<{ run: string }>('POST', '/allocation/runs', { graph, month, publish: true });
  await own('POST', '/allocation/recommendations/refresh', { graph, month });
  const { items } = await own<{ items: readonly { id: string }[] }>(
    'GET',
    `/allocation/recommendations?graph=${graph}`,
  );
  await own('POST', `/graphs/${graph}/draft`, {});
  return { graph, run, recommendation: items[0]?.id ?? 'zulu-none' };
}

/** Addresses that name something of the other entity. */
export function foreignAllocation({ graph, run, recommendation }: AllocationOfTenant) {
  return [
    [/\/graphs\/:graph/, { graph, version: 'draft', node: 'zulu-node' }],
    [/\/allocation\/runs\/:run/, { run }],
    [/\/allocation\/recommendations\/:id/, { id: recommendation }],
  ] as const;
}

/** Bodies that aim at the other entity's graph. */
export function allocationBodies({ graph }: AllocationOfTenant) {
  const node = { id: 'mine', type: 'service' };
  const query = { measures: [{ sum: 'Retained' }], dimensions: [{ column: 'NodeId' }] };
  return [
    [/\/graphs$/, { id: 'mine', label: 'Mine', entity: 'zulu' }],
    [/\/graphs\/:graph$/, { label: 'Mine' }],
    [/PUT .*\/graphs\/:graph\/draft$/, { document: { nodes: [node] } }],
    [/\/draft\/changes$/, { changes: [{ put: 'node', value: node }] }],
    [/\/draft\/publish$/, {}],
    [/\/graphs\/:graph\/rollback$/, { version: 1 }],
    [/\/usage\/imports$/, { graph, source: 'mine', csv: 'node,day,metric,value\nx,2026-10-01,m,1\n' }],
    [/\/usage\/fetches$/, { graph, endpoint: 'x', queries: [{ metric: 'm', query: 'm', node: '{a}' }] }],
    [/\/usage\/rollbacks$/, { graph, source: 'zulu-usage', month }],
    [/\/allocation\/runs$/, { graph, month, publish: true }],
    [/\/allocation\/queries$/, { dataset: 'allocation', graph, query }],
    [/\/allocation\/proposals$/, { month, sources: ['zulu-aws'] }],
    [/\/allocation\/what-if$/, { graph, month, changes: [{ put: 'node', value: node }] }],
    [/\/allocation\/growth$/, { graph, month, metric: 'zulu-requests', percent: '10' }],
    [/\/allocation\/recommendations\/refresh$/, { graph, month }],
    [/\/allocation\/recommendations\/:id\/status$/, { status: 'accepted' }],
    [
      /\/allocation\/revenue$/,
      { graph, source: 'mine', csv: `month,node,currency,amount\n${month},zulu-node,EUR,1\n` },
    ],
    [/\/allocation\/runs\/:run\/publish$/, {}],
  ] as const;
}

const queries: readonly (readonly [pattern: RegExp, query: string])[] = [
  [/GET .*\/usage$/, 'graph=zulu-graph'],
  [/GET .*\/usage\/metrics$/, `graph=zulu-graph&month=${month}`],
  [/GET .*\/usage\/timeseries$/, `graph=zulu-graph&month=${month}&node=zulu-node`],
  [/GET .*\/allocation\/runs$/, 'graph=zulu-graph'],
  [/GET .*\/allocation\/explain$/, `graph=zulu-graph&month=${month}&node=zulu-node`],
  [/GET .*\/allocation\/explain\/rows$/, `graph=zulu-graph&month=${month}&node=zulu-node`],
  [/GET .*\/allocation\/explain\/bill$/, `graph=zulu-graph&month=${month}&resource=zulu`],
  [/GET .*\/allocation\/exports$/, `graph=zulu-graph&month=${month}&dataset=allocation&format=csv`],
  [/GET .*\/allocation\/results\/by-dimension$/, `graph=zulu-graph&month=${month}&key=Dimension`],
  [/GET .*\/allocation\/results\/.*$/, `graph=zulu-graph&month=${month}`],
  [/GET .*\/allocation\/(coverage|statements|revenue|recommendations)$/, `graph=zulu-graph&month=${month}`],
  [/GET .*\/allocation\/unit-costs$/, `graph=zulu-graph&month=${month}&metric=zulu-requests`],
  [/GET .*\/graphs\/:graph\/diff$/, 'from=1&to=draft'],
];

/** The query of a route that aims at the other entity's graph, with its `?`; empty where there is none. */
export function allocationQuery(method: string, url: string, { run }: AllocationOfTenant): string {
  if (url.endsWith('/allocation/runs/:run/diff')) return `?against=${run}`;
  const found = queries.find(([pattern]) => pattern.test(`${method} ${url}`));
  return found ? `?${found[1]}` : '';
}

/** What must be as before after the walk. */
export const allocationState = [
  ...['/graphs/zulu-graph', '/graphs/zulu-graph/versions/draft', '/usage?graph=zulu-graph'],
  ...['/usage/timeseries?graph=zulu-graph&node=zulu-node&month=2026-10', '/allocation/runs?graph=zulu-graph'],
  ...['/allocation/recommendations?graph=zulu-graph', '/allocation/revenue?graph=zulu-graph&month=2026-10'],
] as const;
