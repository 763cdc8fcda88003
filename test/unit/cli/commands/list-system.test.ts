import { beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS } from '../../../../src/cli/devices/columns.js';
import { readSchema, violations } from '../../../process/schema.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';
import { SYSTEM, writeSystem } from '../../../support/sysfs-tree.js';

/*
 * `usbxfer list` on a system with hubs and drivers, made of files as in Linux's sysfs.
 */

const folder = new Folder();
const ENV = { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: folder.path, LC_ALL: 'C.UTF-8' };

beforeAll(() => {
  writeSystem(folder.path, SYSTEM);
  folder.file(
    'usr/share/misc/usb.ids',
    [
      '# a comment',
      '0bda  Realtek Semiconductor Corp.',
      '\t8152  RTL8152 Fast Ethernet',
      '1234  Brain \u0007Actuated',
      '1d6b  Linux Foundation',
      '\t0002  2.0 root hub',
      '',
      'C 00  (Defined at Interface level)',
    ].join('\n'),
  );
});

const onLinux = describe.runIf(process.platform === 'linux');

async function list(...args: string[]): Promise<string[]> {
  const { stdout, code } = await usbxfer(['list', ...args], ENV);
  expect(code).toBe(0);
  return stdout.trimEnd().split('\n');
}

/** The cells of these columns, one row per device. */
async function cells(columns: string, ...args: string[]): Promise<string[][]> {
  const lines = await list('--no-header', '-o', columns, ...args);
  return lines.map((line) => line.split(/ {2,}/));
}

onLinux('the columns', () => {
  it('show the device as Linux reports it', async () => {
    expect(await list('--bus', '3')).toEqual([
      'PATH   BUS:ADDR  ID         NAME                                               SERIAL      SPEED  DRIVER          ACCESS',
      'usb3   003:001   1d6b:0002  Linux 6.1.0 xhci-hcd xHCI Host Controller          0000:00     480M   hub             yes',
      '3-1    003:003   1d6b:0002  Linux Foundation 2.0 root hub                                  480M   hub             yes',
      '3-1.2  003:004   0a5c:21e8  Acme Serial Keyboard                               A-1         12M    cdc_acm,usbhid  yes',
      '3-1.3  003:005   0bda:8152  Realtek Semiconductor Corp. RTL8152 Fast Ethernet              480M   cdc_ether       yes',
      '3-2    003:006   0781:5581  閃存 Disk 💾                                       é́-\\x1b[31m  480M   usb-storage     no',
      '3-4    003:007   1234:0004  Brain \\x07Actuated Camera                                      480M                   yes',
    ]);
  });

  it('are selected by name, in any case', async () => {
    expect(await cells('Files,config,INTERFACES', '--bus', '3', '--class', 'cdc-data')).toEqual([
      ['/dev/ttyACM0,/dev/hidraw0,/dev/input/event3', '1', '3'],
      ['enx00e04c', '2', '2'],
    ]);
    expect(await cells('vendor,model,usb', '-d', '0bda')).toEqual([
      ['Realtek Semiconductor Corp.', 'RTL8152 Fast Ethernet', '2.00'],
    ]);
    expect((await list('-o', '+Node', '--vid', '0a5c'))[1]).toMatch(
      / yes {5}.*\/dev\/bus\/usb\/003\/004$/,
    );
  });

  it('include the highest speed that a device reports', async () => {
    expect(await cells('path,speed,maxspeed', '--vid', '1234', '--vid', '0bda')).toEqual([
      ['3-1.3', '480M'],
      ['3-4', '480M', '5G'],
      ['4-1', '10G', '10G'],
    ]);
  });

  it('sort the devices', async () => {
    const paths = async (order: string) => (await cells('path', '--sort', order)).flat();
    const all = SYSTEM.map(({ path }) => path);
    expect(await paths('path')).toEqual(all);
    expect(await paths('-PATH')).toEqual(all.toReversed());
    expect((await paths('speed'))[0]).toBe('3-1.2');
    expect((await paths('-speed')).slice(0, 2)).toEqual(['4-1', 'usb4']);
    expect((await paths('-driver')).slice(-2)).toEqual(['3-4', '4-1']); // unknown comes last
  });

  it('are listed by --list-columns', async () => {
    const names = (await list('--list-columns')).map((line) => line.split(' ', 1)[0]);
    expect(names).toEqual(COLUMNS.map(({ name }) => name));
    const everything = await list('-o', names.join(','));
    expect(everything[0]?.split(/ +/)).toEqual(names);
    expect(everything).toHaveLength(1 + SYSTEM.length);
  });
});

onLinux('filters', () => {
  it.each([
    [['--class', 'hid'], ['3-1.2']],
    [['--class', '09', '--bus', '4'], ['usb4']],
    [
      ['--driver', 'hub', '--driver', 'usb-storage', '--bus', '3'],
      ['usb3', '3-1', '3-2'],
    ],
    [['--name', 'rtl8152'], ['3-1.3']],
    [
      ['-d', '1234:5678', '-d', '0781'],
      ['3-2', '4-1'],
    ],
  ])('%j: %j', async (filter, paths) => {
    expect((await cells('path', ...filter)).flat()).toEqual(paths);
  });
});

onLinux('--tree', () => {
  it('shows hubs above their devices', async () => {
    expect(await list('--tree', '-o', 'path,id', '--no-header')).toEqual([
      'usb3         1d6b:0002',
      '├─ 3-1       1d6b:0002',
      '│  ├─ 3-1.2  0a5c:21e8',
      '│  └─ 3-1.3  0bda:8152',
      '├─ 3-2       0781:5581',
      '└─ 3-4       1234:0004',
      'usb4         1d6b:0003',
      '└─ 4-1       1234:5678',
    ]);
  });

  it('shows only the hubs above the selected devices, in ASCII without UTF-8', async () => {
    const { stdout } = await usbxfer(['list', '--tree', '-o', 'id,path', '--class', 'hid', '-v'], {
      ...ENV,
      LC_ALL: 'C',
    });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'ID               PATH',
      '1d6b:0002        usb3',
      '|      interface 0: hub 09/00/00, driver hub',
      '|        endpoint 0x81: interrupt IN, 4 bytes',
      '`- 1d6b:0002     3-1',
      '   |      interface 0: hub 09/00/00, driver hub',
      '   |        endpoint 0x81: interrupt IN, 4 bytes',
      '   `- 0a5c:21e8  3-1.2',
      '             interface 0: communications 02/02/01, "Console", driver cdc_acm, /dev/ttyACM0',
      '               endpoint 0x83: interrupt IN, 16 bytes',
      '             interface 1: cdc-data 0a/00/00, driver cdc_acm',
      '               endpoint 0x81: bulk IN, 64 bytes',
      '               endpoint 0x02: bulk OUT, 64 bytes',
      '             interface 2: hid 03/01/01, driver usbhid, /dev/hidraw0, /dev/input/event3',
      '               endpoint 0x84: interrupt IN, 8 bytes',
    ]);
  });
});

onLinux('devices that cannot be opened', () => {
  it('are counted in one line on stderr, without hubs, but not with --json', async () => {
    const { stderr } = await usbxfer(['list'], ENV);
    expect(stderr).toBe(
      'usbxfer: 1 of 5 devices cannot be opened by this user; see usbxfer doctor -d VID:PID\n',
    );
    expect((await usbxfer(['list', '--json'], ENV)).stderr).toBe('');
    expect((await usbxfer(['list', '--bus', '4'], ENV)).stderr).toBe('');
  });
});

onLinux('--json', () => {
  it('matches its schema and contains both names', async () => {
    const violated = violations('list');
    for (const [args, env] of [
      [['list', '--json'], ENV],
      [['list', '--json'], {}],
      [['list', '--json', '--vid', 'dead'], {}],
    ] as const) {
      const { stdout } = await usbxfer(args, env);
      expect(violated(JSON.parse(stdout))).toBeUndefined();
    }
    const { stdout } = await usbxfer(['list', '--json'], ENV);
    const { devices } = JSON.parse(stdout);
    const { $defs } = readSchema('list');
    for (const device of devices) {
      expect(Object.keys(device)).toEqual(Object.keys($defs.device.properties));
    }
    expect(Object.keys(devices[2].interfaces[0])).toEqual(Object.keys($defs.interface.properties));
    expect(devices[3]).toMatchObject({
      product: null,
      vendor_name: 'Realtek Semiconductor Corp.',
      product_name: 'RTL8152 Fast Ethernet',
      name: 'Realtek Semiconductor Corp. RTL8152 Fast Ethernet',
    });
    expect(devices[2]).toMatchObject({
      hub: '3-1',
      drivers: ['cdc_acm', 'usbhid'],
      interfaces: [
        { number: 0, name: 'Console', driver: 'cdc_acm', nodes: ['/dev/ttyACM0'] },
        { number: 1, endpoints: [{ address: '0x81', type: 'bulk' }, { address: '0x02' }] },
        { number: 2, class_name: 'hid', nodes: ['/dev/hidraw0', '/dev/input/event3'] },
      ],
    });
  });
});
