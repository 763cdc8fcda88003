import { beforeEach, describe, expect, it } from 'vitest';
import { LiveLine } from '../../../../src/cli/terminal/live-line.js';
import type { NonBlockingWriter } from '../../../../src/cli/terminal/nonblocking-writer.js';

const ERASED = '\r\x1b[K';

let written: string[] = [];
let isEmpty = true;
let columns = 80;
let line: LiveLine;

beforeEach(() => {
  written = [];
  isEmpty = true;
  columns = 80;
  const queue = {
    get isEmpty() {
      return isEmpty;
    },
    put: (text: string) => written.push(text),
  };
  line = new LiveLine(queue as unknown as NonBlockingWriter, () => columns);
});

describe('a line on a terminal', () => {
  it('is redrawn in place, and only if it changed', () => {
    line.draw('one');
    line.draw('one');
    line.draw('two');
    expect(written).toEqual(['\x1b[?7l\rone\x1b[K\x1b[?7h', '\x1b[?7l\rtwo\x1b[K\x1b[?7h']);
  });

  it('is erased once and can be drawn again', () => {
    line.erase();
    line.draw('one');
    line.erase();
    line.erase();
    line.draw('one');
    expect(written).toHaveLength(3);
    expect(written[1]).toBe(ERASED);
  });

  it('is not drawn while the terminal accepts nothing', () => {
    isEmpty = false;
    line.draw('one');
    expect(written).toEqual([]);
  });

  it.each([
    [40, 0],
    [39, 1],
    [20, 1],
    [19, 2],
    [10, 3],
    [120, 0],
  ])('of 40 characters, wrapped at a width of %i, is erased with %i lines above', (width, above) => {
    line.draw(`\x1b[31m${'x'.repeat(40)}\x1b[39m`);
    columns = width;
    line.draw('next');
    expect(written[1]).toBe(ERASED + '\x1b[A\x1b[K'.repeat(above));
    expect(written[2]).toContain('next');
  });
});
