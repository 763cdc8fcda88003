import { readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScreen } from '../../docs/picture/sgr.js';
import { drawWindows, escapeXml } from '../../docs/picture/svg.js';
import { writePage } from '../../src/cli/plot/page.js';

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** An element, a closing tag, or text without characters that XML interprets. */
const TOKEN =
  /<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|((?:[^<>&]|&(?:amp|lt|gt|quot);)+)/gy;

/** Returns the texts of a picture as an XML parser sees them. Fails if it is not well-formed. */
function textsOf(svg: string): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  let end = 0;
  for (const match of svg.matchAll(TOKEN)) {
    const [token, closing, name = '', , empty, text] = match;
    end = match.index + token.length;
    if (text !== undefined) {
      texts.push(text.replace(/&(\w+);/g, (_, entity: string) => ENTITIES[entity] ?? ''));
    } else if (closing) {
      expect(open.pop()).toBe(name);
    } else if (!empty) {
      open.push(name);
    }
  }
  expect([svg.slice(end), open]).toEqual(['', []]);
  return texts.filter((text) => text.trim() !== '');
}

describe('a screen', () => {
  it('is read with its styles, which continue after the end of a line', () => {
    expect(readScreen('a \x1b[31;1mred\nstill\x1b[0m\x1b[96m!\x1b[39m?')).toEqual([
      [
        { column: 0, text: 'a ', look: { bold: false, colour: undefined } },
        { column: 2, text: 'red', look: { bold: true, colour: 1 } },
      ],
      [
        { column: 0, text: 'still', look: { bold: true, colour: 1 } },
        { column: 5, text: '!', look: { bold: false, colour: 14 } },
        { column: 6, text: '?', look: { bold: false, colour: undefined } },
      ],
    ]);
  });

  it('is read without other escape sequences', () => {
    const [runs = []] = readScreen('a\x1b[2K\x1b[?7lb');
    expect(runs.map(({ column, text }) => [column, text])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
  });
});

describe('a picture', () => {
  it('shows any text unchanged', () => {
    const texts = textsOf(
      drawWindows([{ title: '<&">', screen: '$ a <b> & "c" ]]>\n  \x1b[31m█<' }], 40, '"<&>'),
    );
    expect(texts).toEqual(['<&">', '$ a <b> & "c" ]]>', '█', '<']);
  });

  it('is well-formed for any screen', () => {
    const anything = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(anything, anything, (title, screen) => {
        textsOf(drawWindows([{ title, screen }], 80, title));
      }),
    );
  });

  it('contains no control character', () => {
    expect(escapeXml('a\0\x1b[1m\nb')).toBe('a[1mb');
  });
});

describe('docs/terminal.svg', () => {
  const svg = readFileSync('docs/terminal.svg', 'utf8');

  it('is well-formed and shows a capture and its summary', () => {
    const texts = textsOf(svg).join('\n');
    expect(texts).toContain('$ usbxfer read ');
    expect(texts).toMatch(/ of 256 MiB {2}\d+ %/);
    const [calm = '', fault = ''] = texts.split('--reconnect');
    expect(calm).toMatch(/^ended +limit reached \(--bytes\)$/m);
    expect(calm).not.toContain('gap');
    expect(fault).toMatch(/ {2}waiting for the device for 0:0\d/);
    expect(fault).toMatch(/^gap\s+at byte \d+/m);
  });

  it('has no external references', () => {
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /\b(href|url|src|style|script|https?:)/,
    );
  });
});

describe('docs/plot.html', () => {
  const html = readFileSync('docs/plot.html', 'utf8');
  const [, json = ''] =
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  const data = JSON.parse(json);

  it('is what the present code makes of its data', async () => {
    await expect(await writePage(data)).toMatchFileSnapshot('../../docs/plot.html');
  });

  it('shows two runs, one with gaps', () => {
    const gaps = data.files.map(({ gapCount }: { gapCount: number }) => gapCount);
    expect(gaps).toEqual([0, 2]);
  });

  it('and its picture are small', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(400_000);
    expect(statSync('docs/plot.png').size).toBeLessThan(150_000);
  });
});
