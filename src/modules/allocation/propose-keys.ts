import type { TagUse } from './propose-contract.ts';

/** A tag of a bill: how many values it has, and what part of the charges carries one (0 … 1, over all currencies alike). */
export interface TagKey {
  readonly key: string;
  readonly values: number;
  readonly coverage: number;
}

/** How well the name of a tag tells that it names applications; 1 is the best. Names are compared without case and signs. */
const applicationNames: Readonly<Record<string, number>> = {
  ...{ app: 1, application: 1, appname: 1, applicationname: 1, appid: 1, applicationid: 1, appcode: 1 },
  ...{ appkubernetesioname: 0.9, appkubernetesiopartof: 0.9, workload: 0.8, product: 0.8, productname: 0.8 },
  ...{ service: 0.8, servicename: 0.8, project: 0.6, projectname: 0.6, system: 0.6, solution: 0.6 },
  ...{ component: 0.4, namespace: 0.4, team: 0.25, squad: 0.25, owner: 0.15 },
};
const environmentNames: readonly string[] = ['env', 'environment', 'stage', 'envname', 'environmentname'];
const costCentreNames: readonly string[] = [
  ...['costcentre', 'costcenter', 'costcentreid', 'costcenterid', 'costcentrecode', 'costcentercode'],
  ...['cc', 'businessunit', 'bu', 'chargecode'],
];

const clusterNames: readonly string[] = [
  ...['cluster', 'clustername', 'eksclustername', 'eksclusterid', 'googk8sclustername', 'k8sclustername'],
  ...['aksmanagedclustername', 'kubernetescluster', 'kubernetesclustername'],
];

/** More values than applications would have: ids of resources or people. */
const mostValues = 5000;

/** The name of a tag for comparison: `user:Cost-Center` is `costcenter`. */
function bare(key: string): string {
  return key
    .toLowerCase()
    .replace(/^(user|tag|label|aws)[:_]/, '')
    .replace(/[^a-z0-9]/g, '');
}

/** How good a tag is for applications: its name's weight × its coverage; 0 for one that names none, or has too many values. */
export function applicationScore({ key, values, coverage }: TagKey): number {
  return values < 1 || values > mostValues ? 0 : (applicationNames[bare(key)] ?? 0) * coverage;
}

/**
 * The tags that may name applications, the best first: at most five. The second and later ones are of the same kind as the
 * first (their names weigh no less than three quarters of it): `app` and `application`, but not `app` and `team`.
 *
 * app 60 % of the charges, application 20 %, team 90 %: `app` (0.6), `application` (0.2); team has 0.225 and is of another kind.
 */
export function chooseApplicationKeys(keys: readonly TagKey[]): string[] {
  const scored = keys
    .map((tag) => ({
      key: tag.key,
      weight: applicationNames[bare(tag.key)] ?? 0,
      score: applicationScore(tag),
    }))
    .filter(({ score }) => score > 0.001)
    .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1));
  const [best] = scored;
  if (!best) return [];
  return scored
    .filter(({ weight }) => weight >= best.weight * 0.75)
    .slice(0, 5)
    .map(({ key }) => key);
}

/**
 * The tags of another use, those with the most coverage first: one bill writes `cost-center`, another `cost_center`. A `cluster` tag
 * names what many applications run on.
 */
export function chooseKeysFor(use: Exclude<TagUse, 'application'>, keys: readonly TagKey[]): string[] {
  const names = { environment: environmentNames, costCentre: costCentreNames, cluster: clusterNames }[use];
  return keys
    .filter(({ key, coverage }) => names.includes(bare(key)) && coverage > 0)
    .sort((a, b) => b.coverage - a.coverage || (a.key < b.key ? -1 : 1))
    .map(({ key }) => key);
}

/** Values of an application tag, without case, that say that there is none: such rows are as if they had no tag. */
export const emptyValues: readonly string[] = [
  ...['n/a', 'na', 'none', 'null', 'nil', 'unknown', 'undefined', 'untagged', 'tbd', '-', '?'],
];
/** Values, without case, that name what many applications use. */
export const sharedValues: readonly string[] = [
  ...['shared', 'common', 'platform', 'infra', 'infrastructure', 'shared-services', 'sharedservices'],
  ...['network', 'networking', 'monitoring', 'observability', 'logging', 'security', 'operations'],
];
