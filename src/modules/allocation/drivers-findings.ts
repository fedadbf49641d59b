import type { DriverFrame, MetricRemarks } from './drivers-sql.ts';
import type { DriverKey } from './engine/types.ts';
import type { GraphFinding } from './model.ts';

type Remark = (remark: MetricRemarks, frame: DriverFrame) => GraphFinding | undefined;

/** What a run is to know of the values of one metric. */
export function findingsOfMetric(remark: MetricRemarks, frame: DriverFrame): GraphFinding[] {
  return remarks.map((make) => make(remark, frame)).filter((finding) => finding !== undefined);
}

const remarks: readonly Remark[] = [
  ({ metric, units }) =>
    units.length === 0
      ? undefined
      : finding('metricInSeveralUnits', 'error', metric, { units }, [
          `Its values are in ${units.join(', ')}, which cannot be added up, so that none is used.`,
          'Give the metric of the graph its unit, or import the usage in one.',
        ]),
  ({ metric, units, values }, { from, to }) =>
    values > 0 || units.length > 0
      ? undefined
      : finding('metricWithoutValues', 'warning', metric, { from, to }, [
          `No node has a value from ${from} until ${to}.`,
          'Import its usage: edges that share by it fall back.',
        ]),
  ({ metric, unit, rowsInOtherUnits: rows, otherUnits }) =>
    rows === 0
      ? undefined
      : finding('usageInOtherUnits', 'warning', metric, { unit, otherUnits, rows }, [
          `${rows} rows are in ${otherUnits.join(', ')} and not in ${unit}: they were left out.`,
        ]),
  ({ metric, unknownNodes: nodes, unknownExamples: examples }) =>
    nodes === 0
      ? undefined
      : finding('usageOfUnknownNodes', 'info', metric, { nodes, examples }, [
          `${nodes} nodes have values and are not in the graph, such as ${examples.join(', ')}: they count for nothing.`,
        ]),
  ({ metric, negative: cells }) =>
    cells === 0
      ? undefined
      : finding('negativeWeights', 'warning', metric, { cells }, [
          `The sum of ${cells} nodes and days is below 0 and was taken as 0.`,
        ]),
  ({ metric, doubled: cells, sources }) =>
    cells === 0
      ? undefined
      : finding('usageOfSeveralSources', 'warning', metric, { cells, sources }, [
          `${sources.join(' and ')} both have values for ${cells} nodes and days, which were added up.`,
          'Withdraw one of them if they tell of the same.',
        ]),
];

/** A driver whose values are coarser than they were given, because their sum would pass 2⁵³. */
export function driverRounded(
  { metric, segment }: DriverKey,
  { scale, decimals }: { readonly scale: number; readonly decimals: number },
  lost: number,
): GraphFinding {
  const step = scale >= 0 ? `10^-${scale}` : `10^${-scale}`;
  return finding('driverRounded', 'info', metric, { scale, decimals, lost, ...(segment && { segment }) }, [
    `Its values have ${decimals} decimals and sums too large for that: they were rounded to ${step}.`,
    ...(lost === 0 ? [] : [`${lost} of them became 0.`]),
    'A larger unit keeps all decimals.',
  ]);
}

function finding(
  code: string,
  severity: GraphFinding['severity'],
  metric: string,
  params: GraphFinding['params'],
  sentences: readonly string[],
): GraphFinding {
  const message = `${metric}: ${sentences.join(' ')}`;
  return { code, severity, path: `metrics/${metric}`, message, params: { metric, ...params } };
}
