import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const GUIDE = readFileSync('docs/library.md', 'utf8');
const EXAMPLES = readdirSync('examples').filter((name) => name.endsWith('.ts'));

/** The blocks of TypeScript in a document. */
function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

it('the guide of the library shows each example as it is, and nothing else', () => {
  const shown = blocksOf(GUIDE).toSorted();
  const files = EXAMPLES.map((name) => {
    const file = join('examples', name);
    return `// ${file}\n${readFileSync(file, 'utf8')}`;
  });
  expect(shown).toEqual(files.toSorted());
});

it('the README shows the first example', () => {
  const [block = ''] = blocksOf(readFileSync('README.md', 'utf8'));
  expect(block).toBe(readFileSync('examples/quick-start.ts', 'utf8'));
});
