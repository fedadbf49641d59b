/**
 * What a unit's spelling means: a number, and what is counted with its power. `GB-month` is 8 000 000 000 bits¹ × months¹,
 * `thousand requests` 1000 × request¹, `GB/hour` 8 000 000 000 ÷ 3600 × bits¹ × seconds⁻¹.
 */
export interface MeantUnit {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Power of data, in bits. */
  readonly data: number;
  /** Power of time, in seconds. */
  readonly time: number;
  /** Power of months, which are no fixed number of seconds. */
  readonly months: number;
  /** Whatever else is counted, by its name in the singular and in small letters. */
  readonly counts: ReadonlyMap<string, number>;
}

const decimalPrefixes = ['k', 'M', 'G', 'T', 'P', 'E'];
const binaryPrefixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalWords = ['kilo', 'mega', 'giga', 'tera', 'peta', 'exa'];
const binaryWords = ['kibi', 'mebi', 'gibi', 'tebi', 'pebi', 'exbi'];

/** Bits of a unit of data, by its exact spelling: `GB` and `Gb` are not the same. Full words stand in small letters. */
const bitsOf: ReadonlyMap<string, bigint> = new Map([
  ...dataUnits('b', 'bit', 1n),
  ...dataUnits('B', 'byte', 8n),
]);

/** Seconds of a unit of time, in small letters. */
const secondsOf: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    s: 1n,
    sec: 1n,
    secs: 1n,
    second: 1n,
    seconds: 1n,
    min: 60n,
    mins: 60n,
    minute: 60n,
    minutes: 60n,
    h: 3600n,
    hr: 3600n,
    hrs: 3600n,
    hour: 3600n,
    hours: 3600n,
    d: 86_400n,
    day: 86_400n,
    days: 86_400n,
    wk: 604_800n,
    week: 604_800n,
    weeks: 604_800n,
  }),
);

/** Months of a calendar unit, in small letters. A year is twelve of the fact's months, so that ways of converting agree. */
const monthsOf: ReadonlyMap<string, bigint> = new Map(
  Object.entries({ mo: 1n, month: 1n, months: 1n, yr: 12n, yrs: 12n, year: 12n, years: 12n }),
);

const multipliers: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    k: 1000n,
    K: 1000n,
    thousand: 1000n,
    M: 1_000_000n,
    million: 1_000_000n,
    billion: 1_000_000_000n,
  }),
);

const longestUnit = 100;

interface Meaning {
  numerator: bigint;
  denominator: bigint;
  data: number;
  time: number;
  months: number;
  readonly counts: Map<string, number>;
}

/**
 * What a text means as a unit, or undefined where it names none (`""`, `10K`, `GB-`). Parts are joined by `-` or stand side by side
 * (`GB-Hours`, `GB Hours`); `/` and `per` divide by the part that follows; a number or a word for one may lead.
 */
export function parseUnit(text: string): MeantUnit | undefined {
  if (text.length > longestUnit) return undefined;
  const meaning: Meaning = {
    numerator: 1n,
    denominator: 1n,
    data: 0,
    time: 0,
    months: 0,
    counts: new Map(),
  };
  const sides = text.trim().split(/\s*\/\s*|\s+per\s+/i);
  for (const [index, side] of sides.entries()) {
    // Only the first part after the stroke is divided by: GiB/Second-Months are months of GiB per second.
    if (!readSide(side.trim(), index === 0 ? 1 : -1, meaning)) return undefined;
  }
  for (const [name, power] of meaning.counts) if (power === 0) meaning.counts.delete(name);
  if (meaning.data === 0 && meaning.time === 0 && meaning.months === 0 && meaning.counts.size === 0)
    return undefined;
  const shared = commonDivisor(meaning.numerator, meaning.denominator);
  return {
    ...meaning,
    numerator: meaning.numerator / shared,
    denominator: meaning.denominator / shared,
  };
}

function readSide(side: string, power: 1 | -1, meaning: Meaning): boolean {
  let rest = side;
  for (;;) {
    const [, lead, after] = /^(\S+)\s+(.+)$/.exec(rest) ?? [];
    const number = lead === undefined ? undefined : multiplier(lead);
    if (number === undefined || after === undefined) break;
    scale(meaning, number, power);
    rest = after;
  }
  const parts = rest.split(/\s*-\s*/);
  if (parts.some((part) => part === '') || isNumber(rest)) return false;
  for (const [index, part] of parts.entries()) readPart(part, index === 0 ? power : 1, meaning);
  return true;
}

/** Words side by side: those of data and time count for themselves, what stands between them is one name. */
function readPart(part: string, power: number, meaning: Meaning): void {
  let name: string[] = [];
  const endName = () => {
    if (name.length > 0) raise(meaning.counts, name.map(singular).join(' '), power);
    name = [];
  };
  for (const word of part.split(/\s+/)) {
    if (readKnown(word, power, meaning)) endName();
    else name.push(word);
  }
  endName();
}

function readKnown(word: string, power: number, meaning: Meaning): boolean {
  const lower = word.toLowerCase();
  const rate = /^(\S*[bB])ps$/.exec(word)?.[1];
  const bits = bitsOf.get(rate ?? (/(?:bit|byte)s?$/.test(lower) ? lower : word));
  if (bits !== undefined) {
    scale(meaning, bits, power);
    meaning.data += power;
    if (rate !== undefined) meaning.time -= power;
    return true;
  }
  const seconds = secondsOf.get(lower);
  if (seconds !== undefined && word !== 'H' && word !== 'S' && word !== 'D') {
    scale(meaning, seconds, power);
    meaning.time += power;
    return true;
  }
  const months = monthsOf.get(lower);
  if (months === undefined) return false;
  scale(meaning, months, power);
  meaning.months += power;
  return true;
}

function scale(meaning: Meaning, number: bigint, power: number): void {
  if (power > 0) meaning.numerator *= number;
  else meaning.denominator *= number;
}

function raise(counts: Map<string, number>, name: string, power: number): void {
  counts.set(name, (counts.get(name) ?? 0) + power);
}

/** `10`, `1,000`, `10K`, `1M`, `thousand`: whole and above 0. */
function multiplier(text: string): bigint | undefined {
  return multipliers.get(text.length > 1 ? text.toLowerCase() : text) ?? leadingNumber(text);
}

function leadingNumber(text: string): bigint | undefined {
  const [, digits = '', suffix = ''] = /^(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})([kKM]?)$/.exec(text) ?? [];
  const number = BigInt(digits.replaceAll(',', '') || '0') * (multipliers.get(suffix) ?? 1n);
  return number > 0n ? number : undefined;
}

function isNumber(text: string): boolean {
  return multiplier(text) !== undefined || /^[\d.,]*$/.test(text);
}

/**
 * A name for all spellings of a counted thing: small letters, and without the ending of a plural. Nothing is shown with it, so
 * that `caches` and `cache` may both become `cach`.
 */
function singular(word: string): string {
  const lower = word.toLowerCase();
  if (lower.length < 3) return lower;
  const one = /(?:ss|us|is)$/.test(lower) ? lower : lower.replace(/s$/, '');
  return one.replace(/ie$/, 'y').replace(/(ch|sh|ss|x|z)e$/, '$1');
}

function dataUnits(letter: 'b' | 'B', word: string, bits: bigint): [string, bigint][] {
  const units: [string, bigint][] = [
    [letter, bits],
    [word, bits],
    [`${word}s`, bits],
  ];
  const add = (prefixes: readonly string[], words: readonly string[], base: bigint) => {
    for (const [index, prefix] of prefixes.entries()) {
      const size = bits * base ** BigInt(index + 1);
      units.push(
        [`${prefix}${letter}`, size],
        [`${words[index]}${word}`, size],
        [`${words[index]}${word}s`, size],
      );
      // KB and kB, KiB and kiB: nobody means another thousand by them.
      const [first = ''] = prefix;
      if (index === 0) {
        const other = first === 'k' ? 'K' : 'k';
        units.push([`${other}${prefix.slice(1)}${letter}`, size]);
      }
    }
  };
  add(decimalPrefixes, decimalWords, 1000n);
  add(binaryPrefixes, binaryWords, 1024n);
  return units;
}

/** The greatest number that divides both: 12 and 18 by 6. */
export function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
