import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';

const folder = new Folder();
let runs = 0;

/** The gaps in a summary: their places and causes. */
function gapsIn(summary: string): [offset: number, cause: string][] {
  const { gaps } = JSON.parse(summary);
  return gaps.map(({ offset, cause }: { offset: number; cause: string }) => [offset, cause]);
}

describe('a record of a run', () => {
  it.each([
    ['rate=40M', ['--bytes', '2MiB'], 0],
    ['message=1000', ['--bytes', '100000'], 0],
    ['stall@1MiB', ['--bytes', '2MiB', '--keep-going'], 6],
    ['babble@512K, error@1MiB', ['--bytes', '2MiB', '--keep-going'], 6],
    ['unplug@1MiB=100ms', ['--bytes', '2MiB', '--reconnect'], 6],
    ['rate=20M', ['--duration', '200ms', '--timeout', '10ms'], 0],
  ])('gives its output again, with its gaps: %s', async (scenario, args, code) => {
    runs += 1;
    const file = (name: string) => join(folder.path, `${runs}-${name}`);
    const run = (name: string, command: readonly string[]) =>
      usbxfer([...command, '-o', file(name), '--json', '-q']);
    const record = file('record.pcapng');

    const read = ['read', '-d', '1234:5678', '--scenario', scenario, ...args];
    const first = await run('output', [...read, '--record', record]);
    const extracted = await run('extracted', ['extract', record, '--ep', '0x82']);
    const replayed = await run('replayed', [
      ...['read', '--backend', 'replay', '--capture', record, '--ep', '0x82'],
      ...['--keep-going', '--reconnect'],
    ]);
    expect([first, extracted, replayed].map((result) => result.code)).toEqual([code, code, code]);
    const [output, ...again] = ['output', 'extracted', 'replayed'].map((name) =>
      readFileSync(file(name)),
    );
    expect(output?.length).toBeGreaterThan(0);
    for (const bytes of again) {
      expect(output?.equals(bytes)).toBe(true);
    }
    const [gaps, ...gapsAgain] = [first, extracted, replayed].map(({ stdout }) => gapsIn(stdout));
    expect(gapsAgain).toEqual([gaps, gaps]);
    expect(gaps).toHaveLength(code === 0 ? 0 : (scenario.match(/@/g) ?? []).length);
  });

  it('has the device at its port', async () => {
    const record = join(folder.path, 'port.pcapng');
    const read = ['read', '--bytes', '1000', '-q', '-o', join(folder.path, 'port.bin')];
    await usbxfer([...read, '--path', '1-1', '--record', record]);
    const list = await usbxfer(['extract', record, '--list', '--json']);
    expect(JSON.parse(list.stdout).devices).toMatchObject([{ path: '1-1' }]);
    const replay = ['--backend', 'replay', '--capture', record];
    const { code } = await usbxfer(['info', ...replay, '--path', '1-1']);
    expect(code).toBe(0);
  });

  it('in several files has all data, and each file opens alone', async () => {
    const parts = join(folder.path, 'part-{index}');
    const read = ['read', '-d', '1234:5678', '--scenario', 'rate=40M', '--bytes', '1MiB', '-q'];
    await usbxfer([
      ...[...read, '--transfer-size', '16KiB', '--split-bytes', '256KiB'],
      ...['-o', `${parts}.bin`, '--record', `${parts}.pcapng`],
    ]);
    const names = readdirSync(folder.path).filter((name) => /^part-.*pcapng$/.test(name));
    expect(names).toHaveLength(4);
    const extracted: Buffer[] = [];
    for (const name of names.sort()) {
      const output = join(folder.path, `${name}.extracted`);
      const { code } = await usbxfer(['extract', join(folder.path, name), '-o', output, '-q']);
      // On a busy machine, one write fills several files: the transfers are in the record of the first.
      expect([0, 3]).toContain(code);
      extracted.push(code === 0 ? readFileSync(output) : Buffer.alloc(0));
    }
    const whole = readdirSync(folder.path)
      .filter((name) => /^part-\d+\.bin$/.test(name))
      .sort()
      .map((name) => readFileSync(join(folder.path, name)));
    expect(Buffer.concat(extracted).equals(Buffer.concat(whole))).toBe(true);
  });

  it('of what was sent has the bytes that the device accepted', async () => {
    const input = folder.file('input', Buffer.alloc(300_000, 'usb '));
    const record = join(folder.path, 'sent.pcapng');
    await usbxfer(['write', '-d', '1234:5678', '-i', input, '--record', record, '-q']);
    const output = join(folder.path, 'sent.bin');
    const { code } = await usbxfer(['extract', record, '--ep', '0x02', '-o', output, '-q']);
    expect(code).toBe(0);
    expect(readFileSync(output).equals(readFileSync(input))).toBe(true);
    const replay = ['--backend', 'replay', '--capture', record, '--replay-check', '-q'];
    expect((await usbxfer(['write', '-i', output, ...replay])).code).toBe(0);
  });

  it('has the answers to control requests', async () => {
    const record = join(folder.path, 'control.pcapng');
    const request = ['in', 'standard', 'device', '6', '0x0200', '0', '99', '--hex'];
    const first = await usbxfer(['control', '1234:5678', ...request, '--record', record]);
    const again = ['--backend', 'replay', '--capture', record];
    const second = await usbxfer(['control', '1234:5678', ...request, ...again]);
    expect(second.stdout).toBe(first.stdout);
    expect(second.stdout).not.toBe('');
  });
});
