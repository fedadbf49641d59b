import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openS3Store } from './s3.ts';
import type { S3Options } from './s3-client.ts';
import type { ObjectStore } from './store.ts';
import { refusalOf } from './testing/refusal.ts';
import { keys, type S3TestServer, startS3 } from './testing/s3-server.ts';

let s3: S3TestServer;
let folder: string;

beforeAll(async () => {
  s3 = await startS3();
  await s3.createBucket('bills');
  await s3.put('bills', 'a', 'a');
});

afterAll(() => s3.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-aws-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
});

afterEach(() => vi.unstubAllEnvs());

async function headWith(options: Partial<S3Options> = {}): Promise<unknown> {
  const store = openS3Store({ ...s3.options, ...options });
  try {
    return await store.head('s3://bills/a');
  } finally {
    store.close();
  }
}

async function listAll(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { uri } of store.list(prefix)) found.push(uri);
  return found;
}

test('without any credentials: exit code 4 and what was tried', async () => {
  const refused = await refusalOf(headWith());
  expect(refused).toMatchObject({ code: 'objects.noCredentials', exitCode: 4 });
  expect(refused.message).toContain('the default chain: environment variables');
});

test('a profile that does not exist is named', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys.AWS_ACCESS_KEY_ID);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.AWS_SECRET_ACCESS_KEY);
  const refused = await refusalOf(headWith({ profile: 'bogus' }));
  expect(refused).toMatchObject({ code: 'objects.noCredentials', exitCode: 4 });
  expect(refused.message).toContain("the profile 'bogus'");
});

test('a profile gives key and region', async () => {
  await writeFile(
    join(folder, 'credentials'),
    '[billing]\naws_access_key_id=S3RVER\naws_secret_access_key=S3RVER\n',
  );
  await writeFile(join(folder, 'config'), '[profile billing]\nregion=eu-west-1\n');
  expect(await headWith({ profile: 'billing', region: undefined })).toMatchObject({ bytes: 1 });
});

test('a refused key is exit code 4, names the place, and no secret shows in the refusal', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAUNKNOWNUNKNOWN');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMIsecret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session-token-secret');
  const store = openS3Store(s3.options);
  const attempts = [
    () => store.head('s3://bills/a'),
    () => store.readText('s3://bills/a', 10),
    () => store.fetch('s3://bills/a', join(folder, 'x')),
    () => listAll(store, 's3://bills/aws/'),
  ];
  for (const attempt of attempts) {
    const refused = await refusalOf(attempt());
    expect(refused).toMatchObject({ code: 'objects.accessRefused', exitCode: 4 });
    expect(refused.message).toContain('s3://bills/a');
    const shown = `${refused.stack} ${JSON.stringify(refused)} ${String(refused.cause)}`;
    expect(shown).not.toMatch(/wJalr|session-token|AKIAUNKNOWN|Signature/);
  }
  store.close();
});

test('a network that is down is exit code 8', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const down = await refusalOf(headWith({ endpoint: `http://127.0.0.1:${port}` }));
  expect(down).toMatchObject({ code: 'objects.remoteUnavailable', exitCode: 8 });
  expect(down.message).toContain('ECONNREFUSED');
  const unknown = await refusalOf(headWith({ endpoint: 'https://no-such-host.invalid' }));
  expect(unknown).toMatchObject({ code: 'objects.remoteUnavailable', exitCode: 8 });
});

test('a server that does not speak S3 is exit code 8, not a crash', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  const server = createServer((_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const store = openS3Store({ ...s3.options, endpoint: `http://127.0.0.1:${port}` });
  expect(await refusalOf(listAll(store, 's3://bills/'))).toMatchObject({
    code: 'objects.remoteRefused',
    exitCode: 8,
  });
  store.close();
  await new Promise((resolve) => server.close(resolve));
});

test('an endpoint of the environment passes the same checks, and a region is no way into a host name', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://169.254.169.254');
  expect(() => openS3Store({ region: 'us-east-1' })).toThrow('never called');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
  expect(() => openS3Store({ region: 'x.evil.example/' })).toThrow('region');
  expect(() => openS3Store({ roleArn: 'arn:aws:s3:::x' })).toThrow('roleArn');
});

test('a missing region is named as a setting', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys.AWS_ACCESS_KEY_ID);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.AWS_SECRET_ACCESS_KEY);
  expect(await refusalOf(headWith({ region: undefined }))).toMatchObject({
    code: 'objects.noRegion',
    exitCode: 2,
  });
});

test('a role is assumed with its external id, and a role that refuses is exit code 4', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'base');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'base');
  const asked: string[] = [];
  const sts = createServer((request, answer) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push(body);
      const refused = body.includes('forbidden');
      answer.writeHead(refused ? 403 : 200, { 'content-type': 'text/xml' }).end(refused ? refusal : granted);
    });
  });
  await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', () => resolve()));
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`);
  const role = (name: string) => ({
    roleArn: `arn:aws:iam::123456789012:role/${name}`,
    externalId: 'tenant-7',
  });
  expect(await headWith(role('billing'))).toMatchObject({ bytes: 1 });
  expect(asked[0]).toContain('ExternalId=tenant-7');
  const refused = await refusalOf(headWith(role('forbidden')));
  expect(refused).toMatchObject({ code: 'objects.roleRefused', exitCode: 4 });
  expect(refused.message).toContain('role/forbidden');
  await new Promise((resolve) => sts.close(resolve));
});

const granted = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>S3RVER</AccessKeyId><SecretAccessKey>S3RVER</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
const refusal = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`;
