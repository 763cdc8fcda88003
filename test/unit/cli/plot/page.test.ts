import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartData } from '../../../../src/cli/plot/chart-data.js';
import { writePage } from '../../../../src/cli/plot/page.js';
import { chartData, runFile } from '../../../browser/sample.js';

/** The text between the tags of the only element that begins with `start`. */
function contentOf(page: string, start: string, end: string): string {
  const parts = page.split(start);
  expect(parts).toHaveLength(2);
  return parts[1]?.split(end)[0] ?? '';
}

function dataOf(page: string): ChartData {
  return JSON.parse(contentOf(page, '<script type="application/json" id="data">', '</script>'));
}

function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

describe('the page of plot', () => {
  it('allows its own script and style and nothing else', async () => {
    const page = await writePage(chartData(runFile()));
    const policy = contentOf(page, 'http-equiv="Content-Security-Policy" content="', '"');
    const directives = Object.fromEntries(
      policy.split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources];
      }),
    );
    expect(directives).toEqual({
      'default-src': ["'none'"],
      'script-src': [sourceOf(contentOf(page, '<script>', '</script>'))],
      'style-src': [sourceOf(contentOf(page, '<style>', '</style>'))],
      'img-src': ['data:'],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
    });
  });

  it('is the same for the same data', async () => {
    const data = chartData(runFile());
    expect(await writePage(data)).toBe(await writePage(structuredClone(data)));
  });

  it('has the license of the code in it, and so has the package', async () => {
    const license = readFileSync('node_modules/uplot/LICENSE', 'utf8').trim();
    expect(await writePage(chartData())).toContain(license);
    expect(readFileSync('dist/LICENSES.txt', 'utf8')).toContain(`uplot\n\n${license}`);
  });

  it('keeps any text in its place', async () => {
    const empty = await writePage(chartData());
    const tags = (page: string): number => page.split('<').length;
    const part = fc.oneof(
      fc.constantFrom(
        '</script>',
        '<!--',
        '<script>',
        '\u2028',
        '\u2029',
        '\ud800',
        '"',
        '\\',
        '&lt;',
      ),
      fc.string({ unit: 'binary' }),
    );
    const text = fc.array(part).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const page = await writePage(chartData(runFile({ name, buckets: 1 })));
        expect(dataOf(page).files[0]?.name).toBe(name);
        expect(tags(page)).toBe(tags(empty));
        expect(page).not.toMatch(/[\u2028\u2029]/);
      }),
    );
  });

  it('rounds the curves, and nothing else', async () => {
    const file = runFile({ buckets: 3 });
    const [stream] = file.streams;
    const measured = { ...stream, seconds: [0.1234567, 1, 2], rateMean: [123456.7, 0, 5] };
    const page = await writePage(
      chartData({
        ...file,
        streams: [{ ...runFile({ buckets: 3 }).streams[0], ...measured }] as never,
      }),
    );
    const [read] = dataOf(page).files;
    expect(read?.streams[0]?.seconds).toEqual([0.123457, 1, 2]);
    expect(read?.streams[0]?.rateMean).toEqual([123500, 0, 5]);
    expect(read?.gaps).toEqual(file.gaps);
  });
});
