import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Terminal } from '../../test/process/terminal.js';
import { drawWindows } from './svg.js';

// `npm run picture`: draws docs/terminal.svg from a capture in a real terminal. It needs tmux.

const COLUMNS = 100;
const ROWS = 24;
const READ = 'usbxfer read -d 1234:5678 --bytes 256MiB -o dump.bin --scenario rate=40M';
const READ_WITH_FAULT =
  'usbxfer read -d 1234:5678 --bytes 64MiB --reconnect -o rest.bin --scenario rate=40M,unplug@24M=2s';
const LABEL =
  'usbxfer lists two devices, streams 256 MiB with a progress bar, and prints a summary; then it ' +
  'continues after a disconnection, and reports the gap';

const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
const terminal = new Terminal(COLUMNS, ROWS);

/** Resolves when the shell shows its prompt again. */
async function ended(): Promise<void> {
  await terminal.shows((lines) => lines.length > 2 && lines.at(-1) === '$');
}

/** The screen after a command that it shows, without the prompt at the end. */
function outputOf(command: string): string {
  const lines = terminal.colours.split('\n');
  return lines.slice(lines.indexOf(`$ ${command}`) + 1, -1).join('\n');
}

try {
  terminal.type(` cd ${folder}; clear`);
  await terminal.shows((lines) => lines.join('') === '$');
  terminal.type('usbxfer list');
  await ended();
  terminal.type(READ);
  await terminal.shows((lines) => / (6|7)\d % /.test(lines.at(-1) ?? ''));
  const during = terminal.colours;
  await ended();
  const after = outputOf(READ);
  terminal.type(' clear');
  await terminal.shows((lines) => lines.join('') === '$');
  terminal.type(READ_WITH_FAULT);
  await terminal.shows((lines) => / for 0:0[12] /.test(lines.at(-1) ?? ''));
  const away = terminal.colours;
  await ended();
  const windows = [
    { title: 'while it runs', screen: during },
    { title: 'when it is done', screen: after },
    { title: 'while the device is unplugged', screen: away },
    { title: 'when it is back, and all is received', screen: outputOf(READ_WITH_FAULT) },
  ];
  writeFileSync('docs/terminal.svg', drawWindows(windows, COLUMNS, LABEL));
} finally {
  terminal.close();
  rmSync(folder, { recursive: true });
}
