import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { Folder } from '../support/folder.js';
import { SysfsBus } from '../support/sysfs-bus.js';
import { SYSTEM, writeSystem } from '../support/sysfs-tree.js';
import { usbxfer } from './usbxfer.js';

const DIST = new URL('../../dist/', import.meta.url).href;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What a run loads: `own`, its files in dist/; `packages`, those from which something comes. */
async function loaded(args: string[], env: NodeJS.ProcessEnv = {}) {
  await usbxfer(args, { ...env, NODE_V8_COVERAGE: folder });
  const urls = readdirSync(folder).flatMap((file) => {
    const coverage: { result: { url: string }[] } = JSON.parse(
      readFileSync(join(folder, file), 'utf8'),
    );
    return coverage.result.map(({ url }) => url);
  });
  const own = urls.filter((url) => url.startsWith(DIST)).map((url) => url.slice(DIST.length));
  const packages = urls.map((url) => /\/node_modules\/([^/]+)/.exec(url)?.[1]);
  return {
    own,
    commands: own.filter((file) => file.startsWith('cli/commands/')),
    packages: [...new Set(packages.filter((name) => name !== undefined))],
  };
}

function under(folders: string[], files: string[]): string[] {
  return files.filter((file) => folders.some((name) => file.startsWith(`${name}/`)));
}

describe.each([
  { args: ['--version'] },
  { args: ['--help'] },
  { args: ['help'] },
])('usbxfer $args.0', ({ args }) => {
  it('loads no command, no engine, no backend, and of the packages commander alone', async () => {
    const { own, commands, packages } = await loaded(args);
    expect(own).toContain('cli/main.js');
    expect(commands).toEqual([]);
    expect(under(['backends', 'cli/completion', 'transfer'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });
});

it('usbxfer loads no help for what needs none', async () => {
  for (const args of [['--version'], ['list'], ['list', '--serial', '-h']]) {
    expect(under(['cli/help'], (await loaded(args)).own)).toEqual([]);
  }
});

describe.each(TOPICS.map(({ name }) => name))('usbxfer help %s', (name) => {
  it('loads its topic alone', async () => {
    const { own, commands } = await loaded(['help', name]);
    const topics = TOPICS.map((topic) => `cli/help/${topic.name}.js`);
    expect(own.filter((file) => topics.includes(file))).toEqual([`cli/help/${name}.js`]);
    expect(commands).toEqual([]);
    expect(under(['transfer', 'backends/libusb'], own)).toEqual([]);
  });
});

describe.each(COMMANDS.map(({ name }) => name))('usbxfer %s', (name) => {
  const other = COMMANDS.find((command) => command.name !== name)?.name ?? '';

  it.each([
    [[name, '--help']],
    [['help', name]],
    [[name, '--no-such-option']],
    [[name, '--serial', other, '--help']],
  ])('loads no other command: %j', async (args) => {
    expect((await loaded(args)).commands).toEqual([`cli/commands/${name}.js`]);
  });
});

describe('usbxfer list', () => {
  const system = new Folder();
  writeSystem(system.path, SYSTEM);

  it.runIf(process.platform === 'linux')('loads neither node-usb nor its callers', async () => {
    const { own, packages } = await loaded(['list'], { USBXFER_BACKEND: 'libusb' });
    expect(own).toContain('backends/libusb/linux/devices.js');
    expect(own).not.toContain('backends/libusb/native/device.js');
    expect(own).not.toContain('backends/libusb/native/node-usb.js');
    expect(under(['backends/virtual', 'transfer'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });

  it('looks for names in usb.ids, and measures text, only where it has to', async () => {
    expect((await loaded(['list'])).own).not.toContain('cli/devices/usb-ids.js');
    expect((await loaded(['list', '-o', 'vendor'])).own).toContain('cli/devices/usb-ids.js');
    const { packages } = await loaded(['list'], {
      USBXFER_BACKEND: 'libusb',
      USBXFER_SYSFS: system.path,
    });
    expect(packages).toContain('string-width');
    expect(packages).not.toContain('usb');
  });

  it('loads of the backends only the one that was asked for', async () => {
    const { own, packages } = await loaded(['list']);
    expect(own).toContain('backends/virtual/backend.js');
    expect(under(['backends/libusb', 'transfer'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });

  it('loads chalk where there is to be colour', async () => {
    expect((await loaded(['list'], { FORCE_COLOR: '1' })).packages).toContain('chalk');
  });
});

describe('usbxfer doctor', () => {
  it('loads of the backends only the one that was asked for', async () => {
    const { own, packages } = await loaded(['doctor']);
    expect(own).toContain('cli/commands/doctor.js');
    expect(under(['backends/libusb', 'transfer'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });

  it.runIf(process.platform === 'linux')('loads node-usb to see whether it can', async () => {
    const { own, packages } = await loaded(['doctor'], { USBXFER_BACKEND: 'libusb' });
    expect(own).toContain('backends/libusb/doctor/diagnose.js');
    expect(own).not.toContain('backends/libusb/native/device.js');
    expect(under(['transfer'], own)).toEqual([]);
    expect(packages).toContain('usb');
  });
});

it('usbxfer udev-rule loads no backend', async () => {
  const { own, packages } = await loaded(['udev-rule', '-d', '1234:5678']);
  expect(own).toContain('usb/udev-rule.js');
  expect(under(['backends', 'transfer'], own)).toEqual([]);
  expect(packages).toEqual(['commander']);
});

it('usbxfer read loads no node-usb for the simulated bus', async () => {
  const { own, packages } = await loaded(['read', '-d', '1234:5678', '--bytes', '4k']);
  expect(own).toContain('engine/session/capture.js');
  expect(under(['backends/libusb'], own)).toEqual([]);
  expect(own).not.toContain('cli/session/output-name.js');
  expect(own).not.toContain('engine/io/split-sink.js');
  expect(packages).toEqual(['commander']);
});

it('usbxfer write loads no node-usb for the simulated bus, and nothing that reads', async () => {
  const { own, packages } = await loaded(['write', '-d', '1234:5678', '-i', '/dev/null']);
  expect(own).toContain('engine/session/send.js');
  expect(under(['backends/libusb'], own)).toEqual([]);
  expect(own).not.toContain('engine/session/capture.js');
  expect(own).not.toContain('cli/session/output.js');
  expect(packages).toEqual(['commander']);
});

it.each([
  [['control', '--pid', '5678', 'in', 'vendor', 'device', '2', '0', '0', '64']],
  [['reset', '--pid', '5678']],
])('no more of the engine is loaded than it takes: %j', async (args) => {
  const { own, packages } = await loaded(args);
  expect(own).toContain('backends/virtual/handle/device.js');
  expect(own).not.toContain('engine/session/capture.js');
  expect(under(['backends/libusb'], own)).toEqual([]);
  expect(packages).toEqual(['commander']);
});

describe('the table of errors', () => {
  it.each([
    [['--help']],
    [['list']],
    [['list', '--json', '--debug']],
    [['doctor']],
    [['udev-rule', '-d', '1234:5678']],
    [['control', '-d', '1234:5678', 'out', 'vendor', 'device', '1', '--json', '--debug']],
    [['reset', '-d', '1234:5678', '--json', '--debug']],
    [['read', '-d', '1234:5678', '--bytes', '4k', '--json', '--debug']],
    [['write', '-d', '1234:5678', '-i', '/dev/null', '--json', '--debug']],
  ])('is not loaded when all goes well: %j', async (args) => {
    const { own } = await loaded(args);
    const failing = [
      'cli/errors/codes.js',
      'cli/errors/classify.js',
      'cli/errors/print.js',
      'cli/errors/print.js',
    ];
    expect(own.filter((file) => failing.includes(file))).toEqual([]);
  });

  it.each([
    [['list', '--vid', 'dead']],
    [['read', '-d', '1234:5678', '--scenario', 'stall@1k']],
  ])('is loaded on a failure: %j', async (args) => {
    const { own } = await loaded(args);
    expect(own).toContain('cli/errors/codes.js');
    expect(own).not.toContain('cli/errors/print.js');
  });
});

it.each([
  ['list', 'libusb'],
  ['udev-rule', 'virtual'], // which has no choice of bus
])('completion of %s loads one backend to list its devices, and opens none', async (name, bus) => {
  const { own, packages } = await loaded(['__complete', '--', name, '-d', ''], {
    USBXFER_BACKEND: bus,
  });
  expect(own).toContain('backends/libusb/backend.js');
  expect(own).not.toContain('backends/virtual/backend.js');
  expect(own).toContain('cli/completion/complete.js');
  expect(own).not.toContain('backends/libusb/native/device.js');
  expect(own).not.toContain('backends/libusb/native/node-usb.js');
  expect(packages).toEqual(['commander']);
});

describe('usbxfer watch', () => {
  const watch = ['watch', '--initial', '--count', '1'];

  it('loads no node-usb, and of the engine what watches', async () => {
    const { own, packages } = await loaded(watch);
    expect(own).toContain('engine/device/presence.js');
    expect(own).not.toContain('engine/session/capture.js');
    expect(own).not.toContain('cli/session/shutdown.js');
    expect(under(['backends/libusb'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });

  it.runIf(process.platform === 'linux')('asks sysfs alone', async () => {
    const bus = new SysfsBus();
    const { own, packages } = await loaded(watch, bus.environment);
    bus.remove();
    expect(own).toContain('backends/libusb/linux/devices.js');
    expect(own).not.toContain('backends/libusb/native/node-usb.js');
    expect(own).not.toContain('backends/virtual/backend.js');
    expect(under(['backends/libusb/doctor'], own)).toEqual([]);
    expect(packages).toEqual(['commander']);
  });
});
