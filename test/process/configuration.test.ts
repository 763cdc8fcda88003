import { describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { shell, usbxfer } from './usbxfer.js';

const TWO = ['--vid', '1234', '--pid', '5678', '--scenario', 'configurations=2'];
const SECOND = [...TWO, '--configuration', '2'];

describe('an endpoint in another configuration', () => {
  it('is read with --configuration', async () => {
    const { stdout, stderr, code } = await usbxfer(['read', ...SECOND, '--bytes', '1M', '--json']);
    expect([stdout.length, isCounterPrefix(stdout), code]).toEqual([2 ** 20, true, 0]);
    expect(JSON.parse(stderr)).toMatchObject({
      ...{ configuration: 2, interface: 1, alternate_setting: 0, endpoint: '0x86' },
    });
  });

  it('is read again after a disconnection, as the device comes back in its first one', async () => {
    const args = [
      ...SECOND.slice(0, -3),
      'configurations=2,unplug@512k=100ms',
      ...SECOND.slice(-2),
    ];
    const { stdout, stderr, code } = await usbxfer([
      ...['read', ...args, '--bytes', '1M', '--reconnect', '--json'],
    ]);
    expect([stdout.length, code]).toEqual([2 ** 20, 6]);
    expect(JSON.parse(stderr)).toMatchObject({ configuration: 2, gap_count: 1 });
  });
});

describe('pipe over two interfaces', () => {
  it('moves data in both directions', async () => {
    const { stderr, code } = await shell(
      `head -c 1M /dev/zero | usbxfer pipe ${SECOND.join(' ')} --in 0x86 --out 0x02 ` +
        '--bytes 1M --json=/dev/stderr -q > /dev/null',
    );
    expect(JSON.parse(stderr)).toMatchObject({
      in: { endpoint: '0x86', interface: 1, bytes_written: 2 ** 20 },
      out: { endpoint: '0x02', interface: 0 },
    });
    expect(code).toBe(0);
  });
});

describe('control', () => {
  const GET = 'in standard device 8 0 0 1'.split(' ');

  it('selects a configuration for its request', async () => {
    const { stdout, code } = await usbxfer(['control', ...SECOND, ...GET, '--json']);
    expect([JSON.parse(stdout.toString()).data, code]).toEqual(['02', 0]);
  });

  it.each([
    ['out standard device 9 2', 0, ''],
    ['out standard device 9 3', 3, 'the device has no configuration 3; it has 1 (active), 2'],
    ['out standard interface 11 1 0', 0, ''],
    ['out standard interface 11 9 0', 3, 'no interface 0 with alternate setting 9'],
    ['out standard endpoint 1 0 0x82', 0, ''],
    [
      'out standard endpoint 1 0 0x84',
      3,
      'no bulk or interrupt endpoint 0x84 in alternate setting 0',
    ],
  ])('carries out %s with the host', async (request, exitCode, message) => {
    const { stdout, stderr, code } = await usbxfer(['control', ...TWO, ...request.split(' ')]);
    expect(stderr).toContain(message);
    expect([stdout.length, stderr === '', code]).toEqual([0, message === '', exitCode]);
  });

  it('refuses two configurations at the same time', async () => {
    const request = 'out standard device 9 1'.split(' ');
    const { stderr, code } = await usbxfer(['control', ...SECOND, ...request]);
    expect(stderr).toBe(
      'usbxfer: --configuration and SET_CONFIGURATION both select a configuration; give one of them\n',
    );
    expect(code).toBe(2);
  });
});
