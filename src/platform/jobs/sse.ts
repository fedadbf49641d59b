import { PassThrough } from 'node:stream';
import type { RunEvent } from './follow.ts';
import type { Run } from './model.ts';

/** A comment this often keeps proxies from taking a quiet stream for a dead one. */
const heartbeatMs = 15_000;

/**
 * Events as a stream of `text/event-stream`. Lines of the log carry their id, so that a browser that reconnects names the
 * last one it saw. Ends with the events, and aborts `stopper` when the reader goes away.
 */
export function eventStream(
  events: AsyncGenerator<RunEvent>,
  { show, stopper }: { readonly show: (run: Run) => unknown; readonly stopper: AbortController },
): PassThrough {
  const stream = new PassThrough();
  const heartbeat = setInterval(() => stream.write(': still here\n\n'), heartbeatMs);
  stream.once('close', () => stopper.abort());
  async function pump(): Promise<void> {
    for await (const event of events) stream.write(textOf(event, show));
  }
  pump()
    .catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
    .finally(() => {
      clearInterval(heartbeat);
      stream.end();
    });
  return stream;
}

function textOf(told: RunEvent, show: (run: Run) => unknown): string {
  switch (told.event) {
    case 'state':
    case 'end':
      return frame(told.event, show(told.run));
    case 'step':
      return frame('step', told.step);
    case 'progress':
      return frame('progress', told.progress);
    case 'log':
      return `id: ${told.line.id}\n${frame('log', told.line)}`;
  }
}

/** JSON has no line breaks of its own, so that one `data` line holds it. */
function frame(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}
