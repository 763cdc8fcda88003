import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

/** Fields that lsusb -v prints unchanged, by lsusb's names. */
type Fields = Readonly<Record<string, number>>;

const INFO = 'node bin/usbxfer.js info';

/** Names of numeric fields, of hexadecimal fields without 0x, and of fields in another form. */
const FIELD = /^\s*((?:b|bm|w|bcd|id|i)[A-Z]\w*)\s+(0x[0-9a-f]+|[\d.]+m?A?)/;

/** Parses lsusb's numbers: 0x…, decimal, `3.20` for a version, `500mA` for power. */
function numberOf(name: string, text: string): number {
  if (name.startsWith('bcd')) {
    const [major = '', minor = ''] = text.split('.');
    return Number.parseInt(major, 16) * 256 + Number.parseInt(minor.padEnd(2, '0'), 16);
  }
  return Number(text.replace(/mA$/, ''));
}

/** Parses the output of lsusb -v: the fields of each decoded descriptor, in order. */
function descriptorsIn(text: string): Record<string, number>[] {
  const found: Record<string, number>[] = [];
  for (const line of text.split('\n')) {
    if (/^(Hub Descriptor|Binary Object Store|Device Qualifier|Device Status)/.test(line)) {
      break;
    }
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    if (name === 'bLength') {
      found.push({});
    }
    const own = found.at(-1);
    if (name !== '' && own !== undefined) {
      own[name] = numberOf(name, value);
    }
  }
  return found;
}

/** Returns the same for the output of usbxfer. */
function descriptorsOf(record: {
  descriptor: Fields;
  configurations: (Fields & {
    interfaces: (Fields & { endpoints: (Fields & { companion: Fields | null })[] })[];
  })[];
}): Fields[] {
  return [
    record.descriptor,
    ...record.configurations.flatMap((configuration) => [
      configuration,
      ...configuration.interfaces.flatMap((setting) => [
        setting,
        ...setting.endpoints, // lsusb prints no heading for a companion
      ]),
    ]),
  ];
}

describeInLab('usbxfer info compared with lsusb', () => {
  beforeEach(async () => {
    const strings = '--manufacturer Acme --product "Blue thing" --serial X9';
    await guest(`gadget up one sourcesink --speed super ${strings}
      gadget up two storage --speed high --udc dummy_udc.1 --serial 0002`);
  });
  afterEach(async () => {
    await guest('gadget down one; gadget down two');
  });

  it.each(['2-1', '3-1', 'usb1', 'usb2'])('%s: every field matches lsusb -v', async (path) => {
    const { stdout } = await guest(`${INFO} ${path} --json | tr -d '\\n'; echo
      lsusb -v -s "$(cat /sys/bus/usb/devices/${path}/busnum):$(cat /sys/bus/usb/devices/${path}/devnum)" 2>/dev/null`);
    const [json = '', ...text] = stdout.toString().split('\n');
    const record = JSON.parse(json);
    const theirs = descriptorsIn(text.join('\n'));
    const ours = descriptorsOf(record);
    expect(ours).toHaveLength(theirs.length);
    let compared = 0;
    for (const [i, fields] of theirs.entries()) {
      for (const [name, value] of Object.entries(fields)) {
        // lsusb prints the fields of the companion after those of the endpoint.
        const { companion } = ours[i] as unknown as { companion?: Fields | null };
        const own = name === 'bMaxBurst' || name === 'wBytesPerInterval' ? companion : ours[i];
        // There are then two bmAttributes, and other fields have another name.
        if (own?.[name] !== undefined && name !== 'bmAttributes') {
          expect([path, i, name, own[name]]).toEqual([path, i, name, value & 0xffff]);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it.each(['2-1', '3-1'])('%s: the bytes match those of the kernel', async (path) => {
    const { stdout } =
      await guest(`${INFO} ${path} --raw | sed -n '/^# BOS/q; s/  |.*//; s/^[0-9a-f]* //p' | tr -d ' \\n'; echo
      xxd -p /sys/bus/usb/devices/${path}/descriptors | tr -d '\\n'; echo`);
    const [ours, theirs = ''] = stdout.toString().split('\n');
    expect(theirs.length).toBeGreaterThan(60);
    expect(ours).toBe(theirs);
  });

  it('shows the driver and the device file of a disk, and suggests to detach the driver', async () => {
    const { stdout } = await guest(`${INFO} 3-1`);
    const text = stdout.toString();
    expect(text).toMatch(/\n {4}driver +usb-storage\n/);
    expect(text).toMatch(/usbxfer read -d 1234:5678 .*--ep 0x81 --detach\n/);
  });

  it('suggests a command that reads from the device', async () => {
    const { stdout, code } = await guest(`set -o pipefail
      usbxfer() { node bin/usbxfer.js "$@"; }
      command=$(usbxfer info 2-1 | grep -om1 'usbxfer read.*')
      eval "$command --bytes 4k --quiet" | wc -c`);
    expect([stdout.toString().trim(), code]).toEqual(['4096', 0]);
  });

  it('is the same for an unprivileged user, except for the access', async () => {
    const { stdout } = await guest(`
      ${INFO} 2-1 > /run/scratch/root.txt; su -s /bin/bash nobody -c '${INFO} 2-1' > /run/scratch/nobody.txt
      diff /run/scratch/root.txt /run/scratch/nobody.txt; rm /run/scratch/root.txt /run/scratch/nobody.txt`);
    expect(
      stdout
        .toString()
        .split('\n')
        .filter((line) => /^[<>]/.test(line)),
    ).toEqual(['<   access        yes', '>   access        no; see usbxfer doctor --path 2-1']);
  });
});
