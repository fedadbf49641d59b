import { describe, expect, it } from 'vitest';
import type { Clock } from '../kernel/index.ts';
import type { ShownProgress } from './model.ts';
import { createRecorder } from './recorder.ts';

function recorderAt(start = '2026-10-14T06:00:00.000Z') {
  let ms = Date.parse(start);
  const clock: Clock = { now: () => new Date(ms) };
  const heard: ShownProgress[] = [];
  return {
    heard,
    pass: (more: number) => {
      ms += more;
    },
    recorder: createRecorder(clock, (progress) => heard.push(progress)),
  };
}

describe('the recorder of a run', () => {
  it('keeps only what is new, and everything again when keeping failed', () => {
    const { recorder } = recorderAt();
    recorder.step('read').rows({ in: 10 });
    recorder.log('info', 'hello');
    const told = recorder.take();
    expect(told).toMatchObject({
      steps: [{ name: 'read', number: 1, rowsIn: 10 }],
      lines: [{ message: 'hello' }],
    });
    expect(recorder.hasNews()).toBe(false);
    recorder.log('info', 'there');
    recorder.giveBack(told);
    expect(recorder.take()).toMatchObject({
      steps: [{ name: 'read' }],
      lines: [{ message: 'hello' }, { message: 'there' }],
    });
  });

  it('goes on with a step of the same name, and changes none that has ended', () => {
    const { recorder, pass } = recorderAt();
    recorder.step('read').rows({ in: 10 });
    recorder.step('read').end();
    const again = recorder.step('read');
    again.rows({ out: 9 });
    pass(1000);
    again.end();
    again.rows({ in: 99 });
    expect(recorder.take().steps).toEqual([
      {
        number: 1,
        name: 'read',
        state: 'succeeded',
        rowsIn: 10,
        rowsOut: 9,
        startedAt: '2026-10-14T06:00:00.000Z',
        finishedAt: '2026-10-14T06:00:01.000Z',
      },
    ]);
  });

  it('ends open steps as the run ends', () => {
    const { recorder } = recorderAt();
    recorder.step('read').end();
    recorder.step('convert');
    recorder.endSteps('cancelled');
    expect(recorder.take().steps.map(({ state }) => state)).toEqual(['succeeded', 'cancelled']);
  });

  it('tells rows per second once there is something to tell', () => {
    const { recorder, pass, heard } = recorderAt();
    const progress = { label: 'read', done: 1, total: null, unit: 'bytes' } as const;
    recorder.progress({ ...progress, rows: 10 });
    pass(2000);
    recorder.progress({ ...progress, rows: 1000 });
    expect(heard.map(({ rowsPerSecond }) => rowsPerSecond)).toEqual([null, 500]);
  });

  it('drops what no person reads, and characters that the database does not take', () => {
    const { recorder } = recorderAt();
    recorder.log('info', 'a\u0000b\ud800');
    for (let line = 0; line < 2000; line++) recorder.log('info', 'x'.repeat(3000));
    const { lines } = recorder.take();
    expect(lines).toHaveLength(1000);
    expect(lines[0]?.message).toBe('ab\ufffd');
    expect(lines[1]?.message).toHaveLength(2000);
    expect(lines.at(-1)?.message).toBe('further lines are not kept');
  });
});
