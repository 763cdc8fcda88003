/** The narrowest that a column is made. */
const NARROWEST = 8;

/** How a table is to fit. */
export interface TableOptions {
  /** One character, one column by default. */
  readonly measure?: Measure;
  /** Columns of the terminal, where lines are to be no wider. */
  readonly width?: number | undefined;
  /** Which of the table's columns may be cut short before the rest is. */
  readonly elastic?: readonly boolean[];
  /** What stands where something was cut. */
  readonly mark?: string;
}

/** Lines of left-aligned columns, two spaces apart, without trailing blanks. */
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

/** Takes from the widest elastic column, of several the last, until all fit or none can give more. */
function squeeze(widths: number[], elastic: readonly boolean[], width: number): void {
  const sum = widths.reduce((all, own) => all + own, 2 * (widths.length - 1));
  for (let excess = sum - width; excess > 0; excess -= 1) {
    let widest: number | undefined;
    for (const [i, own] of widths.entries()) {
      if (elastic[i] && own > NARROWEST && own >= (widths[widest ?? -1] ?? 0)) {
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

/** How many columns a text takes on a terminal. */
export type Measure = (text: string) => number;

/** One character, one column: ASCII, and what tables are drawn with. */
const PLAIN = /^[\x20-\x7e─│├└…]*$/;

/** What measures these texts; what knows the wide and the combining characters is loaded for them only. */
export async function measureOf(texts: readonly string[]): Promise<Measure> {
  if (texts.every((text) => PLAIN.test(text))) {
    return (text) => text.length;
  }
  const { default: stringWidth } = await import('string-width');
  return (text) => (PLAIN.test(text) ? text.length : stringWidth(text));
}

/** A text cut to a number of columns, between characters as people see them, with a mark at the end. */
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
