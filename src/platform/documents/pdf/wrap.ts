/** The width of a text, in points. */
export type Measure = (text: string) => number;

/**
 * Cuts a text into lines no wider than `width`: between words, and within a word that is wider than a line, behind a
 * separator (`/`, `-`, `_`, `.`, `:`) where there is one. Line ends in the text stay. Nothing but spaces at the ends of
 * lines is lost. With one point a character, `wrap('team platform', 8)` is `team`, `platform`.
 */
export function wrap(text: string, width: number, measure: Measure): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, width, measure));
}

function wrapLine(text: string, width: number, measure: Measure): string[] {
  if (measure(text) <= width) return [text];
  const space = measure(' ');
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ').filter((part) => part !== '')) {
    for (const [index, piece] of piecesOf(word, width, measure).entries()) {
      const needed = measure(piece);
      const joint = line !== '' && index === 0;
      if (joint && used + space + needed <= width) {
        line += ` ${piece}`;
        used += space + needed;
        continue;
      }
      if (line !== '') lines.push(line);
      line = piece;
      used = needed;
    }
  }
  lines.push(line);
  return lines;
}

/** A word, in pieces that fit into a line each. */
function piecesOf(word: string, width: number, measure: Measure): string[] {
  if (measure(word) <= width) return [word];
  const letters = Array.from(new Intl.Segmenter().segment(word), ({ segment }) => segment);
  const pieces: string[] = [];
  let from = 0;
  while (from < letters.length) {
    const length = fitting(letters, from, width, measure);
    const end = from + length === letters.length ? letters.length : from + softEnd(letters, from, length);
    pieces.push(letters.slice(from, end).join(''));
    from = end;
  }
  return pieces;
}

/** How many letters from here fit; at least one, however narrow the line. */
function fitting(letters: readonly string[], from: number, width: number, measure: Measure): number {
  let used = 0;
  let count = 0;
  while (from + count < letters.length) {
    used += measure(letters[from + count] as string);
    if (used > width && count > 0) break;
    count++;
  }
  return count;
}

/** The end behind the last separator among them, unless that leaves the line half empty. */
function softEnd(letters: readonly string[], from: number, length: number): number {
  for (let count = length; count > length / 2; count--)
    if (/[/\-_.:,;@|+=]/.test(letters[from + count - 1] as string)) return count;
  return length;
}
