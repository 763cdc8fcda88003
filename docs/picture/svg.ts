import { type Look, type Run, readScreen } from './sgr.js';

/** A screen and the title of its window. */
export interface Window {
  readonly title: string;
  /** As `tmux capture-pane -e` prints it. */
  readonly screen: string;
}

/** Size of a character cell, in pixels. */
const CELL = { width: 8.4, height: 19 };
const BAR = 28;
const PADDING = 14;
const GAP = 12;

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const BACKGROUND = '#161b22';
const FOREGROUND = '#d7dde4';
const TITLE = '#8b949e';
/** Visible on a page as dark as the window. */
const EDGE = '#30363d';

const COLOURS = [
  ...['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'],
  ...['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#ffffff'],
];

/**
 * Draws terminal windows, one below the other. The picture contains its colours and has no external
 * references. Columns are aligned with any font, because each run has an explicit length.
 *
 * @param columns width of the terminals
 * @param label description of the picture for screen readers
 */
export function drawWindows(windows: readonly Window[], columns: number, label: string): string {
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  let top = 0;
  const drawn = windows.map((window) => {
    const lines = readScreen(window.screen);
    const height = BAR + lines.length * CELL.height + 2 * PADDING;
    const text = drawWindow(window.title, lines, width, height, top);
    top += height + GAP;
    return text;
  });
  const height = Math.max(0, top - GAP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(label)}">`,
    `<g font-family="${FONT}" font-size="14" fill="${FOREGROUND}" xml:space="preserve">`,
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Escapes text for XML, between tags and in double quotes. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
      .replace(/[\x00-\x1f\x7f\ufffe\uffff]/g, '')
      .replace(/[&<>"]/g, (character) => entities[character] ?? '')
  );
}

function drawWindow(
  title: string,
  lines: readonly Run[][],
  width: number,
  height: number,
  top: number,
): string {
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, index) => `<circle cx="${20 + index * 18}" cy="${BAR / 2}" r="5.5" fill="${colour}"/>`,
  );
  return [
    `<g transform="translate(0 ${top})">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="${EDGE}"/>`,
    ...buttons,
    `<text x="${width / 2}" y="19" text-anchor="middle" font-size="12" fill="${TITLE}">${escapeXml(title)}</text>`,
    ...lines.flatMap((runs, index) => runs.flatMap((run) => drawRun(run, index))),
    '</g>',
  ].join('\n');
}

/** Draws a run; draws nothing for blanks. */
function drawRun({ column, text, look }: Run, line: number): string[] {
  const shown = text.trim();
  if (shown === '') {
    return [];
  }
  const x = round(PADDING + (column + text.indexOf(shown)) * CELL.width);
  const y = round(BAR + PADDING + (line + 0.75) * CELL.height);
  const length = round([...shown].length * CELL.width);
  return [
    `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${attributes(look)}>${escapeXml(shown)}</text>`,
  ];
}

function attributes({ bold, colour }: Look): string {
  const fill = colour === undefined ? '' : ` fill="${COLOURS[colour] ?? FOREGROUND}"`;
  return `${fill}${bold ? ' font-weight="bold"' : ''}`;
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}
