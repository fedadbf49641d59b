import { everything } from '../../../platform/kernel/index.ts';
import {
  type Dataset,
  type Engine,
  identifier,
  literal,
  sqlType,
  type Workspace,
} from '../../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from '../datasets.ts';

/** A graph small enough to write down, with the shares of its edges as whole parts of a thousand. */
export interface SmallRun {
  readonly graph?: string;
  readonly month?: string;
  /** In the order in which cost flows. */
  readonly nodes: readonly SmallNode[];
  readonly direct: readonly SmallCost[];
  readonly edges: readonly SmallEdge[];
  readonly snapshot?: string;
  /** Decimals of the run's unit; default 9. */
  readonly scale?: number;
  /** What is booked for a closed month beside it: its rows have that month as `OriginPeriod`. */
  readonly restated?: SmallRun & { readonly origin: string };
}

export interface SmallNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly application?: string;
  readonly entity?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `amount` is decimal text; negative: a credit. */
export interface SmallCost {
  readonly node: string;
  readonly day: number;
  readonly amount: string;
  readonly dimension?: string;
  readonly currency?: string;
  readonly rule?: string | null;
  readonly source?: string;
}

export interface SmallEdge {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly quality?: string;
  /** Thousandths of what `from` has on a day in a dimension. */
  readonly share: number | ((day: number, dimension: string) => number);
}

type Cells = Readonly<Record<string, string | number | null>>;

interface Lane {
  readonly day: number;
  readonly dimension: string;
  readonly currency: string;
  readonly side: 'charge' | 'credit';
}

/** What a run says of one node and lane, in units without sign. */
export interface SmallResult extends Lane {
  readonly node: string;
  readonly direct: bigint;
  readonly inflow: bigint;
  readonly outflow: bigint;
  readonly retained: bigint;
}

export interface SmallFlow extends Lane {
  readonly edge: SmallEdge;
  readonly units: bigint;
}

/** An allocation of its own, as plain as can be: edges go forward in the order of the nodes, parts are cut to whole units. */
export function allocateSmall(run: SmallRun): {
  readonly results: readonly SmallResult[];
  readonly flows: readonly SmallFlow[];
} {
  const scale = run.scale ?? 9;
  const lanes = new Map<string, Lane>();
  const direct = new Map<string, bigint>();
  for (const cost of run.direct) {
    const { day, dimension = 'Compute', currency = 'EUR', amount, node } = cost;
    const side = amount.startsWith('-') ? 'credit' : 'charge';
    const lane: Lane = { day, dimension, currency, side };
    lanes.set(JSON.stringify(lane), lane);
    const key = `${JSON.stringify(lane)} ${node}`;
    direct.set(key, (direct.get(key) ?? 0n) + unitsAt(amount, scale));
  }
  const results: SmallResult[] = [];
  const flows: SmallFlow[] = [];
  for (const [key, lane] of lanes) {
    const inflow = new Map<string, bigint>();
    for (const { id } of run.nodes) {
      const own = direct.get(`${key} ${id}`) ?? 0n;
      const came = inflow.get(id) ?? 0n;
      let outflow = 0n;
      for (const edge of run.edges.filter(({ from }) => from === id)) {
        const share = typeof edge.share === 'number' ? edge.share : edge.share(lane.day, lane.dimension);
        const units = ((own + came) * BigInt(share)) / 1000n;
        if (units === 0n) continue;
        flows.push({ ...lane, edge, units });
        inflow.set(edge.to, (inflow.get(edge.to) ?? 0n) + units);
        outflow += units;
      }
      if (own + came === 0n) continue;
      results.push({ ...lane, node: id, direct: own, inflow: came, outflow, retained: own + came - outflow });
    }
  }
  return { results, flows };
}

function unitsAt(amount: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  return BigInt(`${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
}

/** Allocates and publishes a small run as the program does: three datasets of one snapshot. */
export async function publishSmall(workspace: Workspace, run: SmallRun): Promise<void> {
  const own = rowsOf(run);
  const { origin: OriginPeriod, ...restated } = run.restated ?? {
    origin: '',
    nodes: [],
    edges: [],
    direct: [],
  };
  const others = rowsOf({
    ...restated,
    ...(run.graph === undefined ? {} : { graph: run.graph }),
    ...(run.month === undefined ? {} : { month: run.month }),
  });
  const both = (name: keyof RunCells) => [
    ...own[name],
    ...others[name].map((row) => ({ ...row, OriginPeriod })),
  ];
  await publishRows(workspace, run, [
    [attributionDataset, both('attribution')],
    [allocationDataset, both('allocation')],
    [flowDataset, both('flow')],
  ]);
}

type RunCells = Readonly<Record<'attribution' | 'allocation' | 'flow', readonly Cells[]>>;

function rowsOf(run: SmallRun): RunCells {
  const { results, flows } = allocateSmall(run);
  const scale = run.scale ?? 9;
  const nodes = new Map(run.nodes.map((node) => [node.id, node]));
  const numbers = new Map([...nodes.keys()].sort().map((id, index) => [id, index]));
  const ownerOf = (id: string) => ({
    EntityId: nodes.get(id)?.entity ?? null,
    ApplicationId: nodes.get(id)?.application ?? null,
  });
  const common = (lane: Lane) => commonCells(run, lane);
  const attribution = run.direct.map((cost): Cells => {
    const { day, dimension = 'Compute', currency = 'EUR', amount, node, rule = 'all', source = 'aws' } = cost;
    const side = amount.startsWith('-') ? 'credit' : 'charge';
    return {
      ...common({ day, dimension, currency, side }),
      ...{
        NodeId: node,
        NodeType: nodes.get(node)?.type ?? 'service',
        RuleId: rule,
        BillSource: source,
        Cost: amount,
      },
      ...ownerOf(node),
    };
  });
  const allocation = results.map((result): Cells => {
    const node = nodes.get(result.node);
    const text = (units: bigint) => signed(units, result.side, scale);
    return {
      ...common(result),
      ...{ NodeId: result.node, NodeType: node?.type ?? '', NodeName: node?.name ?? result.node },
      NodeLabels: JSON.stringify(node?.labels ?? {}),
      ...{ Direct: text(result.direct), Inflow: text(result.inflow), Outflow: text(result.outflow) },
      Retained: text(result.retained),
      ...ownerOf(result.node),
    };
  });
  const moved = flows.map((flow): Cells => {
    const { from, to, id = `${from} -> ${to}`, quality = 'measured' } = flow.edge;
    return {
      ...common(flow),
      ...{
        EdgeId: id,
        FromNode: from,
        FromType: nodes.get(from)?.type ?? '',
        FromIndex: numbers.get(from) ?? 0,
      },
      ...{ ToNode: to, ToType: nodes.get(to)?.type ?? '', ToIndex: numbers.get(to) ?? 0 },
      ...{ Amount: signed(flow.units, flow.side, scale), Quality: quality, Cause: null },
      ...ownerOf(to),
    };
  });
  const held = results
    .filter(({ node, retained }) => retained > 0n && nodes.get(node)?.type !== 'product')
    .map((result): Cells => {
      const cause = run.edges.some(({ from }) => from === result.node) ? 'fixed' : 'no_edge';
      return {
        ...common(result),
        ...{ EdgeId: null, FromNode: result.node, FromType: nodes.get(result.node)?.type ?? '' },
        ...{ FromIndex: numbers.get(result.node) ?? 0, ToNode: null, ToType: null, ToIndex: null },
        ...{ Amount: signed(result.retained, result.side, scale), Quality: 'held', Cause: cause },
        ...ownerOf(result.node),
      };
    });
  return { attribution, allocation, flow: [...moved, ...held] };
}

function signed(units: bigint, side: Lane['side'], scale: number): string {
  const digits = units.toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return side === 'credit' ? `-${text}` : text;
}

function commonCells({ graph = 'main', month = '2026-10' }: SmallRun, lane: Lane): Cells {
  const { day, dimension, currency, side } = lane;
  const date = (offset: number) =>
    new Date(Date.parse(`${month}-01T00:00:00Z`) + (day - 1 + offset) * 86_400_000);
  return {
    Graph: graph,
    BillingPeriodStart: `${month}-01`,
    ChargePeriodStart: date(0).toISOString().slice(0, 10),
    ChargePeriodEnd: date(1).toISOString().slice(0, 10),
    OriginPeriod: month,
    BillingCurrency: currency,
    Dimension: dimension,
    Side: side,
  };
}

async function publishRows(
  workspace: Workspace,
  { graph = 'main', month = '2026-10', snapshot }: SmallRun,
  datasets: readonly (readonly [Dataset, readonly Cells[]])[],
): Promise<void> {
  const engine = await workspace.engine();
  const id = snapshot ?? `run${Math.random().toString(16).slice(2, 14)}`;
  await workspace.lake.write(async (writer) => {
    const sealed = [];
    for (const [dataset, rows] of datasets) {
      const source = partitionOf(graph);
      const file = await writer.newFile(`${dataset.name}/${source}/${month}`, `${id}.parquet`);
      await writeRows(engine, dataset, rows, file.absolute);
      sealed.push(
        await writer.seal({
          ...{ id, dataset: dataset.name, source, period: month },
          files: [{ path: file.path, rows: rows.length }],
          ...{ delivery: { key: id, fingerprint: id }, final: false, raw: [], origin: {} },
          currencyColumn: 'BillingCurrency',
          totals: [...new Set(rows.map((row) => String(row['BillingCurrency'])))].map((currency) => ({
            ...{ currency, rows: rows.length, sums: {} },
          })),
        }),
      );
    }
    if (snapshot === undefined) await writer.publish('test', sealed);
    else await writer.keep('test', sealed);
  });
}

async function writeRows(
  engine: Engine,
  dataset: Dataset,
  rows: readonly Cells[],
  path: string,
): Promise<void> {
  const names = dataset.columns.map(({ name }) => identifier(name)).join(', ');
  const cell = (value: string | number | null | undefined) =>
    value === null || value === undefined ? 'null' : literal(String(value));
  const given = rows.length === 0 ? [{} as Cells] : rows;
  const values = given.map(
    (row) =>
      `(${dataset.columns.map(({ name, type }) => `${cell(row[name])}::${sqlType(type)}`).join(', ')})`,
  );
  await engine.run(
    `copy (select * from (values ${values.join(',\n')}) as given(${names}) where ${rows.length > 0}) to ${literal(path)} (format parquet)`,
  );
}

/** Every row of a dataset that is published. */
export async function publishedRows(workspace: Workspace, dataset: Dataset, columns: string) {
  const { relation } = await workspace.lake.select(everything, dataset);
  return (await workspace.engine()).rows(`select ${columns} from ${relation}`);
}
