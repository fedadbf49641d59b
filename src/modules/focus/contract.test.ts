import { describe, expect, it } from 'vitest';
import { focusExportRequestSchema } from './contract.ts';

describe('a request for an export', () => {
  it('means FOCUS 1.4 as CSV, safe to open and without provenance, unless it says otherwise', () => {
    expect(focusExportRequestSchema.parse({})).toEqual({
      version: '1.4',
      format: 'csv',
      provenance: false,
      custom: false,
      verbatim: false,
    });
  });

  it.each([{ version: '0.5' }, { format: 'xlsx' }, { from: '2026-13' }, { file: '/etc/passwd' }])(
    'refuses %o',
    (request) => {
      expect(focusExportRequestSchema.safeParse(request).success).toBe(false);
    },
  );
});
