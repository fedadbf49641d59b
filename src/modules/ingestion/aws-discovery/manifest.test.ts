import { expect, test } from 'vitest';
import { parsePeriod, Refusal } from '../../../platform/kernel/index.ts';
import { parseManifest } from './manifest.ts';

const v1Uri = 's3://acme-bills/cur/main/20180801-20180901/main-Manifest.json';
const v1 = {
  assemblyId: '16e57707-f9e3-49be-8be6-b84e684b5194',
  account: '123456789012',
  columns: [
    { category: 'identity', name: 'LineItemId' },
    { category: 'lineItem', name: 'UnblendedCost', type: 'OptionalBigDecimal' },
  ],
  charset: 'UTF-8',
  compression: 'GZIP',
  contentType: 'text/csv',
  reportName: 'main',
  billingPeriod: { start: '20180801T000000.000Z', end: '20180901T000000.000Z' },
  bucket: 'acme-bills',
  reportKeys: [
    '/cur/main/20180801-20180901/16e5/main-1.csv.gz',
    'cur/main/20180801-20180901/16e5/main-2.csv.gz',
  ],
  additionalArtifactKeys: [],
};
const v2Uri = '/copy/exports/demo/metadata/BILLING_PERIOD=2023-11/demo-Manifest.json';
const v2 = {
  executionId: '11111111-2222-3333-4444-555555555555',
  billingPeriod: { start: '20231101T000000.000Z', end: '20231201T000000.000Z' },
  compression: 'Parquet',
  contentType: 'Parquet',
  dataFiles: ['s3://bucket/exports/demo/data/BILLING_PERIOD=2023-11/demo-00001.snappy.parquet'],
};

function refused(manifest: unknown, uri = v1Uri, asked = {}): Refusal {
  try {
    parseManifest(typeof manifest === 'string' ? manifest : JSON.stringify(manifest), uri, asked);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('reads a CUR v1 manifest: all its keys, its columns as the header has them', () => {
  expect(
    parseManifest(JSON.stringify(v1), v1Uri, { exportName: 'main', period: parsePeriod('2018-08') }),
  ).toEqual({
    uri: v1Uri,
    exportName: 'main',
    period: '2018-08',
    versionId: '16e57707-f9e3-49be-8be6-b84e684b5194',
    kind: 'cur-v1',
    contentType: 'text/csv',
    compression: 'GZIP',
    account: '123456789012',
    columns: ['identity/LineItemId', 'lineItem/UnblendedCost'],
    files: [
      's3://acme-bills/cur/main/20180801-20180901/16e5/main-1.csv.gz',
      's3://acme-bills/cur/main/20180801-20180901/16e5/main-2.csv.gz',
    ],
  });
});

test('reads a Data Exports manifest, with dataFiles or reportKeys, with or without its own month', () => {
  const { billingPeriod: _, dataFiles, ...bare } = v2;
  const variants = [
    v2,
    { ...bare, dataFiles },
    { ...bare, reportKeys: dataFiles, columns: [{ name: 'bill_type' }] },
  ];
  for (const variant of variants) {
    expect(parseManifest(JSON.stringify(variant), v2Uri)).toMatchObject({
      exportName: 'demo',
      period: '2023-11',
      versionId: v2.executionId,
      kind: 'data-export',
      files: ['/copy/exports/demo/data/BILLING_PERIOD=2023-11/demo-00001.snappy.parquet'],
    });
  }
});

test('reads a month written as ISO dates, and a December', () => {
  const december = { start: '2018-12-01T00:00:00.000Z', end: '2019-01-01T00:00:00Z' };
  const uri = 's3://acme-bills/main-Manifest.json';
  expect(parseManifest(JSON.stringify({ ...v1, billingPeriod: december }), uri).period).toBe('2018-12');
});

test('a file named twice is refused, in whatever spelling: its cost would count double', () => {
  const [first = ''] = v1.reportKeys;
  for (const again of [first, first.slice(1), `s3://acme-bills${first}`]) {
    const error = refused({ ...v1, reportKeys: [first, again] });
    expect(error, again).toMatchObject({ code: 'awsDiscovery.duplicateFile', exitCode: 5 });
    expect(error.message).toContain('main-1.csv.gz');
    expect(error.message).toContain('reportKeys');
  }
});

test('a manifest of another export is refused, by its report name, its file name, or what was asked for', () => {
  expect(refused({ ...v1, reportName: 'other' })).toMatchObject({
    code: 'awsDiscovery.otherExport',
    exitCode: 5,
  });
  expect(refused(v1, v1Uri, { exportName: 'mine' }).message).toContain(
    "belongs to the export 'main' (reportName)",
  );
  expect(refused(v2, v2Uri, { exportName: 'mine' }).message).toContain("export 'demo' (its file name)");
});

test('a missing or odd month is refused and the field named', () => {
  const months = [
    undefined,
    null,
    'August',
    { start: '20180801T000000.000Z' },
    { start: '20180802T000000.000Z', end: '20180901T000000.000Z' },
    { start: '20180801T000000.000Z', end: '20181001T000000.000Z' },
    { start: '20180901T000000.000Z', end: '20180801T000000.000Z' },
    { start: '20181301T000000.000Z', end: '20190101T000000.000Z' },
    { start: '20180801T080000.000Z', end: '20180901T000000.000Z' },
  ];
  for (const billingPeriod of months) {
    const error = refused({ ...v1, billingPeriod });
    expect(error, JSON.stringify(billingPeriod)).toMatchObject({
      code: 'awsDiscovery.badManifest',
      exitCode: 5,
    });
    expect(error.message).toContain('billingPeriod');
  }
  expect(refused(v1, v1Uri.replace('20180801-20180901', '20180901-20181001')).message).toContain('2018-08');
  expect(refused(v1, v1Uri, { period: parsePeriod('2018-07') }).message).toContain('2018-07');
});

test('what cannot be a manifest is refused: no JSON, no id, no files, names that lead elsewhere', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ['{"assemblyId":', 'not JSON'],
    ['[]', 'not a JSON object'],
    [{ ...v1, assemblyId: undefined }, 'assemblyId or executionId'],
    [{ ...v1, assemblyId: '' }, 'assemblyId'],
    [{ ...v1, reportKeys: undefined }, 'reportKeys'],
    [{ ...v1, reportKeys: [] }, 'names no file'],
    [{ ...v1, reportKeys: [7] }, 'reportKeys[0]'],
    [{ ...v1, reportKeys: ['a/../../b.csv'] }, 'reportKeys[0]'],
    [{ ...v1, reportKeys: ['https://evil.example/b.csv'] }, 'reportKeys[0]'],
    [{ ...v1, reportKeys: ['file:///etc/passwd'] }, 'reportKeys[0]'],
    [{ ...v1, reportKeys: ['a/\0'] }, 'reportKeys[0]'],
  ];
  for (const [manifest, words] of cases) {
    const error = refused(manifest);
    expect(error, words).toMatchObject({ code: 'awsDiscovery.badManifest', exitCode: 5 });
    expect(error.message).toContain(words);
    expect(error.message).toContain('main-Manifest.json');
  }
});
