import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';
import {
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
  writeSystem,
} from '../../../support/sysfs-tree.js';

const wrong = violations('doctor');
const UNICODE = { LC_ALL: 'C.UTF-8' };
const TOO_LITTLE = ['--scenario', 'memory=1M'];

async function checks(args: string[], env = {}) {
  const { stdout, stderr, code } = await usbxfer(['doctor', '--json', ...args], env);
  const record = JSON.parse(stdout);
  expect(wrong(record)).toBeUndefined();
  return { checks: record.checks as Record<string, unknown>[], stderr, code };
}

describe('usbxfer doctor', () => {
  it('finds no problem on the virtual bus', async () => {
    const { stdout, stderr, code } = await usbxfer(['doctor'], UNICODE);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        'System',
        '  ✔ no memory limit for transfers is known',
        '',
        '1-1  1234:5678  usbxfer virtual counter',
        '  ✔ it has bulk IN endpoints: 0x82',
        '',
        '1-2  1234:5679  usbxfer virtual loopback',
        '  ✔ it has bulk IN endpoints: 0x81',
        '',
        'All checks passed.',
        '',
      ].join('\n'),
    );
  });

  it('prints ASCII in a locale without UTF-8', async () => {
    const { stdout } = await usbxfer(['doctor', ...TOO_LITTLE], { LC_ALL: 'C' });
    expect(stdout).toMatch(/^ {2}FAIL the kernel limits .*\n {7}-> /m);
    expect(stdout).not.toMatch(/[^\n -~]/);
  });

  it('exits 4 for a problem, after the checklist', async () => {
    const { stdout, stderr, code } = await usbxfer(['doctor', ...TOO_LITTLE], UNICODE);
    expect([code, stderr]).toEqual([4, '']);
    expect(stdout).toMatch(/\n\n1 problem\.\n$/);
    expect(stdout).toMatch(/^ {2}✘ the kernel limits USB transfers to 1\.00 MiB .*\n {4}→ /m);
    expect(stdout).toContain('  ✔ it has bulk IN endpoints: 0x82');
  });

  it.each([
    [['-d', '1234:5679'], ['1-2']],
    [
      ['--vid', '1234'],
      ['1-1', '1-2'],
    ],
    [['--path', '1-1'], ['1-1']],
    [['--serial', 'V0002'], ['1-2']],
    [['--bus', '1', '--address', '2'], ['1-1']],
  ])('with %j checks %j', async (args, paths) => {
    const found = await checks(args);
    const devices = found.checks.map(({ device }) => device);
    expect([...new Set(devices)]).toEqual([null, ...paths]);
    expect([found.code, found.stderr]).toEqual([0, '']);
  });

  it('has no conclusion if no device matches', async () => {
    const { stdout, stderr, code } = await usbxfer(['doctor', '--vid', 'dead'], UNICODE);
    expect([code, stderr]).toEqual([3, 'usbxfer: no device matches\n']);
    expect(stdout).toBe('System\n  ✔ no memory limit for transfers is known\n');
  });

  it('exits 3 if no device matches, after the checks of the system', async () => {
    const found = await checks(['--vid', 'dead']);
    expect(found.checks.map(({ device }) => device)).toEqual([null]);
    expect(found.code).toBe(3);
    expect(JSON.parse(found.stderr)).toMatchObject({ code: 'no-such-device' });
  });

  it('reports a problem in the JSON of stdout and of stderr', async () => {
    const found = await checks(TOO_LITTLE);
    expect(found.checks.filter(({ status }) => status !== 'ok')).toMatchObject([
      {
        id: 'memory',
        device: null,
        status: 'problem',
        fix: expect.stringMatching(/^raise the limit: /),
      },
    ]);
    expect(found.code).toBe(4);
    expect(JSON.parse(found.stderr)).toMatchObject({ code: 'problems-found', exit_code: 4 });
  });

  it.skipIf(process.platform !== 'linux' || existsSync('/sys/bus/usb'))(
    'reports a missing bus',
    async () => {
      const found = await checks([], { USBXFER_BACKEND: 'libusb' });
      expect(found.checks.map(({ id }) => id)).toEqual(['bus', 'libusb', 'udev', 'memory']);
      expect(found.checks[0]).toMatchObject({ status: 'problem', fix: expect.any(String) });
      expect(found.code).toBe(4);
    },
  );
});

describe.runIf(process.platform === 'linux')('usbxfer doctor on a system', () => {
  const [folder, bare, system] = [new Folder(), new Folder(), new Folder()];
  const env = { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: folder.path };
  const FUNCTION = configuration(1, interfaceBytes(0, 0, [0xff, 0, 0], endpoint(0x81, 2, 512)));

  it('reports an empty bus', async () => {
    bare.file('sys/bus/usb/devices/.keep', '');
    const found = await checks([], { ...env, USBXFER_SYSFS: bare.path });
    expect(found.checks[0]).toMatchObject({ id: 'bus', status: 'problem' });
    expect(found.code).toBe(4);
    const named = await checks(['-d', '1234:5678'], { ...env, USBXFER_SYSFS: bare.path });
    expect(named.code).toBe(3);
  });

  it('checks a device without an IN endpoint only if it is named', async () => {
    const keyboard = configuration(1, interfaceBytes(0, 0, [3, 1, 1], endpoint(0x81, 3, 8)));
    writeSystem(system.path, [
      {
        path: '1-1',
        address: 2,
        speed: 12,
        descriptors: deviceBytes({ vid: 0x046d, pid: 0xc31c }, keyboard),
      },
    ]);
    const about = async (...args: string[]) => {
      const found = await checks(args, { ...env, USBXFER_SYSFS: system.path });
      const ids = found.checks.filter(({ device }) => device === '1-1').map(({ id }) => id);
      return ids;
    };
    expect(await about()).toEqual(['endpoint']);
    expect(await about('-d', '046d:c31c')).toContain('access');
  });

  it('skips hubs unless they are named', async () => {
    const hub = { vid: 0x1d6b, pid: 2, classes: [9, 0, 1] as const };
    writeSystem(folder.path, [
      { path: '1-1', address: 2, speed: 480, configuration: 0, descriptors: deviceBytes(hub) },
      {
        path: '1-2',
        address: 3,
        speed: 480,
        descriptors: deviceBytes(
          { vid: 0x1234, pid: 0x5678 },
          FUNCTION,
          configuration(2, interfaceBytes(0, 0, [9, 0, 0])),
        ),
      },
    ]);
    const devices = async (...args: string[]) => {
      const found = await checks(args, env);
      return new Set(found.checks.map(({ device }) => device));
    };
    expect(await devices()).toEqual(new Set([null, '1-2']));
    expect(await devices('--path', '1-1')).toEqual(new Set([null, '1-1']));
  });
});
