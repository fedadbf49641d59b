/**
 * A cell. A text is a text, whatever it begins with. `decimal` is an exact decimal text, shown with so many `places`;
 * `date` a day, `2026-10-31`; null is empty.
 */
export type XlsxCell =
  | string
  | null
  | { readonly decimal: string; readonly places?: number | undefined }
  | { readonly integer: bigint | number | string }
  | { readonly date: string };

/** A sheet to write. Its first row is made of the titles, and stays in sight. */
export interface XlsxSheet {
  /** Made to fit: spreadsheets know no `/` in it, no more than 31 characters, and no name twice. */
  readonly name: string;
  readonly columns: readonly XlsxColumn[];
  readonly rows: readonly (readonly XlsxCell[])[];
}

export interface XlsxColumn {
  readonly title: string;
  /** In characters; unless said, as wide as what is in it, 60 at most. */
  readonly width?: number | undefined;
}

/** A sheet that was read: the same shape as `CsvText` has. */
export interface SheetText {
  readonly name: string;
  /** Rows with their number in the sheet; empty rows are left out. Cells without a value are empty texts. */
  readonly records: readonly { readonly row: number; readonly cells: readonly string[] }[];
}

/** How much is read of a file that somebody sent. */
export interface XlsxLimits {
  /** Of the file. */
  readonly bytes: number;
  /** Of what is packed in it. */
  readonly unpackedBytes: number;
  /** The last row of a sheet that holds a value. */
  readonly rows: number;
  /** Of each sheet, from the first cell to the last row and column that hold a value. */
  readonly cells: number;
  readonly sheets: number;
  /** For all of it. */
  readonly timeoutMs: number;
}

/** 500,000 cells are 83,000 rows of six columns: 4 s of a thread, 250 MB. */
export const xlsxLimits: XlsxLimits = {
  bytes: 20_000_000,
  unpackedBytes: 100_000_000,
  rows: 100_000,
  cells: 500_000,
  sheets: 50,
  timeoutMs: 60_000,
};
