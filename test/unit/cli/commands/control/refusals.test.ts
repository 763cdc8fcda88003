import { afterEach, describe, expect, it, vi } from 'vitest';
import { SimulatedDevice } from '../../../../../src/backends/simulation/device.js';
import { UsbError, type UsbErrorCode } from '../../../../../src/usb/errors.js';
import { violations } from '../../../../process/schema.js';
import { usbxfer } from '../../../../support/run-command.js';

const CONTROL = ['control', '-d', '1234:5678'];
const UNKNOWN = ['in', 'vendor', 'device', '99', '0', '0', '4'];

const sent = vi.spyOn(SimulatedDevice.prototype, 'control');
afterEach(() => {
  sent.mockReset();
});

describe('an invalid command sends nothing', () => {
  it.each([
    [
      ['in', 'vendr', 'device', '1'],
      /'in vendr device 1' is not a control request: give .* vendor\?\); see usbxfer help requests\n$/,
      2,
    ],
    [
      ['--out', 'in', 'vendor', 'device', '1'],
      /is not a control request: give standard, class or vendor after out/,
      2,
    ],
    [['in', 'vendor', 'device', '1', '0', '0', '4097'], /give the length .* from 0 to 4096/, 2],
    [
      ['\x1b[2J', 'x'.repeat(5000)],
      /^usbxfer: '\\x1b\[2J x{1,128}…' is not a control request: start with/,
      2,
    ],
    [[], /missing required argument 'request'; see usbxfer control --help/, 2],
    [['--in', '--out', 'vendor', 'device', '1'], /'--in' cannot be used with option '--out'/, 2],
    [['in', 'vendor', 'device', '1', '--data', '00'], /--data and -i need an OUT request/, 2],
    [['out', 'vendor', 'device', '1', '--data', '0'], /two hexadecimal digits per byte/, 2],
    [['out', 'vendor', 'device', '1', '0', '0', '00', '--data', '01'], /already has data/, 2],
    [['out', 'vendor', 'device', '1', '--data', '01', '-i', '-'], /cannot be used with option/, 2],
    [['out', 'vendor', 'device', '1', '-o', 'file'], /-o and --hex need an IN request/, 2],
    [['out', 'vendor', 'device', '1', '--hex'], /-o and --hex need an IN request/, 2],
    [['out', 'vendor', 'device', '1', '-i', '/nowhere'], /cannot read \/nowhere: no such file/, 7],
    [
      ['out', 'vendor', 'device', '1', '-i', '/'],
      /cannot read \/: is a directory; name a file in it/,
      7,
    ],
    [[...UNKNOWN, '--json', '--hex'], /'--json' cannot be used with option '--hex'/, 2],
    [[...UNKNOWN, '-o', '/'], /cannot write \/: is a directory/, 7],
    [[...UNKNOWN, '-o', '/nowhere/file'], /cannot write \/nowhere\/file: no such file/, 7],
    [[...UNKNOWN, '--pid', 'dead', '-d', '1234'], /cannot be used with option/, 2],
    [[...UNKNOWN, '--serial', 'none'], /^usbxfer: no such device; /, 3],
    [
      [...UNKNOWN, '--serial', 'none', '--wait', '20ms'],
      /waiting for the device\nusbxfer: no such device; /,
      3,
    ],
  ])('with %j', async (words, message, expected) => {
    const { stdout, stderr, code } = await usbxfer([...CONTROL, ...words]);
    expect(stderr).toMatch(message);
    expect(sent).not.toHaveBeenCalled();
    expect([stdout, code]).toEqual(['', expected]);
  });
});

describe('a request that fails', () => {
  it.each<[UsbErrorCode, string, number, string]>([
    ['stall', 'request-stalled', 6, 'does not support this request, or not in its current state'],
    ['timed-out', 'request-timed-out', 6, 'did not respond to the request within 5 s'],
    ['io', 'request-failed', 6, 'the request failed: it went wrong'],
    ['other', 'request-failed', 6, 'the request failed: it went wrong'],
    ['no-device', 'device-lost', 5, 'the device was unplugged during the request'],
    ['busy', 'busy', 4, 'it went wrong'],
    ['no-memory', 'no-memory', 4, 'it went wrong'],
  ])('by %s has the code %s and exits %i', async (usbCode, code, exitCode, message) => {
    sent.mockRejectedValueOnce(new UsbError(usbCode, 'it went wrong'));
    const { stdout, stderr } = await usbxfer([...CONTROL, ...UNKNOWN, '--json']);
    expect(sent).toHaveBeenCalledOnce();
    expect(stdout).toBe('');
    const record = JSON.parse(stderr);
    expect(violations('error')(record)).toBeUndefined();
    expect(record).toMatchObject({ code, exit_code: exitCode });
    expect(record.message).toContain(message);
  });
});
