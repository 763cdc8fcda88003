import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Folder } from '../support/folder.js';
import { SYSTEM, writeSystem } from '../support/sysfs-tree.js';
import { hasTmux, Terminal } from './terminal.js';
import { BINARY, shell, usbxfer } from './usbxfer.js';

// test/unit/cli/commands has the texts of list and info.

const folder = new Folder();
const ENV = { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: folder.path, LC_ALL: 'C.UTF-8' };

beforeAll(() => {
  writeSystem(folder.path, SYSTEM);
});

describe('usbxfer list', () => {
  it('prints text or JSON on stdout, and exits 0', async () => {
    const text = await usbxfer(['list'], ENV);
    expect(text.stdout.toString()).toMatch(/^PATH .*\nusb3 +003:001 +1d6b:0002 /);
    expect(text.stderr).toMatch(/^usbxfer: 1 of 5 devices cannot be opened by this user; .*\n$/);
    const json = await usbxfer(['list', '--json'], ENV);
    expect(JSON.parse(json.stdout.toString()).devices).toHaveLength(SYSTEM.length);
    expect([text.code, json.code, json.stderr]).toEqual([0, 0, '']);
  });

  it('exits 3 if no device matches', async () => {
    const { stdout, stderr, code } = await usbxfer(['list', '--vid', 'dead']);
    expect([stdout.length, stderr, code]).toEqual([0, 'usbxfer: no device matches\n', 3]);
  });

  it('exits 0 if the reader closes the pipe early', async () => {
    const { stderr, code } = await shell('set -o pipefail; usbxfer list | true');
    expect([stderr, code]).toEqual(['', 0]);
  });
});

describe.runIf(hasTmux && process.platform === 'linux')('on a terminal', () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());

  it('the lines of list fit its width, and names are cut first', async () => {
    terminal = new Terminal(80, 30, ENV);
    terminal.type('clear; usbxfer list --bus 3 2>/dev/null; echo end');
    const lines = await terminal.shows((shown) => shown.at(-2) === 'end');
    expect(lines[0]).toMatch(/^PATH .* ACCESS$/);
    expect(lines[1]).toMatch(/^usb3 {3}003:001 {3}1d6b:0002 {2}Linux.*… {2}.*480M .*yes$/);
    expect(lines[5]).toMatch(/^3-2 .*閃存.* no$/);
    expect(lines).toHaveLength(1 + 6 + 2);
  });
});

describe('usbxfer info', () => {
  it('suggests a command that reads from the device', async () => {
    const { stdout } = await shell(
      `command=$(USBXFER_BACKEND= usbxfer info --backend virtual 1-1 | grep -om1 'usbxfer read.*')
       USBXFER_BACKEND=
       eval "$command --bytes 4 -q" | xxd -p; echo "$command"`,
    );
    expect(stdout.toString()).toBe(
      '00000000\nusbxfer read --backend virtual -d 1234:5678 --ep 0x82\n',
    );
  });
});

describe.runIf(process.platform === 'linux' && findsStrace())('according to strace', () => {
  it.each([
    [['list', '--json'], '3-2/descriptors'],
    [['info', '4-1'], '4-1/bos_descriptors'],
  ])('%j opens no device', (args, read) => {
    const trace = join(folder.path, 'trace');
    const script = 'strace -f -e trace=open,openat,openat2 -o "$0" "$@"';
    execFileSync('bash', ['-c', script, trace, process.execPath, BINARY, ...args], {
      env: { ...process.env, ...ENV },
    });
    const opened = readFileSync(trace, 'utf8').split('\n');
    expect(opened.some((line) => line.includes(`/sys/bus/usb/devices/${read}`))).toBe(true);
    const devices = opened.filter((line) => line.includes(folder.path));
    expect(devices.filter((line) => line.includes('/dev/bus/usb'))).toEqual([]);
    expect(devices.filter((line) => /O_(WRONLY|RDWR|CREAT)/.test(line))).toEqual([]);
  });
});

function findsStrace(): boolean {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
