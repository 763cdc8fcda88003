import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ChartData, MOST_BANDS, MOST_GAPS } from './chart-data.js';

/** Significant digits of measured values in the page: more cannot be seen, and they would fill it. */
const DIGITS = 4;

/**
 * Writes the page of `usbxfer plot`: one HTML document that needs nothing else. The same data gives the
 * same page. Its Content-Security-Policy allows only its own script and style, and no connection.
 */
export async function writePage(data: ChartData): Promise<string> {
  const [script, style] = await Promise.all([asset('page.js'), asset('page.css')]);
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="usbxfer">
<link rel="icon" href="data:,">
<title>usbxfer</title>
<style>${style}</style>
</head>
<body>
<main></main>
<noscript>This page needs JavaScript to draw its charts. It loads nothing.</noscript>
<script type="application/json" id="data">${embed(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** A part of the page that the build makes: `npm run build`. */
async function asset(name: string): Promise<string> {
  const root = import.meta.resolve('usbxfer/package.json');
  return await readFile(new URL(`dist/plot/${name}`, root), 'utf8');
}

/** As Content Security Policy Level 3 wants it, of the text between the tags. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** JSON that cannot end the element it is in, nor begin a comment. */
function embed(data: ChartData): string {
  return JSON.stringify(shown(data)).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Leaves out what the page does not show: digits, bands of many curves, and most of very many gaps. */
function shown(data: ChartData): ChartData {
  const curves = data.files.flatMap(({ streams }) => streams);
  const band = (values: readonly number[]): number[] =>
    curves.length > MOST_BANDS ? [] : measured(values);
  const gaps = Math.ceil(MOST_GAPS / data.files.length);
  const files = data.files.map((file) => ({
    ...file,
    gaps: file.gaps.slice(0, gaps),
    streams: file.streams.map((stream) => ({
      ...stream,
      // Microseconds.
      seconds: stream.seconds.map((value) => Math.round(value * 1e6) / 1e6),
      rateMean: measured(stream.rateMean),
      rateMin: band(stream.rateMin),
      rateMax: band(stream.rateMax),
      buffered: measured(stream.buffered),
      starved: measured(stream.starved),
    })),
  }));
  return { ...data, files };
}

function measured(values: readonly number[]): number[] {
  return values.map((value) => Number(value.toPrecision(DIGITS)));
}
