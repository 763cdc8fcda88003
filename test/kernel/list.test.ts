import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

interface Listed {
  readonly path: string;
  readonly bus: number;
  readonly address: number;
  readonly vid: string;
  readonly pid: string;
  readonly speed_mbps: number;
  readonly hub: string | null;
  readonly class_name: string | null;
  readonly accessible: boolean;
  readonly interfaces: readonly {
    readonly number: number;
    readonly alternate_setting: number;
    readonly class: string;
    readonly driver: string | null;
    readonly nodes: readonly string[];
  }[];
}

const LIST = 'node bin/usbxfer.js list';

async function listed(options = ''): Promise<Listed[]> {
  const { stdout } = await guest(`${LIST} --json ${options}`);
  return JSON.parse(stdout.toString()).devices;
}

describeInLab('usbxfer list on a real bus', () => {
  beforeEach(async () => {
    const strings = '--manufacturer Acme --product "Blue thing" --serial X9';
    await guest(`gadget up one sourcesink --speed super ${strings}
      gadget up two sourcesink --speed high --udc dummy_udc.1 --serial 0002`);
  });
  afterEach(async () => {
    await guest('gadget down one; gadget down two');
  });

  it.each([
    ['root', LIST, 'yes', ''],
    [
      'an unprivileged user',
      `su -s /bin/bash nobody -c "${LIST}"`,
      'no',
      'usbxfer: 2 of 2 devices cannot be opened by this user; see usbxfer doctor -d VID:PID\n',
    ],
  ])('shows names, speed and access of %s', async (_, command, access, words) => {
    const { stdout, stderr, code } = await guest(command);
    expect([code, stderr]).toEqual([0, words]);
    const rows = stdout
      .toString()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual([
      'PATH',
      'BUS:ADDR',
      'ID',
      'NAME',
      'SERIAL',
      'SPEED',
      'DRIVER',
      'ACCESS',
    ]);
    expect(rows.filter(([, , id]) => id === '1234:5678')).toEqual([
      [
        '2-1',
        expect.stringMatching(/^002:\d{3}$/),
        '1234:5678',
        'Acme Blue thing',
        'X9',
        '5G',
        access,
      ],
      [
        '3-1',
        expect.stringMatching(/^003:\d{3}$/),
        '1234:5678',
        'usbxfer Source and sink',
        '0002',
        '480M',
        access,
      ],
    ]);
  });

  it('lists the devices that lsusb lists', async () => {
    const { stdout } = await guest('lsusb');
    const ours = (await listed()).map(
      ({ bus, address, vid, pid }) =>
        `${String(bus).padStart(3, '0')} ${String(address).padStart(3, '0')} ${vid}:${pid}`,
    );
    const theirs = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.replace(/^Bus (\d+) Device (\d+): ID (\S+).*/, '$1 $2 $3'));
    expect(ours.toSorted()).toEqual(theirs.toSorted());
  });

  it('shows the tree, drivers and speeds of lsusb -t', async () => {
    const { stdout } = await guest('lsusb -t');
    // `    |__ Port 001: Dev 002, If 0, Class=Vendor Specific Class, Driver=[none], 5000M`
    const theirs = [
      ...stdout
        .toString()
        .matchAll(/\|__ Port 0*(\d+): Dev 0*(\d+), If (\d+), .*Driver=([^,]*), ([\d.]+)M/g),
    ].map(([, port, address, number, driver = '', speed]) => [
      Number(port),
      Number(address),
      Number(number),
      driver.replace(/\/\d+p$/, '').replace('[none]', ''),
      Number(speed),
    ]);
    const devices = (await listed()).filter(({ hub }) => hub !== null);
    const ours = devices.flatMap(({ path, address, speed_mbps, interfaces }) =>
      interfaces
        .filter(({ alternate_setting }) => alternate_setting === 0)
        .map(({ number, driver }) => [
          Number(/\d+$/.exec(path)?.[0]),
          address,
          number,
          driver ?? '',
          speed_mbps,
        ]),
    );
    expect(devices.map(({ hub }) => hub)).toEqual(['usb2', 'usb3']);
    expect(ours.toSorted()).toEqual(theirs.toSorted());
  });

  it('draws the tree of all buses', async () => {
    const { stdout } = await guest(`LC_ALL=C.UTF-8 ${LIST} --tree --no-header -o path`);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines[lines.indexOf('usb2') + 1]).toBe('└─ 2-1');
    expect(lines[lines.indexOf('usb3') + 1]).toBe('└─ 3-1');
    const hubs = await guest(`${LIST} --class hub --no-header -o driver,path`);
    expect(hubs.stdout.toString()).toMatch(/^(hub {2,}usb\d+\n){2,}$/);
  });

  it('filters devices', async () => {
    const devices = await listed('--vid 1234 --serial 0002');
    expect(devices.map(({ path }) => path)).toEqual(['3-1']);
    expect(devices[0]).toMatchObject({ vid: '1234', speed_mbps: 480 });
    const both = await listed('--serial 0002 --serial X9 --class vendor --bus 2 --bus 3');
    expect(both.map(({ path }) => path)).toEqual(['2-1', '3-1']);
  });

  it.each([
    'list',
    'list --json',
    'list -v --tree',
    'info 2-1',
    'info 2-1 --json',
  ])('opens no device: %s', async (command) => {
    const { stdout, code } = await guest(
      `strace -f --seccomp-bpf -e trace=open,openat,openat2 -o /run/scratch/trace node bin/usbxfer.js ${command} >/dev/null || exit
        grep -c /sys/bus/usb/devices /run/scratch/trace; grep -c /dev/bus/usb /run/scratch/trace; true`,
    );
    const [sysfs, files] = stdout.toString().trim().split('\n').map(Number);
    expect([code, files]).toEqual([0, 0]);
    expect(sysfs).toBeGreaterThan(0);
  });
});

describeInLab('usbxfer list of a disk', () => {
  afterEach(async () => {
    await guest('gadget down disk; rmmod sd_mod');
  });

  it('shows its driver and its device files', async () => {
    const { stdout } = await guest(`modprobe sd_mod
      gadget up disk storage --speed high >/dev/null
      for ((i = 0; i < 100; i++)); do ls /sys/bus/usb/devices/1-1:1.0/host*/target*/*/block/* >/dev/null 2>&1 && break; sleep 0.1; done
      ${LIST} --json --driver usb-storage | tr -d '\\n'; echo
      ls /sys/bus/usb/devices/1-1:1.0/host*/target*/*/block`);
    const [json = '', disk = ''] = stdout.toString().trim().split('\n');
    const [device]: Listed[] = JSON.parse(json).devices;
    expect(device?.path).toBe('1-1');
    expect(device?.interfaces).toMatchObject([{ class: '08', driver: 'usb-storage' }]);
    expect(device?.interfaces[0]?.nodes).toContain(`/dev/${disk}`);
  });
});
