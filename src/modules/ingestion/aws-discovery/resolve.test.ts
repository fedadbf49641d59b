import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveFile } from './resolve.ts';

const v1Key = 'cur/main/20180801-20180901/16e5/main-1.csv.gz';
const v2Key = 's3://acme/exports/demo/data/BILLING_PERIOD=2023-11/demo-1.parquet';

function at(manifestUri: string, key: string, bucket = ''): string | undefined {
  return resolveFile({ manifestUri, key, bucket });
}

test('in its own bucket a key is taken as it is', () => {
  const manifest = 's3://acme/cur/main/20180801-20180901/main-Manifest.json';
  expect(at(manifest, v1Key)).toBe(`s3://acme/${v1Key}`);
  expect(at(manifest, `/${v1Key}`, 'acme')).toBe(`s3://acme/${v1Key}`);
  expect(at(`s3://acme//main/x/main-Manifest.json`, '/main/x/1.csv')).toBe('s3://acme//main/x/1.csv');
});

test('in a copy of the bucket, whole or from any folder on, the file is found beside its manifest', () => {
  const month = '20180801-20180901';
  expect(at(`/copy/cur/main/${month}/main-Manifest.json`, v1Key, 'acme')).toBe(`/copy/${v1Key}`);
  expect(at(`/copy/main/${month}/main-Manifest.json`, v1Key)).toBe(
    '/copy/main/20180801-20180901/16e5/main-1.csv.gz',
  );
  expect(at(`/copy/${month}/16e5/main-Manifest.json`, v1Key)).toBe(
    '/copy/20180801-20180901/16e5/main-1.csv.gz',
  );
  expect(at('/flat/main-Manifest.json', v1Key)).toBe('/flat/main-1.csv.gz');
  const parquet = 'cur/main/main/year=2018/month=8/main-1.parquet';
  expect(at(`/copy/cur/main/${month}/main-Manifest.json`, parquet)).toBe(`/copy/${parquet}`);
});

test('Data Exports: data lies beside metadata, wherever the copy begins', () => {
  const tail = 'data/BILLING_PERIOD=2023-11/demo-1.parquet';
  const metadata = 'metadata/BILLING_PERIOD=2023-11';
  expect(at(`/copy/exports/demo/${metadata}/demo-Manifest.json`, v2Key)).toBe(`/copy/exports/demo/${tail}`);
  expect(at(`/renamed/${metadata}/demo-Manifest.json`, v2Key)).toBe(`/renamed/${tail}`);
  expect(at(`/d/${metadata}/2023-12-02T00:00:00.000Z-x/demo-Manifest.json`, v2Key)).toBe(`/d/${tail}`);
});

test('in a replicated bucket the file is read from that bucket, never from the one that is named', () => {
  const manifest = 's3://central/from-acme/exports/demo/metadata/BILLING_PERIOD=2023-11/demo-Manifest.json';
  expect(at(manifest, v2Key)).toBe(
    's3://central/from-acme/exports/demo/data/BILLING_PERIOD=2023-11/demo-1.parquet',
  );
  expect(at('s3://central/cur/main/20180801-20180901/main-Manifest.json', v1Key, 'acme')).toBe(
    `s3://central/${v1Key}`,
  );
});

test('no key whatever leads out of the folder that the copy lies in', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'copy', 'tmp', '/', 's3:', '\0'), fc.string());
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), (parts) => {
      const resolved = at('/tmp/copy/a/m-Manifest.json', parts.join('/'));
      if (resolved === undefined) return;
      expect(resolved.split('/')).not.toContain('..');
      expect(resolved.startsWith('/tmp/')).toBe(true);
    }),
  );
});
