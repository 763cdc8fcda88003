import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

interface Listed {
  readonly path: string;
  readonly vid: string;
  readonly speed_mbps: number;
}

const LIST = 'node bin/usbxfer.js list';

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
    ['root', LIST],
    ['an unprivileged user', `su -s /bin/bash nobody -c "${LIST}"`],
  ])('shows strings and speed to %s', async (_, command) => {
    const { stdout, stderr, code } = await guest(command);
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout
      .toString()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual([
      'PATH',
      'BUS:ADDR',
      'ID',
      'SPEED',
      'MANUFACTURER',
      'PRODUCT',
      'SERIAL',
    ]);
    expect(rows.filter(([, , id]) => id === '1234:5678')).toEqual([
      ['2-1', expect.stringMatching(/^002:\d{3}$/), '1234:5678', '5G', 'Acme', 'Blue thing', 'X9'],
      [
        '3-1',
        expect.stringMatching(/^003:\d{3}$/),
        '1234:5678',
        '480M',
        'usbxfer',
        'Source and sink',
        '0002',
      ],
    ]);
  });

  it('knows the devices that lsusb knows', async () => {
    const { stdout } = await guest(`${LIST} --json | tr -d '\\n'; echo; lsusb`);
    const [json = '', ...lines] = stdout.toString().trim().split('\n');
    const { devices } = JSON.parse(json);
    const ours = devices.map(
      ({ bus, address, vid, pid }: Record<string, number | string>) =>
        `${String(bus).padStart(3, '0')} ${String(address).padStart(3, '0')} ${vid}:${pid}`,
    );
    const theirs = lines.map((line) =>
      line.replace(/^Bus (\d+) Device (\d+): ID (\S+).*/, '$1 $2 $3'),
    );
    expect(ours.toSorted()).toEqual(theirs.toSorted());
  });

  it('filters', async () => {
    const { stdout } = await guest(`${LIST} --json --vid 1234 --serial 0002`);
    const { devices }: { devices: Listed[] } = JSON.parse(stdout.toString());
    expect(devices.map(({ path }) => path)).toEqual(['3-1']);
    expect(devices[0]).toMatchObject({ vid: '1234', speed_mbps: 480 });
  });

  it('opens no device', async () => {
    const { stdout } = await guest(
      `strace -f -e trace=openat,open -o /tmp/trace ${LIST} >/dev/null && grep -c /dev/bus/usb /tmp/trace`,
    );
    expect(stdout.toString().trim()).toBe('0');
  });
});
