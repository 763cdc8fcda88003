import { type Content, element, foreign, table } from './dom.js';
import type { NamedFile } from './names.js';
import { clockText } from './units.js';

/** The totals of files, side by side. */
export function factsTable(caption: string, files: readonly NamedFile[]): HTMLElement {
  const labels = [...new Set(files.flatMap(({ facts }) => facts.map(([label]) => label)))];
  const maps = files.map(({ facts }) => new Map(facts));
  const optional: [string, (file: NamedFile) => string][] = [
    ['device', ({ subject }) => subject],
    ['start (UTC)', ({ startTime }) => (startTime === null ? '' : clockText(startTime))],
  ];
  const described = optional.filter(([, of]) => files.some((file) => of(file) !== ''));
  return table({
    caption,
    head: ['', ...files.map(({ label }) => foreign(label))],
    rows: [
      ...described.map(([label, of]): Content[] => [
        label,
        ...files.map((file) => foreign(of(file) || '\u2013')),
      ]),
      ...labels.map((label): Content[] => [
        foreign(label),
        ...maps.map((facts) => foreign(facts.get(label) ?? '\u2013')),
      ]),
    ],
    // The page says already which file it is.
    classes: files.length === 1 ? 'facts alone' : 'facts',
  });
}

/** The heading of a section, and a table of the totals of its files. */
export function factsSection(title: string, files: readonly NamedFile[]): HTMLElement {
  return element('section', {}, element('h2', {}, title), factsTable('Totals', files));
}
