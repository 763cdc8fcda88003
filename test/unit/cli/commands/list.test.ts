import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { usbxfer } from '../../../support/run-command.js';

describe('usbxfer list', () => {
  it('prints one line per device', async () => {
    const { stdout, stderr, code } = await usbxfer(['list']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['PATH', 'BUS:ADDR', 'ID', 'NAME', 'SERIAL', 'SPEED', 'DRIVER', 'ACCESS'],
      ['1-1', '001:002', '1234:5678', 'usbxfer virtual counter', 'V0001', '480M', 'yes'],
      ['1-2', '001:003', '1234:5679', 'usbxfer virtual loopback', 'V0002', '480M', 'yes'],
    ]);
  });

  it('prints one JSON object with --json', async () => {
    const { stdout } = await usbxfer(['list', '--json', '--pid', '5678']);
    expect(JSON.parse(stdout)).toEqual({
      schema: 'usbxfer.list/1',
      devices: [
        expect.objectContaining({
          path: '1-1',
          bus: 1,
          address: 2,
          vid: '1234',
          pid: '5678',
          speed_mbps: 480,
          manufacturer: 'usbxfer',
          product: 'virtual counter',
          serial: 'V0001',
          name: 'usbxfer virtual counter',
          accessible: true,
          node: null,
        }),
      ],
    });
  });

  it.each([
    [['-d', '1234'], 2],
    [['-d', '1234:5679'], 1],
    [['--vid', '0x1234'], 2],
    [['--pid', '5678'], 1],
    [['--serial', 'V0002'], 1],
    [['--serial', 'V0002', '--pid', '5679'], 1],
    [['--pid', '5678', '--pid', '5679'], 2],
    [['--serial', 'V0001', '--serial', 'other'], 1],
    [['--name', 'VIRTUAL', '--bus', '1', '--class', 'vendor', '--class', '08'], 2],
    [['--name', 'loop', '--name', 'coun', '--class', '0xFF'], 2],
    [['--name', 'loop', '--pid', '5679'], 1],
  ])('filters by %j', async (filter, count) => {
    const { stdout, code } = await usbxfer(['list', '--json', ...filter]);
    expect(JSON.parse(stdout).devices).toHaveLength(count);
    expect(code).toBe(0);
  });

  it.each([
    [['--name', 'usbxfer', '--pid', '1']],
    [['--serial', 'V0001', '--pid', '5679']],
    [['--class', 'hub']],
    [['--driver', 'usb-storage']],
    [['--bus', '2']],
  ])('requires devices to match all of %j', async (filter) => {
    expect((await usbxfer(['list', ...filter])).code).toBe(3);
  });

  it.each([
    [['-o', 'id,foo'], /unknown column 'foo'.*--list-columns/],
    [['-o', 'sped'], /did you mean SPEED\?/],
    [['-o', ''], /unknown column ''/],
    [['--sort', '-'], /unknown column ''/],
    [['--class', 'mass-storge'], /did you mean mass-storage\?/],
    [['--class', '100'], /give a class/],
    [['--json', '--tree'], /--tree/],
    [['--json', '-o', 'id'], /--output/],
  ])('rejects %j', async (args, message) => {
    const { stderr, stdout, code } = await usbxfer(['list', ...args]);
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(args.includes('--json') ? JSON.parse(stderr).message : stderr).toMatch(message);
  });

  it('exits 3 if no device matches, with an empty list for --json', async () => {
    const text = await usbxfer(['list', '--vid', 'dead']);
    expect([text.code, text.stdout.length, text.stderr]).toEqual([
      3,
      0,
      'usbxfer: no device matches\n',
    ]);
    const json = await usbxfer(['list', '--vid', 'dead', '--json']);
    expect([json.code, JSON.parse(json.stdout).devices]).toEqual([3, []]);
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'no-such-device', exit_code: 3 });
  });

  it.skipIf(existsSync('/sys/bus/usb'))('explains that no USB bus is visible', async () => {
    const { stdout, stderr, code } = await usbxfer(['list'], { USBXFER_BACKEND: 'libusb' });
    expect(code).toBe(3);
    expect(stdout).toHaveLength(0);
    expect(stderr).toMatch(/^usbxfer: no USB bus is visible here.*container.*WSL.*\n$/);
    const json = await usbxfer(['list', '--json'], { USBXFER_BACKEND: 'libusb' });
    expect([json.code, JSON.parse(json.stdout).devices]).toEqual([3, []]);
    expect(JSON.parse(json.stderr)).toMatchObject({
      code: 'no-bus',
      advice: expect.stringContaining('usbipd'),
    });
  });
});
