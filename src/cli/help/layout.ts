/*
 * What a help topic is made of. A terminal shows it as text (`text.ts`); the manual pages have the
 * same (`man/generator/`).
 */

/** A term and what it means, in whole sentences. */
export type Term = readonly [term: string, meaning: string];

/** A paragraph, or a heading, or terms with their meanings. */
export type Part = string | { readonly heading: string } | { readonly terms: readonly Term[] };

const INDENT = '  ';
const GAP = 2;

/** The widest column of terms, in characters: a longer term gets a line of its own. */
const WIDEST_TERM = 28;

/** How wide help is: as the terminal, within reason; 80 columns elsewhere. */
export function helpWidth(): number {
  return Math.min(Math.max(process.stdout.columns || 80, 40), 100);
}

/** A topic as a terminal shows it. */
export function topicText(parts: readonly Part[], width: number): string {
  return parts
    .map((part) => partText(part, width))
    .join('\n')
    .trimEnd();
}

/** One part, and an empty line, but for a heading. */
function partText(part: Part, width: number): string {
  if (typeof part === 'string') {
    return `${wrap(part, width).join('\n')}\n`;
  }
  return 'terms' in part ? `${termLines(part.terms, width).join('\n')}\n` : `${part.heading}:`;
}

/** A summary as a sentence. */
export function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

/** Terms, indented, and beside them what they mean. */
export function termLines(terms: readonly Term[], width: number): string[] {
  const lengths = terms.map(([term]) => term.length).filter((length) => length <= WIDEST_TERM);
  const column = INDENT.length + Math.max(0, ...lengths) + GAP;
  return terms.flatMap(([term, meaning]) => {
    const head = `${INDENT}${term}`;
    const [first = '', ...rest] = wrap(meaning, width - column);
    const beside = head.length + GAP <= column;
    const lines = beside ? [head.padEnd(column) + first] : [head, ' '.repeat(column) + first];
    return [...lines, ...rest.map((line) => ' '.repeat(column) + line)].map((line) =>
      line.trimEnd(),
    );
  });
}

/** Lines of at most `width` characters, but for longer words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
