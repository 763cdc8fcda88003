/** Style of a character; the colour undefined is the default colour. */
export interface Look {
  readonly bold: boolean;
  /** 0 to 15, as terminals number them. */
  readonly colour: number | undefined;
}

/** Adjacent characters with the same style. */
export interface Run {
  /** Number of columns before it. */
  readonly column: number;
  readonly text: string;
  readonly look: Look;
}

const PLAIN: Look = { bold: false, colour: undefined };

/** A sequence that sets the style (SGR of ECMA-48), another sequence, or text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const TOKEN = /\x1b\[([\d;]*)m|\x1b\[[\d;?]*[@-~]|[\x20-\x7e]+|[^\x00-\x1f\x7f]/gu;

/**
 * Reads a screen as printed by `tmux capture-pane -e`. A style applies until another is set, also after
 * the end of a line. Each character takes one column. A character outside ASCII is a separate run,
 * because its width depends on the font.
 */
export function readScreen(screen: string): Run[][] {
  let look = PLAIN;
  return screen.split('\n').map((line) => {
    const runs: Run[] = [];
    let column = 0;
    for (const { 0: text, 1: codes } of line.matchAll(TOKEN)) {
      if (codes !== undefined) {
        look = codes.split(';').map(Number).reduce(lookAfter, look);
      } else if (!text.startsWith('\x1b')) {
        runs.push({ column, text, look });
        column += [...text].length;
      }
    }
    return runs;
  });
}

function lookAfter(look: Look, code: number): Look {
  if (code === 0) {
    return PLAIN;
  }
  if (code === 1 || code === 22) {
    return { ...look, bold: code === 1 };
  }
  if (code === 39) {
    return { ...look, colour: undefined };
  }
  if (code >= 30 && code <= 37) {
    return { ...look, colour: code - 30 };
  }
  return code >= 90 && code <= 97 ? { ...look, colour: code - 82 } : look;
}
