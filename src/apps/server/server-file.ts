import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';

/** `finops.server.json` in a workspace: how its owner's commands reach the running server. */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
  /** Tells this run of the server from others. */
  readonly instance: string;
  /** A token that makes its bearer the owner of the workspace, as reading this file does. */
  readonly secret: string;
}

/** Longest wait for a server to say that it lives. */
const answerMs = 1000;

/** Where a running server tells its owner's commands how to reach it. */
export function serverFilePath(workspaceRoot: string): string {
  return join(workspaceRoot, 'finops.server.json');
}

/** The server that holds a workspace now; a file left by one that was killed is no server. */
export async function findServer(workspaceRoot: string): Promise<ServerFile | undefined> {
  const found = await readServerFile(workspaceRoot);
  return found && (await instanceAt(found.url)) === found.instance ? found : undefined;
}

/** The file as it is, whether its server lives or not. */
export async function readServerFile(workspaceRoot: string): Promise<ServerFile | undefined> {
  try {
    const text = await readFile(serverFilePath(workspaceRoot), 'utf8');
    return asServerFile(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asServerFile(value: Partial<ServerFile> | null): ServerFile | undefined {
  const { url, pid, instance, secret } = value ?? {};
  const texts = typeof url === 'string' && typeof instance === 'string' && typeof secret === 'string';
  return texts && typeof pid === 'number' ? { url, pid, instance, secret } : undefined;
}

/** Writes the file for its owner's eyes only; false when another server was faster. */
export async function advertise(workspaceRoot: string, file: ServerFile): Promise<boolean> {
  await mkdir(workspaceRoot, { recursive: true });
  try {
    await writeFile(serverFilePath(workspaceRoot), `${JSON.stringify(file)}\n`, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the file of this server, and of no other. */
export async function withdraw(workspaceRoot: string, instance: string): Promise<void> {
  if ((await readServerFile(workspaceRoot))?.instance === instance) await rm(serverFilePath(workspaceRoot));
}

/** Which server answers at a URL; the secret is not shown to whoever it is. */
function instanceAt(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(`${url}/healthz`, { timeout: answerMs, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 10_000) request.destroy();
      });
      response.on('end', () => resolve(instanceIn(text)));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

function instanceIn(text: string): string | undefined {
  try {
    const { instance } = JSON.parse(text) as { readonly instance?: unknown };
    return typeof instance === 'string' ? instance : undefined;
  } catch {
    return undefined;
  }
}
