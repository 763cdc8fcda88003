import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counterBytes } from '../support/counter-stream.js';
import { hasTmux, Terminal } from './terminal.js';
import { shell, usbxfer } from './usbxfer.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The bytes in the lines of a dump. */
function bytesIn(dump: string): Buffer {
  const digits = dump.match(/^[0-9a-f]{8} {2}.{48}/gm) ?? [];
  return Buffer.from(digits.map((line) => line.slice(8).replaceAll(' ', '')).join(''), 'hex');
}

/** The headings of a dump, without the times. */
function headingsIn(dump: string): string[] {
  return (dump.match(/^[<>].*/gm) ?? []).map((line) => line.replace(/\d+\.\d{6} s {2}/, ''));
}

describe('read --hex', () => {
  it('writes every transfer, empty ones and a failure too', async () => {
    const { stdout, code } = await usbxfer([
      ...['read', '-d', '1234:5678', '--hex', '--transfer-size', '1k', '--transfers', '2'],
      ...['--scenario', 'message=1024,stall@4096'],
    ]);
    const dump = stdout.toString();
    const message = ['< 0x82  1024 bytes  completed', '< 0x82  0 bytes  completed'];
    expect(headingsIn(dump)).toEqual([
      ...[message, message, message, message].flat(),
      '< 0x82  0 bytes  stall',
    ]);
    expect(bytesIn(dump).equals(counterBytes(0, 4096))).toBe(true);
    expect(code).toBe(6);
  });

  it('writes everything to a slow pipe or a file, and counts the bytes of the data', async () => {
    const read = 'usbxfer read -d 1234:5678 --hex --transfer-size 4k --bytes 2M';
    const slow = await shell(`${read} --json | (sleep 0.5; cat)`);
    expect(bytesIn(slow.stdout.toString()).equals(counterBytes(0, 2 ** 21))).toBe(true);
    expect(JSON.parse(slow.stderr)).toMatchObject({ bytes_written: 2 ** 21, exit_code: 0 });
    const file = join(folder, 'dump.txt');
    const { stdout, code } = await shell(`${read} -o ${file} --json`);
    expect(JSON.parse(stdout.toString())).toMatchObject({ bytes_written: 2 ** 21 });
    expect(bytesIn(readFileSync(file, 'utf8')).equals(counterBytes(0, 2 ** 21))).toBe(true);
    expect(code).toBe(0);
  });

  it('ends when its reader does, and fails with its output', async () => {
    const closed = await shell(
      'set -o pipefail; usbxfer read -d 1234:5678 --hex -q | head -n 100 | wc -l',
    );
    expect([closed.stdout.toString().trim(), closed.code]).toEqual(['100', 0]);
    const full = await usbxfer(['read', '-d', '1234:5678', '--hex', '-q', '-o', '/dev/full']);
    expect([full.stderr, full.code]).toEqual([
      expect.stringMatching(
        /^usbxfer: the output failed: no space left on device; 0 of \d+ bytes /,
      ),
      7,
    ]);
  });
});

describe('pipe --hex', () => {
  it('writes both directions, each with its mark', async () => {
    const { stdout, code } = await shell(`printf '*IDN?\\n' | usbxfer pipe -d 1234:5679 --hex -q`);
    const dump = stdout.toString();
    expect(headingsIn(dump)).toEqual(['> 0x01  6 bytes  completed', '< 0x81  6 bytes  completed']);
    expect(bytesIn(dump).toString()).toBe('*IDN?\n*IDN?\n');
    expect(code).toBe(0);
  });

  it('keeps little text of what it sends for an output that does not move', async () => {
    // The counter sends nothing, so no received data slows the stream down.
    const sent = join(folder, 'sent.json');
    const { code } = await shell(`
      head -c 60M /dev/zero | usbxfer pipe -d 1234:5678 --scenario silence@0 --hex -q \\
        --json=${sent} | (sleep 1; cat > /dev/null); exit \${PIPESTATUS[1]}`);
    const { out, peak_memory_bytes } = JSON.parse(readFileSync(sent, 'utf8'));
    expect([out.bytes_accepted, code]).toEqual([60 * 2 ** 20, 0]);
    expect(peak_memory_bytes).toBeLessThan(200 * 2 ** 20); // the text has 300 MB
  });
});

describe.skipIf(!hasTmux)('on a terminal', () => {
  let terminal: Terminal;
  beforeEach(() => {
    terminal = new Terminal(80, 24);
  });
  afterEach(() => terminal.close());

  it('read --hex shows a screenful a second, and how much it left out', async () => {
    terminal.type('clear; usbxfer read 1234:5678 --hex --scenario rate=1M --transfer-size 512');
    const lines = await terminal.shows((shown) => shown.some((line) => line.startsWith('... ')));
    expect(lines.find((line) => line.startsWith('... '))).toMatch(
      /^\.\.\. \d+ (transfers with \d+ bytes not shown|more bytes)$/,
    );
    terminal.press('C-c');
    await terminal.shows((shown) => shown.some((line) => line.startsWith('ended ')));
  });

  it('pipe sends each line as it is typed, and shows the answers as text', async () => {
    terminal.type('clear; usbxfer pipe 1234:5679 -q; echo so');
    terminal.type('*IDN?');
    await terminal.shows((lines) => lines.filter((line) => line === '*IDN?').length === 2);
    terminal.type('\x1b[31mred');
    await terminal.shows((lines) => lines.includes('\\x1b[31mred'));
    terminal.press('C-d');
    await terminal.shows((lines) => lines.includes('so'));
  });

  it('pipe --hex shows each line and each answer', async () => {
    terminal.type('clear; usbxfer pipe 1234:5679 --hex -q; echo so');
    terminal.type('ab');
    await terminal.shows(
      (lines) => lines.filter((line) => / {2}\|ab\.\|$/.test(line)).length === 2,
    );
    terminal.press('C-d');
    await terminal.shows((lines) => lines.includes('so'));
  });

  it('read refuses bytes, unless -o - asks for them', async () => {
    terminal.type('clear; usbxfer read 1234:5678 --bytes 1k; echo code $?');
    const refused = await terminal.shows((lines) => lines.includes('code 2'));
    expect(refused.join(' ')).toContain('will not write binary data to a terminal');
    terminal.type('clear; usbxfer read 1234:5678 --bytes 4 -q -o -; echo code $?');
    await terminal.shows((lines) => lines.some((line) => line.endsWith('code 0')));
  });
});
