import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  categoryOfSubcategory,
  type FocusDatasetName,
  focusDatasets,
  identifyFocus,
  planLift,
} from '../src/modules/focus/index.ts';

/** Real sample bills, kept outside the repository; without them this suite is skipped by name. */
const samples = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'data');
const absent = !existsSync(samples);
const title = absent
  ? 'FOCUS against the sample bills (SKIPPED: no sample folder beside the repository)'
  : 'FOCUS against the sample bills';

describe.skipIf(absent)(title, () => {
  it('has the columns, types, levels and values of the official 1.4 data model', () => {
    const model = JSON.parse(
      readFileSync(join(samples, 'reference/focus-1.4-data-model.json'), 'utf8'),
    ) as Model;
    for (const [title, { columns }] of Object.entries(model.datasets)) {
      const dataset = title.replace(' and ', 'And').replace(' ', '') as FocusDatasetName;
      const ours = focusDatasets[dataset].filter((column) => column.levels['1.4']);
      expect(ours.map((column) => column.name).sort()).toEqual(Object.keys(columns).sort());
      for (const column of ours) {
        const theirs = columns[column.name];
        const level = column.levels['1.4'];
        expect({
          name: column.name,
          type: column.type,
          level: level?.level,
          nullable: level?.nullable,
          since: column.since,
          allowed: [...(column.allowed ?? [])].sort(),
        }).toEqual({
          name: column.name,
          type: types[theirs?.data_type ?? ''],
          level: theirs?.feature_level.toLowerCase(),
          nullable: theirs?.allows_nulls,
          since: theirs?.version,
          allowed: [...(theirs?.allowed_values ?? [])].sort(),
        });
      }
    }
    expect(Object.fromEntries(categoryOfSubcategory)).toEqual(model.service_subcategory_parents);
  });

  it('recognises every FOCUS file, its dataset and its version', () => {
    for (const file of filesIn('focus')) {
      const identity = identifyFocus(headerOf(file));
      const dataset = file.includes('contract-commitment') ? 'ContractCommitment' : 'CostAndUsage';
      expect([file, identity?.dataset]).toEqual([file, dataset]);
      const named = /focus-(1\.\d)_/.exec(file)?.[1];
      if (named) expect([file, identity?.version]).toEqual([file, named]);
    }
  });

  it('recognises every example of the specification as Cost and Usage', () => {
    const files = filesIn('focus-spec-examples');
    expect(files).toHaveLength(26);
    for (const file of files)
      expect([file, identifyFocus(headerOf(file))?.dataset]).toEqual([file, 'CostAndUsage']);
  });

  it('takes no AWS, Azure, Google, Oracle or Kubernetes file for FOCUS', () => {
    const files = ['aws', 'azure', 'gcp', 'oci', 'kubernetes', 'variants'].flatMap(filesIn);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) expect([file, identifyFocus(headerOf(file))]).toEqual([file, undefined]);
  });

  it('lifts the official 1.0 sample: every column is used or kept, its Id as x_Id', () => {
    const header = headerOf(join(samples, 'focus/focus-1.0_official-sample_1000.csv'));
    const plan = planLift(header, '1.0');
    expect(plan.columns.filter((column) => column.how === 'as is')).toHaveLength(41);
    expect(plan.custom.map((column) => column.target).sort()).toEqual([
      'x_Id',
      'x_ProviderName',
      'x_PublisherName',
    ]);
  });
});

interface Model {
  readonly datasets: Readonly<
    Record<
      string,
      {
        readonly columns: Readonly<
          Record<
            string,
            {
              readonly data_type: string;
              readonly feature_level: string;
              readonly allows_nulls: boolean;
              readonly version: string;
              readonly allowed_values: readonly string[] | null;
            }
          >
        >;
      }
    >
  >;
  readonly service_subcategory_parents: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  String: 'string',
  Decimal: 'decimal',
  'Date/Time': 'timestamp',
  JSON: 'json',
};

function filesIn(folder: string): string[] {
  return readdirSync(join(samples, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.csv(\.gz)?$/.test(name))
    .map((name) => join(samples, folder, name));
}

/** The header line of a sample; none of them quotes a comma in a column name. */
function headerOf(file: string): string[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [line = ''] = text.split(/\r?\n/, 1);
  return line.split(',').map((name) => name.replace(/^(\uFEFF?)"(.*)"$/, '$1$2'));
}
