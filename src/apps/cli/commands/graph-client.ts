import type { DraftAnswer, GraphAnswer } from '../../../modules/allocation/index.ts';
import { Refusal } from '../../../platform/kernel/index.ts';
import { address, type Client } from '../client.ts';

/** The address of a graph, or of something below it. */
export function graphPath(graph: string, below = ''): string {
  return `/graphs/${encodeURIComponent(graph)}${below}`;
}

/** The address of a version, or of something below it. */
export function versionPath(graph: string, version: string, below = ''): string {
  return graphPath(graph, `/versions/${encodeURIComponent(version)}${below}`);
}

/** The graph as it is now. */
export async function readGraph(client: Client, graph: string): Promise<GraphAnswer> {
  return client.call<GraphAnswer>('GET', address(graphPath(graph)));
}

/** The graph; undefined where there is none. */
export async function findGraph(client: Client, graph: string): Promise<GraphAnswer | undefined> {
  return unless('allocation.unknownGraph', readGraph(client, graph));
}

/** What was asked for; undefined when it was refused with this code. */
export async function unless<T>(code: string, asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refusal && error.code === code) return undefined;
    throw error;
  }
}

/** A change of a graph as it is now, or of the version given. */
export async function changeGraph<T = DraftAnswer>(
  client: Client,
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  path: { readonly graph: string; readonly below?: string },
  body?: unknown,
  version?: number,
): Promise<T> {
  const made = version ?? (await readGraph(client, path.graph)).version;
  return client.call<T>(method, address(graphPath(path.graph, path.below)), body, `"v${made}"`);
}
