import type { Clock } from '../kernel/index.ts';
import type {
  LogLevel,
  RunContext,
  RunProgress,
  RunState,
  RunStep,
  ShownProgress,
  StepHandle,
} from './model.ts';
import type { NewLogLine } from './steps-sql.ts';
import { storableText } from './storable.ts';

/** What a run has told since it was last kept. */
export interface Told {
  readonly progress: ShownProgress | null;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly steps: readonly Step[];
  readonly lines: readonly NewLogLine[];
}

type Step = Omit<RunStep, 'attempt'>;

/** Collects what a handler tells, many times a second, so that it is kept about once a second. */
export interface Recorder extends Pick<RunContext, 'step' | 'log' | 'progress' | 'rows' | 'belongsTo'> {
  /** True when something was told that has not been kept. */
  readonly hasNews: () => boolean;
  /** What is to be kept; it counts as kept until `giveBack`. */
  readonly take: () => Told;
  /** Keeping failed: the next `take` has it again. */
  readonly giveBack: (told: Told) => void;
  /** Ends the steps that are open. */
  readonly endSteps: (state: RunState) => void;
  readonly entity: () => string | undefined;
}

/** More lines are dropped, with a last one that says so: the log is for people. */
const maxLines = 1000;
const maxLineLength = 2000;

/** `onProgress` hears of progress at once. */
export function createRecorder(clock: Clock, onProgress: (progress: ShownProgress) => void): Recorder {
  const began = clock.now().getTime();
  const steps = new Map<string, Step>();
  const changed = new Set<string>();
  let lines: NewLogLine[] = [];
  let lineCount = 0;
  let progress: ShownProgress | null = null;
  let rows = { in: 0, out: 0 };
  let entity: string | undefined;
  let dirty = false;

  const instant = () => clock.now().toISOString();

  function change(name: string, values: Partial<Step>): void {
    const step = steps.get(name);
    if (step?.state !== 'running') return;
    steps.set(name, { ...step, ...values });
    changed.add(name);
  }

  function step(name: string): StepHandle {
    const known = steps.get(name);
    if (known?.state !== 'running') {
      const begun = known ?? { number: steps.size + 1, name, rowsIn: 0, rowsOut: 0, startedAt: instant() };
      steps.set(name, { ...begun, state: 'running', finishedAt: null });
      changed.add(name);
    }
    return {
      rows: ({ in: rowsIn, out: rowsOut }) =>
        change(name, {
          ...(rowsIn === undefined ? {} : { rowsIn }),
          ...(rowsOut === undefined ? {} : { rowsOut }),
        }),
      end: (state = 'succeeded') => change(name, { state, finishedAt: instant() }),
    };
  }

  function log(level: LogLevel, message: string): void {
    lineCount++;
    if (lineCount > maxLines) return;
    const text = lineCount === maxLines ? 'further lines are not kept' : message.slice(0, maxLineLength);
    lines.push({ level, message: storableText(text), at: instant() });
  }

  return {
    step,
    log,
    progress: (told) => {
      progress = { ...told, rowsPerSecond: rateOf(told, clock.now().getTime() - began) };
      dirty = true;
      onProgress(progress);
    },
    rows: (told) => {
      rows = told;
      dirty = true;
    },
    belongsTo: (id) => {
      entity = id;
    },
    entity: () => entity,
    endSteps: (state) => {
      const last = state === 'succeeded' || state === 'cancelled' ? state : 'failed';
      for (const name of steps.keys()) change(name, { state: last, finishedAt: instant() });
    },
    hasNews: () => dirty || changed.size > 0 || lines.length > 0,
    take: () => {
      const told = {
        progress,
        rowsIn: rows.in,
        rowsOut: rows.out,
        steps: [...changed].flatMap((name) => steps.get(name) ?? []),
        lines,
      };
      changed.clear();
      lines = [];
      dirty = false;
      return told;
    },
    giveBack: (told) => {
      for (const { name } of told.steps) changed.add(name);
      lines = [...told.lines, ...lines];
      dirty = true;
    },
  };
}

/** Rows per second since the beginning; null in the first half second, when it would say nothing. */
function rateOf({ rows }: RunProgress, elapsedMs: number): number | null {
  return rows === undefined || elapsedMs < 500 ? null : Math.round((rows * 1000) / elapsedMs);
}
