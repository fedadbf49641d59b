import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importConsumption, publishPrices, putRates, setCalendar } from '../../modules/showback/index.ts';
import { ownerCaller, type Period } from '../../platform/kernel/index.ts';
import { openRecords, sealNow } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { months } from './group.ts';
import { budgetLines, consumptionCsv, demoRates } from './showback-group.ts';

/** What the demo priced. */
export interface DemoShowback {
  readonly views: readonly string[];
  readonly facts: number;
  readonly months: number;
}

interface Writing {
  readonly workspace: Workspace;
  /** Where files of consumption go. */
  readonly folder: string;
  readonly seed: number;
  readonly onStep: (text: string) => void;
  readonly only?: readonly Period[];
}

const caller = ownerCaller(null);

/** The first month of the revised budget. */
const revisedFrom = '2026-07';

/** Publishes two budgets and rates, says which holds when, and imports the consumption of every month, as a person would by commands. */
export async function writeShowback({
  workspace,
  folder,
  seed,
  onStep,
  only = months,
}: Writing): Promise<DemoShowback> {
  const records = await openRecords({ root: workspace.root });
  const now = workspace.clock.now();
  const view = (id: string, label: string, percent: number) => ({
    ...{
      id,
      label,
      kind: 'budget' as const,
      currency: 'EUR',
      rateType: 'average' as const,
      entity: null,
      graph: null,
    },
    lines: budgetLines(percent),
  });
  const views = [
    view('budget-2026', 'Budget 2026', 100),
    view('budget-2026-revised', 'Budget 2026, revised in June', 107),
  ];
  try {
    await records.write(caller, async (tx) => {
      for (const { lines, ...one } of views)
        await publishPrices(tx, caller, one, lines, { now, note: 'the budget of the demo' });
      await putRates(tx, caller, months.flatMap(demoRates));
      const span = { entity: null, view: 'budget-2026', validFrom: months[0] ?? '', validTo: null };
      await setCalendar(tx, caller, span);
      await setCalendar(tx, caller, { ...span, view: 'budget-2026-revised', validFrom: revisedFrom });
    });
    await mkdir(folder, { recursive: true });
    let facts = 0;
    for (const month of only) {
      onStep(`importing consumption of ${month}`);
      const path = join(folder, `consumption-${month}.csv`);
      await writeFile(path, consumptionCsv(month, seed));
      const how = {
        name: `consumption-${month}.csv`,
        isList: false,
        source: 'cmdb',
        acceptRejects: false,
        dryRun: false,
      };
      const world = { workspace, records: async () => records };
      const { rows } = await importConsumption(world, caller, { path, roots: ['/'], ...how });
      facts += rows.taken;
    }
    await sealNow(records);
    return { views: views.map(({ id }) => id), facts, months: only.length };
  } finally {
    await records.close();
  }
}
