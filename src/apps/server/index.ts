import type { FastifyInstance } from 'fastify';
import type { AppOptions } from './app.ts';
import type { Books, BooksOptions } from './books.ts';
import type { createLogger as Create } from './log.ts';
import type { OpenWorker } from './open-worker.ts';
import type { RunningServer, ServeOptions } from './serve.ts';

export type { Books } from './books.ts';
export { refusalOf } from './problems.ts';
export type { RunningServer } from './serve.ts';
export { findServer, readServerFile } from './server-file.ts';

// A command that asks a running server needs neither Fastify nor the engine: they are loaded when they are called for.

/** As `buildApp` of app.ts. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  return (await import('./app.ts')).buildApp(options);
}

/** As `serve` of serve.ts. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  return (await import('./serve.ts')).serve(options);
}

/** As `openBooks` of books.ts. */
export async function openBooks(options: BooksOptions): Promise<Books> {
  return (await import('./books.ts')).openBooks(options);
}

/** As `openWorker` of open-worker.ts. */
export async function openWorker(options: ServeOptions): Promise<OpenWorker> {
  return (await import('./open-worker.ts')).openWorker(options);
}

/** As `createLogger` of log.ts. */
export async function createLogger(
  ...options: Parameters<typeof Create>
): Promise<ReturnType<typeof Create>> {
  return (await import('./log.ts')).createLogger(...options);
}
