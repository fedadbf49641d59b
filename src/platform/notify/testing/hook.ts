import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a hook was sent. */
export interface HookRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver on this machine, which keeps what it gets. */
export interface Hook {
  readonly port: number;
  /** `http://127.0.0.1:PORT/hooks/very-secret-path`. */
  readonly url: string;
  readonly requests: readonly HookRequest[];
  /** Connections that were made, whether something was asked or not. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

type Answer = (response: ServerResponse, count: number, request: IncomingMessage) => void;

/** Opens a hook that answers so; `count` is 1 at the first request. */
export async function openHook(
  answer: Answer = (response) => response.writeHead(204).end(),
  tls?: { readonly key: string; readonly cert: string },
): Promise<Hook> {
  const requests: HookRequest[] = [];
  let connections = 0;
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
      answer(response, requests.length, request);
    });
  };
  const server: Server = tls ? createTlsServer(tls, take) : createServer(take);
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/hooks/very-secret-path`,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
