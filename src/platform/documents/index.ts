export { type CsvText, disarm, readCsv, rearm, writeCsv } from './csv.ts';
export { csvFile } from './csv-file.ts';
export { figureText } from './figure-text.ts';
export { documentPdf, tablePdf } from './pdf/document-pdf.ts';
export type {
  PdfBlock,
  PdfColumn,
  PdfDocument,
  PdfFact,
  PdfFigure,
  PdfRow,
  PdfTable,
  PdfWords,
} from './pdf/model.ts';
export {
  type SheetText,
  type XlsxCell,
  type XlsxColumn,
  type XlsxLimits,
  type XlsxSheet,
  xlsxLimits,
} from './xlsx/model.ts';
export { readXlsx, xlsxFile } from './xlsx/xlsx-file.ts';
