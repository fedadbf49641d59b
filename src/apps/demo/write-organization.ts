import { join } from 'node:path';
import { assignSource, importObjects, type KindName, kindNamed } from '../../modules/organization/index.ts';
import { type Clock, ownerCaller } from '../../platform/kernel/index.ts';
import { keysInUse, openRecords, openSecrets, type Records, sealNow } from '../../platform/records/index.ts';
import { type DemoApplication, entities, months } from './group.ts';
import { satellites } from './showback-group.ts';

/** What the demo told the records of its group. */
export interface DemoOrganization {
  readonly entities: number;
  readonly applications: number;
  readonly products: number;
  /** Source → id of the entity that its bills belong to. */
  readonly sources: Readonly<Record<string, string>>;
}

interface Writing {
  readonly root: string;
  readonly clock: Clock;
  /** Source → name of its entity, as the bills have it. */
  readonly entityOfSource: Readonly<Record<string, string>>;
}

const caller = ownerCaller(null);

/** The domains, families and products that the group's applications consume. */
const catalogue = {
  domain: `id,label
compute,Compute
data,Data
network,Network
workplace,Workplace and tools
security,Security
ai,Artificial intelligence
`,
  family: `id,label,domain
machines,Machines,compute
containers,Containers,compute
databases,Databases,data
storage,Storage,data
`,
  product: `id,label,domain,family,unit
vcpu,Virtual CPU,compute,machines,vCPU-hour
pod-memory,Cluster memory,compute,containers,GB-hour
functions,Functions,compute,,GB-second
relational,Relational database,data,databases,vCPU-hour
object-storage,Object storage,data,storage,GB-month
egress,Data transfer out,network,,GB
shared-network,Shared network,network,,weight
observability,Observability,workplace,,host-month
web-firewall,Web firewall,security,,million requests
tokens,Language models,ai,,thousand tokens
`,
} as const satisfies Partial<Record<KindName, string>>;

/**
 * Writes the group into the records of the demo's workspace, as a person would with CSV files: entities, teams, cost centres,
 * applications and products, who changed hands when, and whose bills each source delivers.
 */
export async function writeOrganization(writing: Writing): Promise<DemoOrganization> {
  const records = await openRecords({ root: writing.root });
  try {
    await bringAll(records, writing);
    await sealNow(records);
    return {
      entities: entities.length,
      applications: applicationRows().length,
      products: catalogue.product.trim().split('\n').length - 1,
      sources: await assignSources(records, writing.entityOfSource),
    };
  } finally {
    await records.close();
  }
}

async function bringAll(records: Records, { root, clock }: Writing): Promise<void> {
  const options = {
    records: async () => records,
    secrets: () =>
      openSecrets({
        environment: undefined,
        file: join(root, 'finops.key'),
        sealedWith: () => records.asOwner(keysInUse),
      }),
    clock,
  };
  const bring = (kind: KindName, csv: string, validFrom: string) =>
    importObjects(
      options,
      { caller, kind: kindNamed(kind) },
      { csv, mode: 'upsert', dryRun: false, validFrom },
    );
  const start = `${months[0]}-01`;
  const lists: readonly (readonly [KindName, string])[] = [
    ['entity', entityCsv()],
    ['team', teamCsv()],
    ['costCentre', costCentreCsv()],
    ['application', applicationCsv()],
    ...(Object.entries(catalogue) as [KindName, string][]),
  ];
  for (const [kind, csv] of lists) await bring(kind, csv, start);
  // The hub changed hands in July, and a product its name in May.
  await bring('application', 'id,team,costCentre\nexperiment-hub,ai,cc-3200\n', '2026-07-01');
  await bring('product', 'id,label\nfunctions,Serverless functions\n', '2026-05-01');
}

function csvOf(header: string, rows: readonly (readonly string[])[]): string {
  return [header, ...rows.map((cells) => cells.map((cell) => `"${cell}"`).join(','))].join('\n');
}

function entityCsv(): string {
  const rows = entities.map((entity) => {
    const { id, name, country, currency, vatId, timeZone, address } = entity;
    return [id, name, country, currency, vatId, timeZone, address];
  });
  return csvOf('id,label,country,currency,vatId,timeZone,billingAddress', rows);
}

interface Row extends DemoApplication {
  readonly entity: string;
}

function applicationRows(): readonly Row[] {
  const withBills = entities.flatMap(({ id: entity, applications }) =>
    applications.map((application) => ({ ...application, entity })),
  );
  return [...withBills, ...satellites];
}

/** Each team under the entity's own. */
function teamCsv(): string {
  const tops = entities.map(({ id, name }) => [`${id}-it`, `${name}: IT`, '']);
  const teams = new Map(
    applicationRows().map(({ team, entity }) => [team, [team, titled(team), `${entity}-it`]]),
  );
  return csvOf('id,label,parent', [...tops, ...teams.values()]);
}

function costCentreCsv(): string {
  const centres = new Map(
    applicationRows().map(({ costCenter, entity }) => [costCenter, [costCenter, titled(costCenter), entity]]),
  );
  return csvOf('id,label,entity', [...centres.values()]);
}

function applicationCsv(): string {
  const rows = applicationRows().map(({ app, entity, team, costCenter }) => [
    app,
    titled(app),
    entity,
    'prod non_prod',
    team,
    costCenter,
  ]);
  return csvOf('id,label,entity,environments,team,costCentre', rows);
}

/** `route-planner` → `Route planner`. */
function titled(id: string): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`;
}

async function assignSources(
  records: Records,
  entityOfSource: Writing['entityOfSource'],
): Promise<Record<string, string>> {
  const idOf = new Map<string, string>(entities.map(({ name, id }) => [name, id]));
  const assigned = Object.fromEntries(
    Object.entries(entityOfSource).map(([source, name]) => [source, idOf.get(name) ?? name]),
  );
  await records.write(caller, async (tx) => {
    for (const [source, entity] of Object.entries(assigned))
      await assignSource(tx, caller, { source, entity, ifMatch: undefined });
  });
  return assigned;
}
