/** The minimum width of a column that was shortened. */
const MIN_WIDTH = 8;

/** How to lay out a table. */
interface TableOptions {
  /** One column per character by default. */
  readonly measure?: Measure;
  /** The maximum width of a line; unlimited by default. */
  readonly width?: number | undefined;
  /** Which columns to shorten before the whole line is cut. */
  readonly elastic?: readonly boolean[];
  /** Marks where text was cut. */
  readonly mark?: string;
}

/** Formats rows in left-aligned columns, two spaces apart, without trailing blanks. */
export function table(
  rows: readonly (readonly string[])[],
  { measure = lengthOf, width, elastic = [], mark = '…' }: TableOptions = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, measure(cell));
    }
  }
  if (width !== undefined) {
    squeeze(widths, elastic, width);
  }
  const fitted = (text: string, columns: number | undefined): string =>
    width === undefined || columns === undefined ? text : cut(text, columns, measure, mark);
  return rows.map((row) =>
    fitted(
      row.map((cell, i) => pad(fitted(cell, widths[i]), widths[i] ?? 0, measure)).join('  '),
      width,
    ).trimEnd(),
  );
}

/** Shortens the widest elastic column, the last of equals, until the line fits or none is left. */
function squeeze(widths: number[], elastic: readonly boolean[], width: number): void {
  const sum = widths.reduce((all, own) => all + own, 2 * (widths.length - 1));
  for (let excess = sum - width; excess > 0; excess -= 1) {
    let widest: number | undefined;
    for (const [i, own] of widths.entries()) {
      if (elastic[i] && own > MIN_WIDTH && own >= (widths[widest ?? -1] ?? 0)) {
        widest = i;
      }
    }
    if (widest === undefined) {
      return;
    }
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function pad(cell: string, columns: number, measure: Measure): string {
  return cell + ' '.repeat(Math.max(0, columns - measure(cell)));
}

function lengthOf(text: string): number {
  return text.length;
}

/** Returns the number of terminal columns that a text takes. */
type Measure = (text: string) => number;

/** Text with one column per character: ASCII, and the characters that trees are drawn with. */
const PLAIN = /^[\x20-\x7e─│├└…]*$/;

/**
 * Returns the function that measures these texts. Loads string-width only for texts that may contain
 * wide or combining characters.
 */
export async function measureOf(texts: readonly string[]): Promise<Measure> {
  if (texts.every((text) => PLAIN.test(text))) {
    return lengthOf;
  }
  const { default: stringWidth } = await import('string-width');
  return (text) => (PLAIN.test(text) ? text.length : stringWidth(text));
}

/** Cuts a text to a number of columns, between grapheme clusters, and appends a mark. */
export function cut(text: string, columns: number, measure: Measure, mark: string): string {
  if (measure(text) <= columns) {
    return text;
  }
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    width += measure(segment);
    if (width + measure(mark) > columns) {
      break;
    }
    kept += segment;
  }
  return columns < measure(mark) ? '' : kept + mark;
}
