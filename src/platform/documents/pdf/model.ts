/** What a PDF document says. Every text is shown as it is given: amounts are formatted by whoever knows their currency. */
export interface PdfDocument {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Facts about the whole, below the title: month, price view, currency. */
  readonly context?: readonly PdfFact[] | undefined;
  readonly blocks: readonly PdfBlock[];
  /** Printed in the footer and kept as the date of creation: the same input gives the same bytes. */
  readonly generatedAt: Date;
  /** Language of the texts as BCP 47 has it: `fr`, `de-CH`. `en` unless said. */
  readonly language?: string | undefined;
  /** `portrait` unless said. */
  readonly orientation?: 'portrait' | 'landscape' | undefined;
  /** What the footer says before the instant: whose document it is. */
  readonly footer?: string | undefined;
  /** The footer's own words; English unless said. */
  readonly words?: PdfWords | undefined;
}

/** A name and its value: `Month`, `2026-10`. */
export interface PdfFact {
  readonly name: string;
  readonly value: string;
}

/** The words that a document adds to what it was given. */
export interface PdfWords {
  /** `Page 1 of 3`. */
  readonly page: (page: number, pages: number) => string;
  /** `Generated 2026-11-21 09:30 UTC`, of `2026-11-21 09:30 UTC`. */
  readonly generated: (instant: string) => string;
}

/** A part of a document, from top to bottom. */
export type PdfBlock = PdfText | PdfFigures | PdfTable;

/** A heading, a paragraph, or a note in small print. A line end starts a new line. */
export interface PdfText {
  readonly kind: 'heading' | 'paragraph' | 'note';
  readonly text: string;
}

/** Key figures side by side, four in a row at most. */
export interface PdfFigures {
  readonly kind: 'figures';
  readonly figures: readonly PdfFigure[];
}

/** One key figure: `Total cost`, `EUR 12 345.60`, `+3.1 % against September`. */
export interface PdfFigure {
  readonly label: string;
  readonly value: string;
  readonly note?: string | undefined;
  /** Colour of the note, which must say the same in words. */
  readonly tone?: 'good' | 'bad' | undefined;
}

/** A table. Its header is repeated on each page, and no row is cut by the end of a page. */
export interface PdfTable {
  readonly kind: 'table';
  readonly title?: string | undefined;
  readonly columns: readonly PdfColumn[];
  readonly rows: readonly PdfRow[];
  /** The last row: one cell for each column, empty where there is nothing to sum. */
  readonly total?: readonly string[] | undefined;
  /** Small print below the table. */
  readonly note?: string | undefined;
}

/** A column. Figures are aligned right, and do not wrap unless there is no other way. */
export interface PdfColumn {
  readonly title: string;
  /** `left` unless said. */
  readonly align?: 'left' | 'right' | undefined;
  /**
   * Its part of the width that no cell needs: 2 gets twice as much as 1, 0 nothing. Unless said, 1 for texts and 0 for
   * figures.
   */
  readonly width?: number | undefined;
}

/** The cells of a row, one for each column; or a row that begins a group, or sums one up. */
export type PdfRow =
  | readonly string[]
  | { readonly cells: readonly string[]; readonly role: 'group' | 'subtotal' };
