import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, readCapture } from '../support/capture-file.js';
import { counterBytes } from '../support/counter-stream.js';
import { lacks } from '../support/tools.js';
import { shell } from './usbxfer.js';

const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
afterAll(() => rmSync(folder, { recursive: true }));

const READ = 'usbxfer read -d 1234:5678 -q';
const MIB = 1024 * 1024;

describe('--record', () => {
  it('goes to stdout, and to a descriptor of the shell', async () => {
    const file = join(folder, 'fd3.pcapng');
    const { stdout, stderr, code } = await shell(`
      ${READ} --bytes 1MiB -o /dev/null --record - &&
      ${READ} --bytes 1MiB --record fd:3 3> ${file} | cmp - <(${READ} --bytes 1MiB)`);
    expect([stderr, code]).toEqual(['', 0]);
    for (const bytes of [stdout, readFileSync(file)]) {
      expect(bytesOf(readCapture(bytes), 0x82).equals(counterBytes(0, MIB))).toBe(true);
    }
  });

  it('ends the run when its reader closes the pipe', async () => {
    const { stderr, code } = await shell(`
      set -o pipefail
      ${READ} -o /dev/null --record - --scenario rate=50M | head -c 100000 > /dev/null`);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('loses nothing while its reader is slow', async () => {
    const { stderr, code } = await shell(`
      ${READ} --bytes 64MiB -o /dev/null --record - | { sleep 1; cat > ${folder}/slow.pcapng; }`);
    expect([stderr, code]).toEqual(['', 0]);
    const capture = readCapture(readFileSync(join(folder, 'slow.pcapng')));
    expect(bytesOf(capture, 0x82)).toHaveLength(64 * MIB);
  });
});

describe.skipIf(lacks('tshark'))('tshark', () => {
  it.each([
    ['a plain run', '--bytes 1MiB'],
    [
      'control requests',
      `--bytes 1MiB --before 'out vendor device 1 1' --after 'in vendor device 2 0 0 8'`,
    ],
    ['a stall', '--bytes 2MiB --keep-going --scenario stall@1MiB'],
    ['a disconnection', '--bytes 2MiB --reconnect --scenario unplug@1MiB=10ms'],
    ['an overflow', '--scenario babble@100000'],
    ['large transfers', '--bytes 64MiB --transfer-size 8MiB --transfers 2'],
  ])('reads the record of %s without a warning', async (_, options) => {
    const { stdout, stderr } = await shell(`
      ${READ} -o /dev/null --record - ${options} 2>/dev/null | tshark -n -r - -T fields -e usb.src \
        -e usb.transfer_type -e _ws.malformed -e _ws.short 2>&1 | grep -v '^Running as' | sort -u`);
    expect(stderr).toBe('');
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.filter((line) => !/^\S+\t0x0[23]\t*$/.test(line))).toEqual([]);
  });
});
