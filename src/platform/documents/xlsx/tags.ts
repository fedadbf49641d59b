/** A tag of XML. Names without their namespace. */
export interface Tag {
  readonly name: string;
  readonly kind: 'open' | 'close' | 'empty';
  /** What stands between the name and the end of the tag. */
  readonly attributes: string;
  /** Where the tag ends in the text. */
  readonly end: number;
}

/** What is no XML that a workbook may hold. */
export class UnfitXml extends Error {}

/**
 * The tags of an XML text in their order; comments, processing instructions and CDATA are passed over. A document type
 * is refused: it could define entities.
 */
export function* tagsOf(xml: string): Generator<Tag> {
  for (let at = xml.indexOf('<'); at >= 0; ) {
    const next = xml[at + 1];
    if (next === '?') at = behind(xml, at, '?>');
    else if (xml.startsWith('<!--', at)) at = behind(xml, at, '-->');
    else if (xml.startsWith('<![CDATA[', at)) at = behind(xml, at, ']]>');
    else if (next === '!') throw new UnfitXml('it holds a document type');
    else {
      const tag = tagAt(xml, at);
      yield tag;
      at = tag.end;
    }
    at = xml.indexOf('<', at);
  }
}

function behind(xml: string, at: number, end: string): number {
  const found = xml.indexOf(end, at);
  if (found < 0) throw new UnfitXml('it ends within a comment');
  return found + end.length;
}

function tagAt(xml: string, at: number): Tag {
  const closes = xml[at + 1] === '/';
  let from = closes ? at + 2 : at + 1;
  let nameEnd = from;
  for (let code = xml.charCodeAt(nameEnd); !endsName(code); code = xml.charCodeAt(++nameEnd))
    if (code === colon) from = nameEnd + 1;
  if (nameEnd === from) throw new UnfitXml('it holds a tag without a name');
  const end = endOfTag(xml, nameEnd);
  const empty = xml[end - 1] === '/';
  return {
    name: xml.slice(from, nameEnd),
    kind: closes ? 'close' : empty ? 'empty' : 'open',
    attributes: xml.slice(nameEnd, empty ? end - 1 : end),
    end: end + 1,
  };
}

const colon = 58;

/** White space, `/`, `>`, or the end of the text. */
function endsName(code: number): boolean {
  return code <= 32 || code === 47 || code === 62 || Number.isNaN(code);
}

/** Where the `>` of the tag is; one in an attribute does not count. */
function endOfTag(xml: string, from: number): number {
  for (let at = from; at < xml.length; at++) {
    const sign = xml[at];
    if (sign === '>') return at;
    if (sign !== '"' && sign !== "'") continue;
    at = xml.indexOf(sign, at + 1);
    if (at < 0) break;
  }
  throw new UnfitXml('it ends within a tag');
}

/** The value of an attribute, whatever namespace it is in; entities of XML read. */
export function attributeOf({ attributes }: Tag, name: string): string | undefined {
  const match = shapeOf(name).exec(attributes);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : decoded(value);
}

const shapes = new Map<string, RegExp>();

function shapeOf(name: string): RegExp {
  const shape = shapes.get(name) ?? new RegExp(`(?:^|[\\s:])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`);
  shapes.set(name, shape);
  return shape;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
