import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sections, withSection } from '../../bench/tables/tables.js';

const SECTION = { file: 'x.md', name: 'rate', lines: ['new'] };

it.each(
  sections().map((section) => [section.file, section.name, section] as const),
)('%s has the newest results: %s', (file, _, section) => {
  const document = readFileSync(file, 'utf8');
  expect(document).toBe(withSection(document, section));
  expect(section.lines.join('\n')).not.toMatch(/NaN|undefined| - \|/);
});

it('a section is replaced, and nothing around it', () => {
  const document = 'a\n<!-- bench:tables rate -->\nold\nold\n<!-- end of rate -->\nb\n';
  expect(withSection(document, SECTION)).toBe(
    'a\n<!-- bench:tables rate -->\nnew\n<!-- end of rate -->\nb\n',
  );
});

it.each([
  'a',
  '<!-- bench:tables rate -->\n',
  '<!-- bench:tables rate -->\n<!-- end of rate -->\n<!-- bench:tables rate -->\n',
])('a document without exactly one section is refused: %j', (document) => {
  expect(() => withSection(document, SECTION)).toThrow('x.md must have one section rate');
});
