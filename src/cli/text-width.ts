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
