import { createHash } from 'node:crypto';
import { errors } from '../errors.ts';
import { drawFigures, drawText, drawTop } from './blocks.ts';
import { type Canvas, drawEdges, openCanvas } from './canvas.ts';
import { cleaned } from './clean.ts';
import { useFonts } from './fonts.ts';
import type { PdfBlock, PdfDocument, PdfTable, PdfWords } from './model.ts';
import { drawTable } from './table.ts';
import { spaces } from './theme.ts';

/** Rows of all tables together; more is nothing to read on paper. */
const mostRows = 10_000;

/**
 * A PDF on A4: title, facts, blocks, and on every page what it is, when it was made and which page of how many. The
 * font is embedded, its digits have one width, the structure is tagged for those who have it read to them. The same
 * description gives the same bytes. Refusals: `documents.tooLong`, `documents.fontMissing`.
 *
 * A table of 1,000 rows and six columns takes 0.7 s, in turns of some 20 ms, and makes 830 kB.
 */
export async function documentPdf(given: PdfDocument): Promise<Buffer> {
  const description = cleaned(given);
  refuseLong(description);
  const { default: PDFDocument } = await import('pdfkit');
  const pdf = new PDFDocument(optionsOf(description));
  keepMetadataSound(pdf);
  useFonts(pdf);
  const done = bytesOf(pdf);
  const canvas = openCanvas(pdf, description.orientation ?? 'portrait');
  drawTop(canvas, description);
  for (const block of description.blocks) await drawBlock(canvas, block);
  drawEdges(pdf, canvas, edgesOf(description));
  pdf.end();
  return await done;
}

/** A document of one table: the same as `documentPdf` with it as the only block. */
export function tablePdf({
  table,
  ...rest
}: Omit<PdfDocument, 'blocks'> & { readonly table: Omit<PdfTable, 'kind'> }): Promise<Buffer> {
  return documentPdf({ ...rest, blocks: [{ kind: 'table', ...table }] });
}

async function drawBlock(canvas: Canvas, block: PdfBlock): Promise<void> {
  if (block.kind === 'figures') return drawFigures(canvas, block.figures);
  if (block.kind !== 'table') return drawText(canvas, block);
  await drawTable(canvas, block);
  canvas.y += spaces.afterBlock * (block.note ? 0.4 : 1);
  if (block.note) drawText(canvas, { kind: 'note', text: block.note });
}

function refuseLong({ blocks }: PdfDocument): void {
  const found = blocks.reduce((sum, block) => sum + (block.kind === 'table' ? block.rows.length : 0), 0);
  if (found > mostRows) throw errors.tooLong({ what: 'rows', found, limit: mostRows });
}

function optionsOf(description: PdfDocument): PDFKit.PDFDocumentOptions {
  const { title, subtitle, generatedAt, language = 'en' } = description;
  const info = {
    Title: title,
    Author: 'Centrail',
    Creator: 'Centrail',
    ...(subtitle ? { Subject: subtitle } : {}),
    CreationDate: generatedAt,
    ModDate: generatedAt,
    // pdfkit makes the file's id of these, so that two files differ in it when what they say does.
    Content: createHash('sha256').update(JSON.stringify(description)).digest('hex'),
  };
  return {
    info,
    pdfVersion: '1.7',
    lang: language,
    tagged: true,
    displayTitle: true,
    bufferPages: true,
    autoFirstPage: false,
    font: '',
  };
}

/** pdfkit writes title and author into XML as they are: `R&D` would break it. */
function keepMetadataSound(pdf: PDFKit.PDFDocument): void {
  const write = pdf.endMetadata.bind(pdf);
  pdf.endMetadata = () => {
    // The other place of the title, which is no XML, has been written by now.
    for (const key of ['Title', 'Subject'] as const) {
      const text = pdf.info[key];
      if (text !== undefined) pdf.info[key] = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    }
    write();
  };
}

function bytesOf(pdf: PDFKit.PDFDocument): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });
}

const english: PdfWords = {
  page: (page, pages) => `Page ${page} of ${pages}`,
  generated: (instant) => `Generated ${instant}`,
};

function edgesOf({ title, subtitle, footer, generatedAt, words = english }: PdfDocument) {
  const instant = `${generatedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return {
    title: subtitle ? `${title} · ${subtitle}` : title,
    footer: [footer, words.generated(instant)].filter(Boolean).join(' · '),
    page: words.page,
  };
}
