import type { Part, Term } from '../../src/cli/help/layout.js';
import { wrap } from '../../src/cli/help/layout.js';

/*
 * Converts plain text to roff: lines of a manual page that use the macros of man(7).
 */

const WIDTH = 80;

/** Escapes text that users type, such as an option, so that it can be copied from the page. */
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

/** Formats a paragraph: each sentence starts a line, options are bold. */
export function paragraph(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/).flatMap((sentence) => {
    const marked = sentence
      .replaceAll('\\', '\\e')
      .replace(/(?<=^| )--?[a-z][a-z-]*/g, (option) => bold(option));
    // A line must not look like a macro.
    return wrap(marked, WIDTH).map((line) => line.replace(/^[.']/, '\\&$&'));
  });
}

/** Formats a paragraph below a term, which is roff. */
export function tagged(term: string, text: readonly string[]): string[] {
  return ['.TP', term, ...text];
}

/** Formats a list of terms, in bold, each with its meaning. */
export function terms(list: readonly Term[]): string[] {
  return list.flatMap(([term, meaning]) => tagged(`.B ${literal(term)}`, paragraph(meaning)));
}

/** Formats a help topic. The first part follows a section heading. */
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
