import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Terminal } from '../../test/process/terminal.js';
import { drawWindows } from './svg.js';

// `npm run picture`: draws docs/terminal.svg from a capture in a real terminal. It needs tmux.

const COLUMNS = 100;
const ROWS = 24;
const SCENARIO = 'rate=40M,stall@96M';
const READ = `usbxfer read -d 1234:5678 --bytes 256MiB --keep-going -o dump.bin --scenario ${SCENARIO}`;
const LABEL =
  'usbxfer lists two devices, streams 256 MiB with a progress bar, and prints a summary';

const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
const terminal = new Terminal(COLUMNS, ROWS);
try {
  terminal.type(` cd ${folder}; clear`);
  await terminal.shows((lines) => lines.join('') === '$');
  terminal.type('usbxfer list');
  await terminal.shows((lines) => lines.length > 2 && lines.at(-1) === '$');
  terminal.type(READ);
  await terminal.shows((lines) => / (6|7)\d % /.test(lines.at(-1) ?? ''));
  const during = terminal.colours;
  await terminal.shows((lines) => lines.at(-1) === '$');
  const lines = terminal.colours.split('\n');
  const after = lines.slice(lines.indexOf(`$ ${READ}`) + 1).join('\n');
  const windows = [
    { title: 'while it runs', screen: during },
    { title: 'when it is done', screen: after },
  ];
  writeFileSync('docs/terminal.svg', drawWindows(windows, COLUMNS, LABEL));
} finally {
  terminal.close();
  rmSync(folder, { recursive: true });
}
