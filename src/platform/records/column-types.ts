import pg from 'pg';

const { builtins } = pg.types;

/** Text of the server → value. Money and large integers lose nothing; times are UTC, ISO 8601 with milliseconds. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.INT8]: (text) => BigInt(text),
  [builtins.DATE]: (text) => text,
  [builtins.TIMESTAMP]: isoTime,
  [builtins.TIMESTAMPTZ]: isoTime,
};

/** The same on every connection: `numeric` and dates are text, `int8` is bigint, times are text. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers[id]) ??
    pg.types.getTypeParser(id, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

function isoTime(text: string): string {
  return new Date(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`).toISOString();
}
