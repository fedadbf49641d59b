import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphDocumentSchema, validateGraph } from '../../modules/allocation/index.ts';
import { demoGraph } from './demo-graph.ts';
import { writeDemoUsage } from './demo-usage.ts';
import { months } from './group.ts';

const seed = 20_261_101;
const document = graphDocumentSchema.parse(demoGraph());
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-demo-graph-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the graph of the demo', () => {
  it('has about 60 nodes and 150 edges, and uses every strategy', () => {
    expect(document.nodes.length).toBeGreaterThanOrEqual(58);
    expect(document.edges.length).toBeGreaterThanOrEqual(145);
    const rules = document.edges.flatMap(({ strategy, overrides }) => [
      strategy,
      ...Object.values(overrides).map((rule) => rule.strategy),
    ]);
    expect([...new Set(rules)].sort()).toEqual([
      'capped_proportional',
      'equal',
      'fixed_percent',
      'hybrid_fixed_proportional',
      'min_floor_proportional',
      'proportional',
      'residual_to_max',
      'segment_filtered_proportional',
      'weighted_average',
    ]);
  });

  it('is found faultless by the validation: what it says are notes', () => {
    const said = validateGraph(document).filter(({ severity }) => severity !== 'info');
    expect(said).toEqual([]);
  });

  it('has usage for every month, of metrics and nodes that it knows, with their units', async () => {
    const paths = await writeDemoUsage(join(folder, 'a'), seed);
    expect(paths).toHaveLength(months.length);
    const nodes = new Set(document.nodes.map(({ id }) => id));
    const units = new Map(
      document.metrics.map((metric) => [metric.id, 'unit' in metric ? metric.unit : undefined]),
    );
    for (const [index, path] of paths.entries()) {
      const [header, ...lines] = (await readFile(path, 'utf8')).trim().split('\n');
      expect(header).toBe('day,node,metric,value,unit,label.env');
      const unknown = lines.filter((line) => {
        const [day = '', node = '', metric = '', value, unit] = line.split(',');
        const isKnown = nodes.has(node) && units.get(metric) === unit;
        return !isKnown || !day.startsWith(String(months[index])) || !(Number(value) >= 0);
      });
      expect(unknown).toEqual([]);
    }
  });

  it('has the same usage for the same seed, and other usage for another', async () => {
    const text = async (name: string, of: number) =>
      readFile((await writeDemoUsage(join(folder, name), of))[0] ?? '', 'utf8');
    const first = await text('b', seed);
    expect(await text('c', seed)).toBe(first);
    expect(await text('d', seed + 1)).not.toBe(first);
  });
});
