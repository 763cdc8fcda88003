/** A term and its meaning in whole sentences. */
export type Term = readonly [term: string, meaning: string];

/** A part of a help topic, for the terminal and the manual: a paragraph, a heading, or terms. */
export type Part = string | { readonly heading: string } | { readonly terms: readonly Term[] };

const INDENT = '  ';
const GAP = 2;

/** The maximum width of the column of terms, in characters. A longer term gets its own line. */
const WIDEST_TERM = 28;

/** The width of help in columns: that of the terminal, from 40 to 100; otherwise 80. */
export function helpWidth(): number {
  return Math.min(Math.max(process.stdout.columns || 80, 40), 100);
}

/** Formats a topic for the terminal. */
export function topicText(parts: readonly Part[], width: number): string {
  return parts
    .map((part) => partText(part, width))
    .join('\n')
    .trimEnd();
}

/** Formats one part. An empty line follows it, unless it is a heading. */
function partText(part: Part, width: number): string {
  if (typeof part === 'string') {
    return `${wrap(part, width).join('\n')}\n`;
  }
  return 'terms' in part ? `${termLines(part.terms, width).join('\n')}\n` : `${part.heading}:`;
}

/** Turns a summary into a sentence. */
export function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

/** Formats terms in an indented column, with their meanings next to it. */
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

/** Breaks text into lines of at most `width` characters. Longer words are not broken. */
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
