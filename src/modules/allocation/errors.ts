import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** What this module refuses. Graphs and runs outside the caller's scope are unknown to it. */
export const errors = errorTable('allocation', {
  unknownGraph: refusal(
    404,
    'notFound',
    (p: { graph: string }) =>
      `There is no graph '${p.graph}' among those you may see. List them with 'finops graph list'.`,
  ),
  unknownNode: refusal(
    404,
    'notFound',
    (p: { node: string; graph: string; nearest: readonly string[] }) =>
      `The graph '${p.graph}' has no node '${p.node}'${p.nearest.length === 0 ? '' : `; near are ${p.nearest.join(', ')}`}.`,
  ),
});
