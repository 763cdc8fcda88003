import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const manifest: { man: string[] } = JSON.parse(readFileSync('package.json', 'utf8'));

const MAN = '/usr/bin/man';

/** The maximum number of lines without a blank line, at 80 columns. Longer ones become lists. */
const LONGEST_PARAGRAPH = 10;

/** Returns the text of all pages as man(1) shows it. */
function render(width: number): string {
  const text = execFileSync(MAN, ['-E', 'UTF-8', '-Tutf8', '-l', ...manifest.man], {
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: String(width), MAN_KEEP_FORMATTING: '' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold and underlined text
  return text.replace(/\x1b\[[0-9;]*m|.\x08/g, '');
}

describe.skipIf(!existsSync(MAN)).each([60, 80, 100])('in %i columns', (width) => {
  const text = existsSync(MAN) ? render(width) : '';

  it('the pages are complete', () => {
    expect(text.match(/^NAME$/gm)).toHaveLength(manifest.man.length);
    expect(text.match(/^SEE ALSO$/gm)).toHaveLength(manifest.man.length);
  });

  it('no word is broken', () => {
    expect(text.match(/^.*[\w.][-\u2010\u00ad]$/gm) ?? []).toEqual([]);
  });

  it('every character can be copied: no typographic quotes, dashes or accents', () => {
    expect(text.match(/^.*[\u2010-\u201f\u2212\u02c6\u02dc\u00b4].*$/gm) ?? []).toEqual([]);
  });

  it.skipIf(width !== 80)('no paragraph is long', () => {
    const long = text
      .split(/\n\s*\n/)
      .filter((paragraph) => paragraph.trim().split('\n').length > LONGEST_PARAGRAPH);
    expect(long).toEqual([]);
  });
});
