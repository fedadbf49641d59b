import type { PdfDocument } from './model.ts';

/**
 * The document with every text composed (NFC) and without control characters, except line ends: names come from bills
 * and people, and what turns the direction of a text or hides a letter has no place on a statement.
 */
export function cleaned(document: PdfDocument): PdfDocument {
  return cleanedValue(document) as PdfDocument;
}

function cleanedValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanedValue);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleanedValue(item)]));
}

function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
}
