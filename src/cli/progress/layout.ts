import type { Paint } from '../terminal/style.js';

/** What a terminal shows after the line at Ctrl-C. It must not start a new line. */
export const ECHO = '^C';

/** The minimum and the maximum width of a bar or a graph, in columns. */
const MIN_GRAPH = 10;
const MAX_GRAPH = 60;

/** How to draw on the terminal. */
export interface RenderOptions {
  /** Columns. */
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
  /** Draws a bar of this width, filled to this share. */
  readonly bar: (share: number, columns: number) => string;
}

/** A part of the line. Those with the highest rank are left out first if the line is too long. */
export interface Piece {
  readonly text: string;
  readonly rank: number;
  readonly alarming?: boolean;
  /** Draws the part in more columns, for one that fills the remaining width. */
  readonly fill?: (columns: number) => string;
}

/** A graph that fills the remaining width, at least 10 columns, after a label. */
export function graphPiece(label: string, rank: number, draw: (columns: number) => string): Piece {
  const text = label + ' '.repeat(MIN_GRAPH);
  return { text, rank, fill: (columns) => label + draw(columns) };
}

/** A bar that fills the remaining width, and is filled to this share: 0 to 1. */
export function barPiece(share: number, { bar }: RenderOptions): Piece {
  return graphPiece('', 5, (columns) => bar(share, columns));
}

/** Joins the parts that fit into a line narrower than the terminal. */
export function layOut(pieces: readonly Piece[], { width, paint }: RenderOptions): string {
  const room = width - 1;
  const shown = fitting(pieces, room);
  const columns = Math.min(room - widthOf(shown) + MIN_GRAPH, MAX_GRAPH);
  return shown
    .map(({ text: minimum, fill, alarming }) => {
      if (fill !== undefined) {
        return fill(columns);
      }
      const text = minimum.slice(0, Math.max(0, room));
      return alarming ? paint('red', text) : text;
    })
    .join('  ');
}

function fitting(pieces: readonly Piece[], room: number): Piece[] {
  let shown = [...pieces];
  while (shown.length > 1 && widthOf(shown) > room) {
    const last = Math.max(...shown.map(({ rank }) => rank));
    shown = shown.filter(({ rank }) => rank !== last);
  }
  return shown;
}

function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length + 2, -2);
}
