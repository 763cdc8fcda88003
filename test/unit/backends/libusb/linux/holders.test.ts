import { expect, it } from 'vitest';
import { holdersOf } from '../../../../../src/backends/libusb/linux/holders.js';
import { Folder } from '../../../../support/folder.js';

const FILE = '/dev/bus/usb/002/003';

function processOf(proc: Folder, pid: number, command: string | undefined, files: string[]): void {
  files.forEach((file, descriptor) => {
    proc.link(`${pid}/fd/${descriptor}`, file);
  });
  if (command !== undefined) {
    proc.file(`${pid}/comm`, `${command}\n`);
  }
}

it('names the processes that have the file open, except this one', () => {
  const proc = new Folder();
  processOf(proc, 7, 'self', [FILE]);
  processOf(proc, 1234, 'usbxfer', ['/dev/null', FILE, FILE]);
  processOf(proc, 99, 'other', ['/dev/bus/usb/002/004', '/dev/bus/usb/002/0031']);
  processOf(proc, 30, 'early bird', [FILE]);
  proc.file('55/comm', 'not for us to see\n');
  proc.link('self', '7');
  proc.link('thread-self/fd/0', FILE);
  expect(holdersOf(FILE, { proc: proc.path }, 7)).toEqual([
    { pid: 30, command: 'early bird' },
    { pid: 1234, command: 'usbxfer' },
  ]);
});

it.each([
  ['\u001b[31mred\u202e\nline', '?[31mred??line'],
  ['x'.repeat(1000), `${'x'.repeat(59)}…`],
  ['', '?'],
  [undefined, '?'],
])('without a command line, shows the name %j as %s', (command, shown) => {
  const proc = new Folder();
  processOf(proc, 5, command, [FILE]);
  expect(holdersOf(FILE, { proc: proc.path })).toEqual([{ pid: 5, command: shown }]);
});

it.each([
  ['/usr/local/bin/usbxfer\0read\0-d\x001234:5678\0', 'usbxfer read -d 1234:5678'],
  ['usbxfer read -d 1234:5678\0\0\0', 'usbxfer read -d 1234:5678'],
  ['python3\0/home/ann/\u001b[2J\u202e\nx.py\0', 'python3 /home/ann/?[2J??x.py'],
  [`cat\0${'x'.repeat(1_000_000)}`, `cat ${'x'.repeat(55)}…`],
  ['/\0', '/'],
  ['', 'comm'],
])('shows the command line %j as %s', (line, shown) => {
  const proc = new Folder();
  processOf(proc, 5, 'comm', [FILE]);
  proc.file('5/cmdline', line);
  expect(holdersOf(FILE, { proc: proc.path })).toEqual([{ pid: 5, command: shown }]);
});

it('finds no process where it may see none', () => {
  expect(holdersOf(FILE, { proc: '/nowhere' })).toEqual([]);
});
