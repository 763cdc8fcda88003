import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SysfsBus } from '../support/sysfs-bus.js';
import { usbxfer } from './usbxfer.js';

const DIST = new URL('../../dist/', import.meta.url).href;

/** The modules of a chunk, by its source map: src/…, and packages by their names. */
function modulesOf(chunk: string): string[] {
  const map: { sources: string[] } = JSON.parse(readFileSync(`${chunk}.map`, 'utf8'));
  return map.sources.map((source) => /node_modules\/([^/]+)/.exec(source)?.[1] ?? source.slice(3));
}

/** The modules that a run loads. */
async function loaded(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Set<string>> {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  await usbxfer(args, { ...env, NODE_V8_COVERAGE: folder });
  const urls = readdirSync(folder).flatMap((file) => {
    const coverage: { result: { url: string }[] } = JSON.parse(
      readFileSync(join(folder, file), 'utf8'),
    );
    return coverage.result.map(({ url }) => url);
  });
  rmSync(folder, { recursive: true });
  const bundled = urls.filter((url) => url.startsWith(DIST)).map((url) => fileURLToPath(url));
  const mapped = bundled.filter((file) => /sourceMappingURL/.test(readFileSync(file, 'utf8')));
  const packages = urls.flatMap((url) => /\/node_modules\/([^/]+)/.exec(url)?.[1] ?? []);
  return new Set([...mapped.flatMap(modulesOf), ...packages]);
}

const LIBUSB = 'src/backends/libusb/backend.ts';
const VIRTUAL = 'src/backends/virtual/backend.ts';
const REPLAY = 'src/backends/replay/backend.ts';
const READ = ['read', '-d', '1234:5678', '--bytes', '4k'];

describe('a run of usbxfer loads', () => {
  it.each([
    [['--version']],
    [['help', 'sizes']],
    [['udev-rule', '-d', '1234:5678']],
    [['plot', 'schema/stats.schema.json', '-o', '-']],
  ])('no backend and no usb if none is needed: %j', async (args) => {
    const modules = await loaded(args, { USBXFER_BACKEND: 'libusb' });
    expect(modules).toContain('commander');
    for (const module of [LIBUSB, VIRTUAL, 'usb', 'chalk', 'cli-progress']) {
      expect(modules).not.toContain(module);
    }
  });

  it.each([
    [['list']],
    [['doctor']],
    [['watch', '--initial', '--count', '1']],
    [['control', '-d', '1234:5678', 'in', 'vendor', 'device', '2', '0', '0', '64']],
    [READ],
    [['write', '-d', '1234:5678', '-i', '/dev/null']],
  ])('on the virtual bus no libusb, no chalk, no cli-progress: %j', async (args) => {
    const modules = await loaded(args);
    expect(modules).toContain(VIRTUAL);
    for (const module of [LIBUSB, REPLAY, 'usb', 'chalk', 'cli-progress', 'string-width']) {
      expect(modules).not.toContain(module);
    }
  });

  it('one command', async () => {
    const modules = [...(await loaded(READ))];
    const other = /^src\/cli\/commands\/(list|info|reset|watch|doctor|udev-rule)\./;
    expect(modules).toContain('src/cli/commands/stream.ts');
    expect(modules.filter((module) => other.test(module))).toEqual([]);
    expect(modules.filter((module) => module.startsWith('src/cli/help/'))).toEqual([]);
  });

  it('chalk if there is colour', async () => {
    expect(await loaded(['list'], { FORCE_COLOR: '1' })).toContain('chalk');
  });

  it('cli-progress if there is progress', async () => {
    expect(await loaded([...READ, '--progress', 'always'])).toContain('cli-progress');
  });

  describe.runIf(process.platform === 'linux')('on the real bus', () => {
    it.each([
      [['list']],
      [['watch', '--initial', '--count', '1']],
      [['__complete', '--', 'list', '-d', '']],
    ])('no usb if sysfs is sufficient: %j', async (args) => {
      const bus = new SysfsBus();
      const modules = await loaded(args, bus.environment);
      bus.remove();
      expect(modules).toContain(LIBUSB);
      for (const module of [VIRTUAL, 'usb', 'src/backends/libusb/native/device.ts']) {
        expect(modules).not.toContain(module);
      }
    });

    it('usb if its state is checked: doctor', async () => {
      expect(await loaded(['doctor'], { USBXFER_BACKEND: 'libusb' })).toContain('usb');
    });
  });
});
