/**
 * CSV as RFC 4180 has it, byte by byte: comma, double quotes, doubled to escape, any line end.
 * DuckDB reads the bills; this is for the header, and for files that its strict mode refuses.
 */

/** The first record of a text. `complete` is false when the text ends before the record does. */
export function readCsvRecord(text: string): { readonly fields: string[]; readonly complete: boolean } {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  const start = text.startsWith('\ufeff') ? 1 : 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n' || c === '\r') return { fields: [...fields, field], complete: true };
    else field += c;
  }
  return { fields: [...fields, field], complete: false };
}

/** A record with another number of fields than the header. `row` counts records from 1, the header left out. */
export interface RaggedRow {
  readonly row: number;
  readonly fields: number;
}

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Levels a CSV stream to `width` fields a record: short records are padded with empty fields, long ones cut, empty lines
 * dropped, every line end a line feed; every such record is reported. Record numbers stay as in the original.
 */
export class CsvLeveller {
  readonly ragged: RaggedRow[] = [];
  /** Records seen, the header included. */
  records = 0;
  private readonly width: number;
  private quoted = false;
  private fields = 1;
  private length = 0;
  private fieldLength = 0;
  /** The last byte closed a quoted field; a quote now is the second of a doubled one. */
  private closing = false;

  constructor(width: number) {
    this.width = width;
  }

  /** Levels one chunk of bytes. */
  push(chunk: Uint8Array): Uint8Array {
    const out = Buffer.allocUnsafe(chunk.length + this.width * 2 + (chunk.length >> 1) * this.width);
    let at = 0;
    for (const byte of chunk) {
      if (!this.quoted && (byte === lineFeed || byte === carriageReturn)) at = this.endRecord(out, at);
      else {
        this.step(byte);
        if (this.fields <= this.width) out[at++] = byte;
      }
    }
    return out.subarray(0, at);
  }

  /** Ends the last record when the file does not end with a line end. */
  finish(): Uint8Array {
    const out = Buffer.allocUnsafe(this.width + 2);
    return out.subarray(0, this.endRecord(out, 0));
  }

  /** A quote opens a field only at its start; inside an unquoted field it is an ordinary character. */
  private step(byte: number): void {
    this.length++;
    if (byte === comma && !this.quoted) {
      this.fields++;
      this.fieldLength = 0;
      return;
    }
    if (byte === quote && (this.quoted || this.fieldLength === 0 || this.closing)) this.quoted = !this.quoted;
    this.closing = byte === quote && !this.quoted;
    this.fieldLength++;
  }

  private endRecord(out: Buffer, start: number): number {
    let at = start;
    if (this.length > 0) {
      if (this.fields !== this.width) this.ragged.push({ row: this.records, fields: this.fields });
      for (let missing = this.fields; missing < this.width; missing++) out[at++] = comma;
      out[at++] = lineFeed;
      this.records++;
    }
    this.fields = 1;
    this.length = 0;
    this.fieldLength = 0;
    this.closing = false;
    return at;
  }
}
