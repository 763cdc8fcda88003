import { beforeAll, describe, expect, it } from 'vitest';
import { readSchema, violations } from '../../../process/schema.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';
import {
  COMPOSITE,
  CONFIGURATIONS,
  configuration,
  deviceBytes,
  interfaceBytes,
  SUPER,
  SYSTEM,
  writeSystem,
} from '../../../support/sysfs-tree.js';

const folder = new Folder();
const ENV = { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: folder.path };

/** Two devices with the same IDs and a name with control characters. */
const TWINS = ['A 1', 'B\n2'].map((serial, i) => ({
  ...SUPER,
  path: `5-${i + 1}`,
  address: 2 + i,
  serial,
  product: '\u001b[2J\u202eevil',
  descriptors: deviceBytes(
    { vid: 0x1209, pid: 0x0001 },
    configuration(1, interfaceBytes(0, 0, [0xff, 0, 0], Buffer.from('07058202000200', 'hex'))),
  ),
}));

/** A device whose last descriptor claims to be longer than it is. */
const WRONG_LENGTH = {
  ...CONFIGURATIONS,
  path: '5-3',
  configuration: 1,
  address: 9,
  descriptors: deviceBytes(
    { vid: 0x1209, pid: 0x0002 },
    configuration(1),
    Buffer.from('090400000000000000' + '0524' + 'ff0581', 'hex').subarray(0, 9),
    Buffer.from('ff0581', 'hex'),
  ),
};

beforeAll(() => {
  writeSystem(folder.path, [...SYSTEM, ...TWINS, WRONG_LENGTH]);
});

async function info(...args: string[]) {
  const { stdout, stderr, code } = await usbxfer(['info', ...args], ENV);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout;
}

/** Lines without indentation and with single blanks. */
async function lines(...args: string[]): Promise<string[]> {
  return (await info(...args)).split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
}

const onLinux = describe.runIf(process.platform === 'linux');

onLinux('usbxfer info', () => {
  it('shows the place, the drivers and the descriptors of a device', async () => {
    expect((await lines('3-1.2')).slice(0, 27)).toEqual([
      '0a5c:21e8 Acme Serial Keyboard',
      'path 3-1.2',
      'bus:address 003:004',
      'manufacturer Acme',
      'product Acme Serial Keyboard',
      'serial A-1',
      'speed 12M',
      'drivers cdc_acm, usbhid',
      `file ${folder.path}/dev/bus/usb/003/004`,
      'access yes',
      '',
      'Device descriptor',
      'bLength 18',
      'bDescriptorType 0x01',
      'bcdUSB 0x0200 2.00',
      'bDeviceClass 0xef miscellaneous',
      'bDeviceSubClass 0x02',
      'bDeviceProtocol 0x01',
      'bMaxPacketSize0 64 64 bytes',
      'idVendor 0x0a5c',
      'idProduct 0x21e8',
      'bcdDevice 0x0123 1.23',
      'iManufacturer 1 Acme',
      'iProduct 2 Acme Serial Keyboard',
      'iSerialNumber 3 A-1',
      'bNumConfigurations 1',
      '',
    ]);
  });

  it('shows interfaces with their drivers, and class descriptors', async () => {
    const text = (await lines('3-1.2')).join('\n');
    expect(text).toContain(
      'Interface association\nbLength 8\nbDescriptorType 0x0b\nbFirstInterface',
    );
    expect(text).toContain('name Console\ndriver cdc_acm\nfiles /dev/ttyACM0\nbLength 9');
    expect(text).toContain(
      'iInterface 0\ndescriptor of type 0x24: 05 24 00 10 01\n\nEndpoint 3 IN',
    );
    expect(text).toContain('bInterval 8 every 8 ms');
    expect(text).toContain('bMaxPower 250 500 mA maximum');
    expect(text).toContain('bmAttributes 0xa0 bus-powered, remote wakeup');
  });

  it('shows all configurations, which one is active, and the commands for each', async () => {
    const text = (await lines('-d', '0bda:8152')).join('\n');
    expect(text).toContain('\nconfigurations 1: 0x81; 2 (active): 0x83, 0x81, 0x02\n');
    const [, first = '', second = ''] = text.split(/\nConfiguration \d/);
    expect(first).toMatch(/^\n/);
    expect(second).toMatch(/^ \(active\)\n/);
    expect(first).toContain('usbxfer read -d 0bda:8152 --ep 0x81 --configuration 1 --detach\n');
    expect(second.match(/usbxfer read .*/g)).toEqual([
      'usbxfer read -d 0bda:8152 --ep 0x83 --detach',
      'usbxfer read -d 0bda:8152 --ep 0x81',
    ]);
    expect(second).toContain('files enx00e04c');
  });

  it('shows the properties of SuperSpeed: bursts, streams, intervals', async () => {
    const text = (await lines('1234:5678')).join('\n');
    expect(text).toContain('bMaxBurst 15 16 packets per burst\nbmAttributes 0x04 16 streams');
    expect(text).toContain('bmAttributes 0x05 isochronous, asynchronous, data');
    expect(text).toContain('bInterval 1 every 125 us');
    expect(text).toContain('bmAttributes 0x02 3 bursts per interval\nwBytesPerInterval 12288');
    expect(text).toContain('bMaxPacketSize0 9 2^9 bytes');
    expect(text).toContain('bMaxPower 250 2000 mA maximum');
    expect(text).toMatch(/\nspeed 10G\n/);
  });

  it('reports a device that is slower than it could be', async () => {
    expect(await lines('3-4')).toContain(
      'speed 480M; the device supports 5G, but the port, the cable or a hub does not',
    );
  });

  it('reports a device that cannot be opened', async () => {
    expect(await lines('--path', '3-2')).toContain('access no; see usbxfer doctor --path 3-2');
  });

  it('shows bytes that are no descriptor', async () => {
    const text = (await lines('5-3')).join('\n');
    expect(text).toMatch(/\nUndecoded\nff 05 81\n/);
  });

  it('escapes control characters', async () => {
    const text = await info('5-2');
    expect(text).toContain('\\x1b[2J\\u{202e}evil');
    expect(text).toContain('B\\x0a2');
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
  });

  it('suggests commands that identify the endpoint', async () => {
    const command = async (path: string) => /usbxfer read.*/.exec(await info(path))?.[0];
    expect(await command('5-1')).toBe("usbxfer read -d 1209:0001 --serial 'A 1' --ep 0x82");
    expect(await command('5-2')).toBe('usbxfer read -d 1209:0001 --path 5-2 --ep 0x82');
    expect(await command('3-2')).toBe('usbxfer read -d 0781:5581 --ep 0x81 --detach');
    expect(await command('usb3')).toBeUndefined();
  });

  it('prints the bytes of the descriptors with --raw', async () => {
    const text = await info('4-1', '--raw');
    const [, first = '', second = ''] = text.split(/^# .*\n/m);
    expect(bytesIn(first)).toBe(Buffer.from(SUPER.descriptors).toString('hex'));
    expect(bytesIn(second)).toBe(Buffer.from(SUPER.bos ?? []).toString('hex'));
    expect(await info('3-1.2', '--raw')).not.toContain('BOS');
    expect(first.split('\n')[0]).toBe(
      '00000000  12 01 20 03 00 00 00 09  34 12 78 56 23 01 01 02  |.. .....4.xV#...|',
    );
  });
});

onLinux('usbxfer info --json', () => {
  it('matches its schema for every device', async () => {
    const violated = violations('info');
    for (const { path } of [...SYSTEM, ...TWINS, WRONG_LENGTH]) {
      expect([path, violated(JSON.parse(await info(path, '--json')))]).toEqual([path, undefined]);
    }
    const { stdout } = await usbxfer(['info', '--json', '--pid', '5678']);
    expect(violated(JSON.parse(stdout))).toBeUndefined();
  });

  it('has exactly the fields of the schema', async () => {
    const { $defs, properties } = readSchema('info');
    const record = JSON.parse(await info('4-1', '--json'));
    const [configuration] = record.configurations;
    const setting = configuration.interfaces[1];
    const [endpoint] = setting.endpoints;
    for (const [value, schema] of [
      [record, { properties }],
      [record.descriptor, $defs.device],
      [configuration, $defs.configuration],
      [setting, $defs.interface],
      [endpoint, $defs.endpoint],
      [endpoint.companion, $defs.companion],
    ]) {
      expect(Object.keys(value).sort()).toEqual(Object.keys(schema.properties).sort());
    }
    expect(endpoint).toMatchObject({
      bEndpointAddress: 0x81,
      direction: 'in',
      type: 'bulk',
      max_packet_size: 1024,
      mult: 1,
      max_burst: 16,
      max_streams: 16,
      command: 'usbxfer read -d 1234:5678 --ep 0x81',
    });
    expect(setting.endpoints[2]).toMatchObject({ mult: 3, max_burst: 4, max_streams: null });
    expect(record.device).toMatchObject({ speed_mbps: 10000, max_speed_mbps: 10000 });
    expect(record.bos).toBe(Buffer.from(SUPER.bos ?? []).toString('hex'));
  });

  it('contains every byte of the descriptors', async () => {
    const record = JSON.parse(await info('3-1.2', '--json'));
    const { associations, interfaces } = record.configurations[0];
    expect(associations).toMatchObject([{ bFirstInterface: 0, bInterfaceCount: 2 }]);
    expect(interfaces[0].others).toEqual(['0524001001']);
    expect(interfaces[2]).toMatchObject({ driver: 'usbhid', class_name: 'hid' });
    expect(COMPOSITE.descriptors.length).toBe(18 + record.configurations[0].wTotalLength);
  });
});

describe('which device', () => {
  it.each([
    [['1234:5678'], 0],
    [['1-1'], 0],
    [['--serial', 'V0002'], 0],
    [['1234', '--pid', '5678'], 0],
    [['1234'], 3],
    [['1-9'], 3],
    [[], 3],
    [['1234:5678', '--path', '1-2'], 3],
    [['3-x'], 2],
    [['hello'], 2],
    [['1-1', '1-2'], 2],
    [['1-1', '--raw', '--json'], 2],
  ])('%j: exit code %i', async (args, code) => {
    expect((await usbxfer(['info', ...args])).code).toBe(code);
  });

  it('is listed with the others if several match', async () => {
    const { stderr } = await usbxfer(['info']);
    expect(stderr).toMatch(/^usbxfer: 2 devices match: 1-1 .*1-2 .*--path.*\n$/);
  });
});

function bytesIn(dump: string): string {
  return dump.replaceAll(/^[0-9a-f]{8} | \|.*\|$/gm, '').replaceAll(/\s/g, '');
}
