import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import type { S3Options } from '../s3-client.ts';

/** A real S3 protocol server in a temporary folder, behind a network that tests can disturb. */
export interface S3TestServer {
  /** The options that reach it; the key pair is in the environment variables of `keys`. */
  readonly options: S3Options;
  /** What came in, as `GET /bucket/key?query`, with the range asked for. */
  readonly requests: { readonly line: string; readonly range: string | undefined }[];
  /** Bodies are cut after so many bytes of an answer, so many times; or arrive with flipped bits. */
  readonly network: {
    cutAfter: number;
    cuts: number;
    flipBytes?: boolean;
    beforeGet?: (() => Promise<void>) | undefined;
  };
  readonly put: (bucket: string, key: string, body: Uint8Array | string) => Promise<void>;
  readonly createBucket: (bucket: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The only key pair that the server knows. Any other is answered with 403. */
export const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } as const;

/** Starts the server and, before it, a proxy that counts requests and cuts connections when told to. */
export async function startS3(): Promise<S3TestServer> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const directory = await mkdtemp(join(tmpdir(), 'centrail-s3-'));
  const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory });
  rollUpAsS3Does(server.store);
  const { port } = (await server.run()) as AddressInfo;
  const requests: S3TestServer['requests'] = [];
  const network: S3TestServer['network'] = { cutAfter: 0, cuts: 0 };
  const sockets = new Set<Socket>();
  const proxy = createServer((incoming, answer) => {
    requests.push({ line: `${incoming.method} ${incoming.url}`, range: incoming.headers.range });
    void forward({ incoming, answer, port, network });
  });
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const endpoint = `http://127.0.0.1:${await listen(proxy)}`;
  const admin = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY },
  });
  return {
    options: { endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 2 },
    requests,
    network,
    put: async (bucket, key, body) => {
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body) }));
    },
    createBucket: async (bucket) => {
      await admin.send(new CreateBucketCommand({ Bucket: bucket }));
    },
    close: async () => {
      admin.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * s3rver 3.7 leaves out common prefixes that hold no object directly (`exports/` of `exports/2026/a.csv`). S3 rolls up
 * every key below, and so does this.
 */
function rollUpAsS3Does(store: S3rver['store']): void {
  const listAll = store.listObjects.bind(store);
  store.listObjects = async (bucket, options) => {
    const { delimiter, prefix = '', ...others } = options;
    if (!delimiter) return listAll(bucket, options);
    const found = await listAll(bucket, { ...others, prefix, maxKeys: Number.POSITIVE_INFINITY });
    const cut = (key: string) => key.indexOf(delimiter, prefix.length) + 1;
    const deeper = found.objects.filter(({ key }) => cut(key) > 0);
    return {
      objects: found.objects.filter(({ key }) => cut(key) === 0),
      commonPrefixes: [...new Set(deeper.map(({ key }) => key.slice(0, cut(key))))],
      isTruncated: false,
    };
  };
}

interface Forwarding {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly port: number;
  readonly network: S3TestServer['network'];
}

async function forward({ incoming, answer, port, network }: Forwarding): Promise<void> {
  if (incoming.method === 'GET') await network.beforeGet?.();
  const { url, method, headers } = incoming;
  const onward = send({ port, host: '127.0.0.1', path: url, method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    let sent = 0;
    reply.on('data', (chunk: Buffer) => {
      if (network.flipBytes && method === 'GET') chunk[0] = (chunk[0] as number) ^ 1;
      const left = network.cuts > 0 && method === 'GET' ? network.cutAfter - sent : Number.POSITIVE_INFINITY;
      sent += chunk.length;
      if (chunk.length < left) {
        if (!answer.write(chunk)) {
          reply.pause();
          answer.once('drain', () => reply.resume());
        }
        return;
      }
      network.cuts--;
      reply.destroy();
      answer.write(chunk.subarray(0, left), () => answer.socket?.destroy());
    });
    reply.on('end', () => answer.end());
  });
  onward.on('error', () => answer.destroy());
  incoming.pipe(onward);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}
