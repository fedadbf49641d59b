import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from './graph-parts.ts';
import { type PartRow, planRows, type RowPlan } from './graph-plan.ts';

/** The rows of a graph in memory, changed as the records would be. */
function apply(rows: readonly PartRow[], { remove, end, resume, add }: RowPlan, draft: number): PartRow[] {
  const has = (refs: readonly { kind: string; key: string }[], row: PartRow) =>
    refs.some(({ kind, key }) => kind === row.kind && key === row.key);
  const left = rows.filter((row) => !(row.since === draft && has(remove, row)));
  const ended = left.map((row) => (row.until === null && has(end, row) ? { ...row, until: draft } : row));
  const resumed = ended.map((row) =>
    row.until === draft && has(resume, row) ? { ...row, until: null } : row,
  );
  return [...resumed, ...add.map((part) => ({ ...part, since: draft, until: null }))];
}

const visible = (rows: readonly PartRow[], version: number) =>
  rows.filter(({ since, until }) => since <= version && (until === null || until > version));
const said = (parts: readonly Part[]) =>
  parts.map(({ kind, key, position, text }) => `${kind} ${key} ${position} ${text}`).sort();
const inDraft = (rows: readonly PartRow[], draft: number) =>
  rows.filter(({ until }) => until === null || until === draft);
const touched = (rows: readonly PartRow[], draft: number) =>
  rows.filter(({ since, until }) => since === draft || until === draft);

const partArbitrary: fc.Arbitrary<Part> = fc
  .record({
    kind: fc.constantFrom('node', 'rule'),
    key: fc.constantFrom('a', 'b', 'c'),
    text: fc.constantFrom('1', '2'),
  })
  .chain(({ kind, key, text }) =>
    fc.constantFrom(1, 2).map((place) => ({
      kind: kind as 'node' | 'rule',
      key,
      text,
      position: kind === 'rule' ? place : null,
    })),
  );
const contentArbitrary = fc.uniqueArray(partArbitrary, {
  selector: ({ kind, key }) => kind + key,
  maxLength: 6,
});
const stepArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.record({ to: contentArbitrary }) },
  { weight: 2, arbitrary: fc.constant('publish' as const) },
  { weight: 1, arbitrary: fc.constant('revert' as const) },
);

describe('the rows of a draft', () => {
  it('hold what is wanted whatever came before, and leave every published version as it was', () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 12 }), (steps) => {
        let rows: PartRow[] = [];
        let draft = 1;
        let content: readonly Part[] = [];
        const published = new Map<number, readonly string[]>();
        const contents = new Map<number, readonly Part[]>();
        for (const step of steps) {
          if (step === 'publish') {
            published.set(draft, said(content));
            contents.set(draft, content);
            draft++;
            continue;
          }
          content = step === 'revert' ? (contents.get(draft - 1) ?? []) : step.to;
          rows = apply(rows, planRows(inDraft(rows, draft), content, draft), draft);
          expect(said(visible(rows, draft))).toEqual(said(content));
          for (const [number, parts] of published) expect(said(visible(rows, number))).toEqual(parts);
          const ids = rows.map(({ kind, key, since }) => `${kind} ${key} ${since}`);
          expect(new Set(ids).size).toBe(ids.length);
          // Put back as it was published, it leaves no trace.
          const before = published.get(draft - 1);
          if (before && said(content).join() === before.join()) expect(touched(rows, draft)).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are those alone that differ', () => {
    const node = (key: string, text: string): Part => ({ kind: 'node', key, position: null, text });
    const row = (part: Part, since: number): PartRow => ({ ...part, since, until: null });
    const rows = [row(node('a', '1'), 1), row(node('b', '1'), 1), row(node('c', '1'), 3)];
    const plan = planRows(rows, [node('a', '1'), node('b', '2'), node('d', '1')], 3);
    expect(plan.end.map(({ key }) => key)).toEqual(['b']);
    expect(plan.remove.map(({ key }) => key)).toEqual(['c']);
    expect(plan.resume).toEqual([]);
    expect(plan.add.map(({ key }) => key)).toEqual(['b', 'd']);
    expect(
      plan.changes.map(({ key, before, after }) => [key, before?.text ?? null, after?.text ?? null]),
    ).toEqual([
      ['b', '1', '2'],
      ['d', null, '1'],
      ['c', '1', null],
    ]);
  });
});
