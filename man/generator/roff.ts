import type { Part, Term } from '../../src/cli/help/layout.js';
import { wrap } from '../../src/cli/help/layout.js';

/*
 * Plain text as roff: lines of a manual page, for the macros of man(7).
 */

const WIDTH = 80;

/** Text that is typed as it stands, such as an option: its hyphens and quotes can be pasted. */
export function literal(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga');
}

export function bold(text: string): string {
  return `\\fB${literal(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${literal(text)}\\fR`;
}

/** A paragraph: each sentence begins a line, options are bold. */
export function paragraph(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/).flatMap((sentence) => {
    const marked = sentence
      .replaceAll('\\', '\\e')
      .replace(/(?<=^| )--?[a-z][a-z-]*/g, (option) => bold(option));
    // A line must not look like a macro.
    return wrap(marked, WIDTH).map((line) => line.replace(/^[.']/, '\\&$&'));
  });
}

/** A paragraph under a term, which is given as roff. */
export function tagged(term: string, text: readonly string[]): string[] {
  return ['.TP', term, ...text];
}

/** Terms, in bold, and under each what it means. */
export function terms(list: readonly Term[]): string[] {
  return list.flatMap(([term, meaning]) => tagged(`.B ${literal(term)}`, paragraph(meaning)));
}

/** A help topic; it begins right under the heading of a section. */
export function topic(parts: readonly Part[]): string[] {
  return parts.flatMap((part, i) => {
    if (typeof part === 'string') {
      const before = parts[i - 1];
      const begins = before === undefined || (typeof before === 'object' && 'heading' in before);
      return begins ? paragraph(part) : ['.PP', ...paragraph(part)];
    }
    return 'terms' in part ? terms(part.terms) : [`.SS ${part.heading}`];
  });
}
