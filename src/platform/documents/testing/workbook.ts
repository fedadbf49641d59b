import { type ZipEntry, zipOf } from '../../objects/testing/zip.ts';

const ns = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const package_ = 'http://schemas.openxmlformats.org/package/2006/relationships';

/** A hand-made workbook: the XML of `sheetData` of each sheet by its name, and what else is to be different. */
export interface HandMade {
  readonly sheets: Readonly<Record<string, string>>;
  readonly strings?: readonly string[];
  /** Format codes of the cell styles 1, 2, …; style 0 is General. */
  readonly formats?: readonly string[];
  /** Days are counted from 1904, as old Macs did. */
  readonly epoch1904?: boolean;
  /** Parts besides, or in the place of those that are made. */
  readonly parts?: readonly ZipEntry[];
}

/** The bytes of the workbook. */
export function workbookOf(made: HandMade): Buffer {
  const replaced = new Set(made.parts?.map(({ name }) => name));
  const entries = entriesOf(made).filter(({ name }) => !replaced.has(name));
  return zipOf([...entries, ...(made.parts ?? [])]);
}

/** One sheet with these rows, each the XML of its cells: `rowsOf(['<c r="A1"><v>1</v></c>'])`. */
export function rowsOf(rows: readonly string[]): string {
  return rows.map((cells, index) => `<row r="${index + 1}">${cells}</row>`).join('');
}

function entriesOf({ sheets, strings = [], formats = [], epoch1904 }: HandMade): ZipEntry[] {
  const names = Object.keys(sheets);
  const list = names
    .map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
    .join('');
  const targets = names
    .map(
      (_, index) =>
        `<Relationship Id="rId${index + 1}" Type="${relations}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
    )
    .join('');
  const numbers = formats
    .map((code, index) => `<numFmt numFmtId="${164 + index}" formatCode="${code}"/>`)
    .join('');
  const styles = formats.map((_, index) => `<xf numFmtId="${164 + index}"/>`).join('');
  return [
    part(
      'xl/workbook.xml',
      `<workbook xmlns="${ns}" xmlns:r="${relations}"><workbookPr${epoch1904 ? ' date1904="1"' : ''}/><sheets>${list}</sheets></workbook>`,
    ),
    part('xl/_rels/workbook.xml.rels', `<Relationships xmlns="${package_}">${targets}</Relationships>`),
    part(
      'xl/styles.xml',
      `<styleSheet xmlns="${ns}"><numFmts>${numbers}</numFmts><cellXfs><xf numFmtId="0"/>${styles}</cellXfs></styleSheet>`,
    ),
    part(
      'xl/sharedStrings.xml',
      `<sst xmlns="${ns}">${strings.map((text) => `<si><t xml:space="preserve">${text}</t></si>`).join('')}</sst>`,
    ),
    ...Object.values(sheets).map((rows, index) =>
      part(
        `xl/worksheets/sheet${index + 1}.xml`,
        `<worksheet xmlns="${ns}"><sheetData>${rows}</sheetData></worksheet>`,
      ),
    ),
  ];
}

/** An entry of the archive with this XML. */
export function part(name: string, xml: string): ZipEntry {
  return { name, content: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${xml}`) };
}
