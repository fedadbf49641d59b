/** What a cell can hold. */
export const mostCharacters = 32_767;

const unfit = /_(?=x[0-9a-fA-F]{4}_)|[\p{Cc}\ufdd0-\ufdef\ufffd-\uffff]/gu;

/**
 * A text as the shared strings of a workbook have it (ECMA-376, ST_Xstring): what XML cannot hold is `_x0008_`, and what
 * looks like that is escaped, `_x005F_x0008_`. Half a pair of surrogates is no text, and becomes U+FFFD.
 */
export function escapedText(text: string): string {
  return wellFormed(text).replace(unfit, (sign) =>
    sign === '\n' || sign === '\t' ? sign : `_x${hex(sign)}_`,
  );
}

function hex(sign: string): string {
  return sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

/** Whether a spreadsheet would take it for a formula when somebody edits the cell. */
export function looksLikeFormula(text: string): boolean {
  return /^[=+\-@]/.test(text);
}

const reserved = /^history$/i;

/** Names that spreadsheets take, each once: `Q1/Q2` becomes `Q1-Q2`, a second `Costs` `Costs (2)`. */
export function sheetNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const fit = fitName(name);
    let unique = cut(fit, 31);
    for (let count = 2; taken.has(unique.toLowerCase()); count++) {
      const ending = ` (${count})`;
      unique = `${cut(fit, 31 - ending.length)}${ending}`;
    }
    taken.add(unique.toLowerCase());
    return unique;
  });
}

function fitName(name: string): string {
  const fit = name
    .replace(/[[\]:*?/\\]/g, '-')
    .replace(/\p{C}/gu, '')
    .replace(/^'+|'+$/g, '')
    .trim();
  return fit === '' || reserved.test(fit) ? `Sheet ${fit}`.trim() : fit;
}

/** Not in the middle of a character. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Cs}$/u, '');
}

function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** The letters of a column, from 1: 1 is `A`, 27 `AA`. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}
