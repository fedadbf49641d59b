import { expect, it } from 'vitest';
import { progressLine, startProgress } from './progress.ts';
import { fakeIo } from './testing/fake-io.ts';

function at(options: { readonly isTTY: boolean; readonly quiet?: boolean }) {
  const io = fakeIo();
  const time = { ms: 0 };
  const clock = { now: () => new Date(time.ms) };
  const progress = startProgress('import', { stderr: io.stderr, clock, quiet: false, ...options });
  return { io, time, progress };
}

it('states rows, rate, bytes, time and what is left', () => {
  expect(
    progressLine('import', { rows: 1_300_000, bytes: 48e6, totalBytes: 96e6, step: 'bill.csv.gz' }, 8400),
  ).toBe('import bill.csv.gz: 1,300,000 rows, 154,762 rows/s, 48.0 of 96.0 MB, 8 s, 8 s left');
  expect(progressLine('import', { rows: 10, totalRows: 40 }, 100_000)).toBe(
    'import: 10 of 40 rows, 0 rows/s, 1 min 40 s, 5 min 0 s left',
  );
  expect(progressLine('import', {}, 100)).toBe('import: 0 s');
});

it('rewrites one line on a terminal, ten times a second at most, and takes it away at the end', () => {
  const { io, time, progress } = at({ isTTY: true });
  for (time.ms = 0; time.ms < 1000; time.ms += 10) progress.update({ rows: time.ms });
  expect(io.err().split('\r\u001b[2K')).toHaveLength(11);
  progress.stop();
  expect(io.err()).not.toContain('\n');
  expect(io.err().endsWith('\r\u001b[2K')).toBe(true);
});

it('writes a plain line every ten seconds elsewhere, and none before', () => {
  const { io, time, progress } = at({ isTTY: false });
  for (time.ms = 0; time.ms < 9999; time.ms += 100) progress.update({ rows: time.ms });
  expect(io.err()).toBe('');
  for (; time.ms <= 30_000; time.ms += 100) progress.update({ rows: time.ms });
  progress.stop();
  expect(io.err().trimEnd().split('\n')).toHaveLength(3);
  expect(io.err()).not.toContain('\r');
});

it('writes nothing when quiet', () => {
  const { io, time, progress } = at({ isTTY: true, quiet: true });
  time.ms = 60_000;
  progress.update({ rows: 1 });
  progress.stop();
  expect(io.err()).toBe('');
});
