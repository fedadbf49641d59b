import { expect, test } from 'vitest';
import { checkEndpoint, type EndpointPolicy, guardedLookup, placeOf } from './endpoint.ts';

/** What a socket is told about a name that resolves to `addresses`. */
function look(name: string, addresses: readonly string[], policy: EndpointPolicy): Promise<string> {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return new Promise((resolve) => {
    const lookup = guardedLookup(policy, (_name, _options, done) => done(null, found));
    lookup(name, {}, (error, address) => resolve(error ? error.name : String(address)));
  });
}

test('takes https anywhere and http to this machine only', () => {
  expect(checkEndpoint({})).toBeUndefined();
  expect(checkEndpoint({ endpoint: 'https://minio.example.com:9000' })).toBe(
    'https://minio.example.com:9000',
  );
  expect(checkEndpoint({ endpoint: 'http://127.0.0.1:9000' })).toBe('http://127.0.0.1:9000');
  expect(checkEndpoint({ endpoint: 'http://localhost:9000/' })).toBe('http://localhost:9000');
  expect(checkEndpoint({ endpoint: 'http://10.0.0.8', allowInsecure: true })).toBe('http://10.0.0.8');
  expect(checkEndpoint({ endpoint: 'https://10.0.0.8' })).toBe('https://10.0.0.8');
  expect(() => checkEndpoint({ endpoint: 'http://10.0.0.8' })).toThrow('allowInsecure');
});

test('never calls link-local and metadata addresses, in any spelling', () => {
  const spellings = [
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://0.0.0.0/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'file:///etc/passwd',
    'gopher://example.com',
  ];
  for (const endpoint of spellings) {
    expect(
      () => checkEndpoint({ endpoint, allowInsecure: true, allowPrivateNetwork: true }),
      endpoint,
    ).toThrow(/is refused/);
  }
});

test('does not repeat a key that someone wrote into the endpoint', () => {
  try {
    checkEndpoint({ endpoint: 'https://AKIAKEY:wJalrSECRET@minio.example.com' });
    expect.unreachable();
  } catch (error) {
    expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/wJalrSECRET|AKIAKEY/);
  }
});

test('a name that resolves to an inner address is called only when the operator allows it, to metadata never', async () => {
  const minio = { endpoint: 'https://minio.example.com' };
  expect(await look('minio.example.com', ['52.216.1.1'], minio)).toBe('52.216.1.1');
  expect(await look('minio.example.com', ['10.0.0.8'], minio)).toBe('ForbiddenAddress');
  expect(await look('minio.example.com', ['127.0.0.1', '10.0.0.8'], minio)).toBe('ForbiddenAddress');
  expect(await look('minio.example.com', ['10.0.0.8', '52.216.1.1'], minio)).toBe('52.216.1.1');
  const inner = { ...minio, allowPrivateNetwork: true };
  expect(await look('minio.example.com', ['10.0.0.8'], inner)).toBe('10.0.0.8');
  expect(await look('minio.example.com', ['169.254.169.254'], inner)).toBe('ForbiddenAddress');
  expect(await look('localhost', ['::1'], { endpoint: 'http://localhost' })).toBe('::1');
  // AWS's own host behind a VPC endpoint has a private address.
  expect(await look('s3.eu-west-1.amazonaws.com', ['10.0.0.8'], {})).toBe('10.0.0.8');
  expect(await look('s3.eu-west-1.amazonaws.com', ['169.254.169.254'], {})).toBe('ForbiddenAddress');
});

test('knows where an address lies', () => {
  expect(placeOf('52.216.1.1')).toBe('public');
  expect(placeOf('2600:1f18::1')).toBe('public');
  expect(placeOf('172.31.0.1')).toBe('private');
  expect(placeOf('172.32.0.1')).toBe('public');
  expect(placeOf('::ffff:10.0.0.1')).toBe('private');
  expect(placeOf('fd12::1')).toBe('private');
  expect(placeOf('127.8.8.8')).toBe('loopback');
  expect(placeOf('::1')).toBe('loopback');
  expect(placeOf('fe80::1%eth0')).toBe('forbidden');
  expect(placeOf('::')).toBe('forbidden');
});
