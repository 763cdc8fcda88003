import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { createProgram } from '../../src/cli/program.js';
import { blocksIn, optionsOf } from './documented-commands.js';

const DOCUMENTS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
];

/** Every option of usbxfer and its commands. */
const OPTIONS = new Set(['-h', '--help']);
for (const { name } of COMMANDS) {
  const program = await createProgram([name]);
  for (const { options } of [program, ...program.commands]) {
    for (const { short, long } of options) {
      OPTIONS.add(short ?? '').add(long ?? '');
    }
  }
}

describe.each(DOCUMENTS)('%s', (file) => {
  const markdown = readFileSync(file, 'utf8');
  const prose = markdown.replace(/^```.*?^```$/gms, '');

  it('links to existing targets', () => {
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const missing = targets.filter((target) => !isThere(target));
    expect(missing).toEqual([]);
  });

  it('names only existing options', () => {
    const shown = blocksIn(markdown).flatMap(({ text }) => optionsOf(text));
    const named = [...prose.matchAll(/`([^`]+)`/g)].flatMap(([, span = '']) =>
      optionsOf(span.startsWith('--') ? `usbxfer ${span}` : span.replace(/\s+/g, ' ')),
    );
    expect([...shown, ...named].filter((option) => !OPTIONS.has(option))).toEqual([]);
  });

  function isThere(target: string): boolean {
    if (/^[a-z]+:/.test(target)) {
      return true; // an external link
    }
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? file : join(dirname(file), path);
    return existsSync(linked) && (anchor === undefined || anchorsOf(linked).includes(anchor));
  }
});

/** Returns the anchors that GitHub gives to the headings of a document. */
function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
}
