import type { ColumnIn, Session, Workspace } from '../../../platform/warehouse/index.ts';

/** Changes a column that is appended to a table: what the engine has computed, on its way to the lake. */
export type Doctor = (table: string, columns: readonly ColumnIn[], count: number) => readonly ColumnIn[];

/** The workspace, whose books are broken on purpose: whatever is appended goes through the doctor. */
export function doctored(workspace: Workspace, doctor: Doctor): Workspace {
  return {
    ...workspace,
    engine: async () => {
      const engine = await workspace.engine();
      return {
        ...engine,
        session: (work) => engine.session((session) => work(withDoctor(session, doctor))),
      };
    },
  };
}

function withDoctor(session: Session, doctor: Doctor): Session {
  return {
    ...session,
    append: (table, columns, count) => session.append(table, doctor(table, columns, count), count),
  };
}

/** Adds to the first value of one column of a table. */
export function addTo(table: string, column: number, amount: number): Doctor {
  return (name, columns, count) => {
    if (name !== table || count === 0) return columns;
    return columns.map((values, at) => {
      if (at !== column || !(values instanceof Float64Array)) return values;
      const changed = values.slice();
      changed[0] = (changed[0] as number) + amount;
      return changed;
    });
  };
}
