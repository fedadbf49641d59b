import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wrap } from './wrap.ts';

/** One point a character. */
const length = (text: string) => text.length;
const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é', '.'), minLength: 1 }), {
  maxLength: 8,
});

it('cuts between words, and keeps the line ends of the text', () => {
  expect(wrap('the team of the shop', 8, length)).toEqual(['the team', 'of the', 'shop']);
  expect(wrap('one\ntwo three', 6, length)).toEqual(['one', 'two', 'three']);
  expect(wrap('', 6, length)).toEqual(['']);
});

it('cuts a word that is wider than a line, behind a separator where there is one', () => {
  expect(wrap('arn:aws:rds:eu-west-1', 9, length)).toEqual(['arn:aws:', 'rds:eu-', 'west-1']);
  expect(wrap('abcdefghijkl', 5, length)).toEqual(['abcde', 'fghij', 'kl']);
  expect(wrap('see abcdefgh now', 6, length)).toEqual(['see', 'abcdef', 'gh now']);
});

it('leaves letters with their accents whole, and terminates where not even one letter fits', () => {
  expect(wrap('e\u0301e\u0301', 2, length)).toEqual(['e\u0301', 'e\u0301']);
  expect(wrap('abc', 0.5, length)).toEqual(['a', 'b', 'c']);
});

it('loses nothing but spaces, and makes no line too wide', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 12 }), (parts, width) => {
      const text = parts.join(' ');
      const lines = wrap(text, width, length);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});
