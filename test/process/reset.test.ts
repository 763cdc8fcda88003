import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SysfsBus } from '../support/sysfs-bus.js';
import { planted } from './planted.js';
import { violations } from './schema.js';
import { usbxfer } from './usbxfer.js';

const RESET = ['reset', '-d', '1234:5678'];

/** The environment in which the device, once reset, is listed with these changes. */
function backAs(change: string): NodeJS.ProcessEnv {
  return planted(`
    const { list } = VirtualBackend.prototype;
    SimulatedDevice.prototype.reset = async () => {
      VirtualBackend.prototype.list = async function () {
        const [first, ...others] = await list.call(this);
        return [...[first].flatMap((device) => ${change}), ...others];
      };
      throw new UsbError('no-device', 'it did not come back as it was');
    };`);
}

const READDRESSED = backAs('({ ...device, address: 99 })');

describe('usbxfer reset', () => {
  it('prints in one line which device is back, and its address', async () => {
    const { stdout, stderr, code } = await usbxfer(RESET);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.toString()).toMatch(
      /^1234:5678 usbxfer virtual counter at 1-1 was reset and is back after \d+\.\d s; address 2 is unchanged\n$/,
    );
  });

  it('reports a new address', async () => {
    const { stdout, code } = await usbxfer(RESET, READDRESSED);
    expect(stdout.toString()).toMatch(/ s; address changed from 2 to 99\n$/);
    expect(code).toBe(0);
  });

  it('reports drivers that changed', async () => {
    const drivers = planted(`
      const drivers = [['same', 'same'], ['\\x1b[31m', undefined], [undefined, 'other']];
      let after = 0;
      SimulatedDevice.prototype.reset = async () => { after = 1; };
      VirtualBackend.prototype.inspect = async () => ({
        accessible: true,
        node: undefined,
        interfaces: drivers.map((pair, i) => ({
          interfaceNumber: i, driver: pair[after], nodes: [], name: undefined,
        })),
      });`);
    const text = await usbxfer(RESET, drivers);
    expect(text.stdout.toString()).toMatch(
      / is unchanged; interface 1 changed from driver \\x1b\[31m to no driver; interface 2 changed from no driver to driver other\n$/,
    );
    const record = JSON.parse((await usbxfer([...RESET, '--json'], drivers)).stdout.toString());
    expect(record.drivers).toEqual([
      { interface: 0, before: 'same', after: 'same' },
      { interface: 1, before: '\x1b[31m', after: null },
      { interface: 2, before: null, after: 'other' },
    ]);
    expect(violations('reset')(record)).toBeUndefined();
  });

  describe.each(['1-1', '1-2'])('of a device while another process uses %s', (path) => {
    const used = planted(`
      const { list } = VirtualBackend.prototype;
      VirtualBackend.prototype.list = async function () {
        const [first, second] = await list.call(this);
        return [first, { ...second, path: '1-1.2' }];
      };
      SimulatedDevice.prototype.reset = async () => process.stderr.write('reset\\n');
      VirtualBackend.prototype.checkUnused = async ({ path }) => {
        if (path === '${path}'.replace('1-2', '1-1.2')) {
          throw new UsbError('busy', 'in use by other (PID 8)', {
            remedy: { kind: 'end-process', pids: [8] },
          });
        }
      };`);

    it('refuses, and says which process', async () => {
      const { stdout, stderr, code } = await usbxfer(RESET, used);
      expect([stdout.length, code]).toEqual([0, 4]);
      expect(stderr).toBe(
        'usbxfer: in use by other (PID 8); end that process, or reset it anyway with --force\n',
      );
    });

    it('resets it with --force', async () => {
      const { stderr, code } = await usbxfer([...RESET, '--force'], used);
      expect([stderr, code]).toEqual(['reset\n', 0]);
    });
  });

  it('prints one JSON object with --json', async () => {
    const { stdout, stderr, code } = await usbxfer([...RESET, '--json'], READDRESSED);
    expect([stderr, code]).toEqual(['', 0]);
    const record = JSON.parse(stdout.toString());
    expect(violations('reset')(record)).toBeUndefined();
    expect(record).toMatchObject({
      schema: 'usbxfer.reset/1',
      device: { path: '1-1', vid: '1234', pid: '5678', address: 99 },
      address_before: 2,
    });
  });

  it.each([
    ['other ids', '({ ...device, address: 9, pid: 0x9999 })', 'came back as 1234:9999'],
    ['another serial number', '({ ...device, address: 9, serial: "X" })', 'came back with another'],
  ])('fails if the device comes back with %s', async (_, change, message) => {
    const { stdout, stderr, code } = await usbxfer(RESET, backAs(change));
    expect([stdout.length, code]).toEqual([0, 5]);
    expect(stderr).toMatch(
      /^usbxfer: 1234:5678 usbxfer virtual counter at 1-1 was reset and [^\n]*\n$/,
    );
    expect(stderr).toContain(message);
  });

  it('fails if the device does not come back in time', async () => {
    const gone = backAs('[]');
    const { stdout, stderr, code } = await usbxfer([...RESET, '--timeout', '50ms'], gone);
    expect([stdout.length, code]).toEqual([0, 5]);
    expect(stderr).toMatch(
      / at 1-1 was reset and did not come back within 0\.05 s; plug the device in again\n$/,
    );
    const json = await usbxfer([...RESET, '--timeout', '50ms', '--json'], gone);
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'device-lost', exit_code: 5 });
  });
});

describe.runIf(process.platform === 'linux')('a root hub', () => {
  let bus: SysfsBus;
  beforeEach(() => {
    bus = new SysfsBus();
  });
  afterEach(() => bus.remove());

  it('is not reset', async () => {
    const { stderr, code } = await usbxfer(['reset', '--path', 'usb1'], bus.environment);
    expect(stderr).toBe('usbxfer: root hubs cannot be reset\n');
    expect(code).toBe(4);
  });
});
