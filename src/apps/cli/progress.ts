import type { Clock } from '../../platform/kernel/index.ts';
import type { Sink } from './io.ts';

/** How far a piece of work is. Totals give an ETA; bytes are preferred to rows for it. */
export interface ProgressState {
  readonly rows?: number;
  readonly totalRows?: number;
  readonly bytes?: number;
  readonly totalBytes?: number;
  /** What is being done now: a file, a step. */
  readonly step?: string;
}

export interface Progress {
  /** Call as often as convenient: writing is limited here. */
  readonly update: (state: ProgressState) => void;
  /** Ends the display; the rewritten line disappears. */
  readonly stop: () => void;
}

export interface ProgressOptions {
  readonly stderr: Sink;
  /** On a terminal one line is rewritten; elsewhere a plain line is written every 10 seconds. */
  readonly isTTY: boolean;
  readonly clock: Clock;
  readonly quiet: boolean;
  readonly columns?: number;
}

const rewriteMs = 100;
const plainMs = 10_000;

/** Starts showing progress. Always on stderr, so that data on stdout stays clean. */
export function startProgress(label: string, options: ProgressOptions): Progress {
  if (options.quiet) return { update: () => {}, stop: () => {} };
  const { stderr, isTTY, clock } = options;
  const interval = isTTY ? rewriteMs : plainMs;
  const started = clock.now().getTime();
  let shown = isTTY ? started - interval : started;
  let state: ProgressState = {};
  let onScreen = false;

  function show(): void {
    const now = clock.now().getTime();
    if (now - shown < interval) return;
    shown = now;
    const line = progressLine(label, state, now - started);
    if (isTTY) stderr.write(`\r\u001b[2K${line.slice(0, (options.columns ?? 80) - 1)}`);
    else stderr.write(`${line}\n`);
    onScreen = isTTY;
  }

  // A step that reports nothing for long still shows that time passes.
  const timer = setInterval(show, Math.min(interval, 1000));
  timer.unref();
  return {
    update: (next) => {
      state = { ...state, ...next };
      show();
    },
    stop: () => {
      clearInterval(timer);
      if (onScreen) stderr.write('\r\u001b[2K');
      onScreen = false;
    },
  };
}

/** `import bill.csv.gz: 1,300,000 rows, 154,762 rows/s, 48.0 of 96.0 MB, 8 s, 8 s left`. Rates are averages since the start. */
export function progressLine(label: string, state: ProgressState, elapsedMs: number): string {
  const { rows, totalRows, bytes, totalBytes, step } = state;
  const parts: string[] = [];
  if (rows) {
    parts.push(totalRows ? `${count(rows)} of ${count(totalRows)} rows` : `${count(rows)} rows`);
    if (elapsedMs >= 500) parts.push(`${count(Math.round((rows * 1000) / elapsedMs))} rows/s`);
  }
  if (bytes !== undefined)
    parts.push(totalBytes ? `${megabytes(bytes)} of ${megabytes(totalBytes)} MB` : `${megabytes(bytes)} MB`);
  parts.push(duration(elapsedMs));
  const left = remainingMs(state, elapsedMs);
  if (left !== undefined) parts.push(`${duration(left)} left`);
  return `${step === undefined ? label : `${label} ${step}`}: ${parts.join(', ')}`;
}

function remainingMs(
  { rows, totalRows, bytes, totalBytes }: ProgressState,
  elapsedMs: number,
): number | undefined {
  const [done, total] = totalBytes ? [bytes, totalBytes] : [rows, totalRows];
  if (!done || !total || elapsedMs < 1000) return undefined;
  return Math.max(0, (elapsedMs * (total - done)) / done);
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function megabytes(value: number): string {
  return (value / 1_000_000).toFixed(1);
}
