import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

interface WatchEvent {
  readonly event: 'present' | 'attach' | 'detach';
  readonly device: {
    readonly path: string;
    readonly bus: number;
    readonly address: number;
    readonly vid: string;
    readonly pid: string;
    readonly serial: string | null;
    readonly speed_mbps: number;
  };
}

const WATCH = 'node bin/usbxfer.js watch --json --initial';

/** Sets whether the kernel configures devices on the bus of `dummy_udc.1` below SuperSpeed. */
const AUTHORIZED = '/sys/bus/usb/devices/usb3/authorized_default';

/**
 * Runs steps in the guest while the bus is watched, until this many events have arrived after those of
 * the devices already present. In the steps, `told N` waits until N events have arrived.
 *
 * @param watch the command that watches, with WATCH in the environment
 * @returns the events, and the devices that lsusb lists at the end, as `003 002 1234:5678`
 */
async function eventsDuring(
  watch: string,
  count: number,
  steps: string,
): Promise<{ events: WatchEvent[]; lsusb: string[] }> {
  const { stdout, stderr, code } = await guest(`
    rm -f /run/scratch/watch; touch /run/scratch/watch
    before=$(lsusb | wc -l)
    told() { until (($(wc -l < /run/scratch/watch) >= before + $1)); do sleep 0.1; done; }
    export WATCH="${WATCH} --count $((before + ${count})) --timeout 50s"
    ${watch} >> /run/scratch/watch & watch=$!
    told 0
    ${steps}
    wait $watch; code=$?
    udevadm settle
    lsusb; echo; cat /run/scratch/watch
    exit $code`);
  expect([stderr, code]).toEqual(['', 0]);
  const [theirs = '', ours = ''] = stdout.toString().split('\n\n');
  return {
    events: ours
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    lsusb: theirs
      .split('\n')
      .map((line) => line.replace(/^Bus (\d+) Device (\d+): ID (\S+).*/, '$1 $2 $3'))
      .toSorted(),
  };
}

/** Returns the devices on the bus after all events, in the form of lsusb. */
function replay(events: readonly WatchEvent[]): string[] {
  const ports = new Map<string, string>();
  for (const { event, device } of events) {
    const { path, bus, address, vid, pid } = device;
    expect(ports.has(path)).toBe(event === 'detach');
    const digits = (number: number) => String(number).padStart(3, '0');
    const line = `${digits(bus)} ${digits(address)} ${vid}:${pid}`;
    if (event === 'detach') {
      expect(ports.get(path)).toBe(line);
      ports.delete(path);
    } else {
      ports.set(path, line);
    }
  }
  return [...ports.values()].toSorted();
}

/** Formats the events, as `attach 3-1 0001`. */
function changes(events: readonly WatchEvent[]): string[] {
  return events
    .filter(({ event }) => event !== 'present')
    .map(({ event, device }) => `${event} ${device.path} ${device.serial}`);
}

describeInLab('usbxfer watch on a real bus', () => {
  afterEach(async () => {
    await guest(`echo 1 > ${AUTHORIZED}; gadget down one; gadget down two`);
  });

  it.each([
    ['root', '$WATCH'],
    ['an unprivileged user', 'su -s /bin/bash nobody -c "$WATCH"'],
  ])('reports to %s connections and disconnections of whole devices', async (_, watch) => {
    const { events, lsusb } = await eventsDuring(
      watch,
      6,
      `
      gadget up one sourcesink --speed super --serial X9 >/dev/null; told 1
      gadget up two sourcesink --speed high --udc dummy_udc.1 --serial 0002 >/dev/null; told 2
      gadget unplug one; told 3
      gadget plug one >/dev/null; told 4
      gadget down one; told 5
      gadget up one sourcesink --speed high --serial Y7 >/dev/null`,
    );
    expect(changes(events)).toEqual([
      'attach 2-1 X9',
      'attach 3-1 0002',
      'detach 2-1 X9',
      'attach 2-1 X9',
      'detach 2-1 X9',
      'attach 1-1 Y7',
    ]);
    const attached = events.filter(({ event }) => event === 'attach');
    expect(attached.map(({ device }) => device.speed_mbps)).toEqual([5000, 480, 5000, 480]);
    expect(replay(events)).toEqual(lsusb);
  });

  it('reports a device that is disconnected only briefly', async () => {
    const up = 'gadget up two sourcesink --speed high --udc dummy_udc.1 --serial 0002';
    await guest(`${up} >/dev/null`);
    const { events, lsusb } = await eventsDuring(
      '$WATCH',
      2,
      'udc=/sys/kernel/config/usb_gadget/two/UDC; echo > $udc; echo dummy_udc.1 > $udc',
    );
    expect(changes(events)).toEqual(['detach 3-1 0002', 'attach 3-1 0002']);
    const [before, after] = events.slice(-2).map(({ device }) => device.address);
    expect(after).not.toBe(before);
    expect(replay(events)).toEqual(lsusb);
  });

  it('first reports the devices that lsusb lists', async () => {
    await guest('gadget up one sourcesink --speed super >/dev/null');
    const { events, lsusb } = await eventsDuring('$WATCH', 0, '');
    expect(events.every(({ event }) => event === 'present')).toBe(true);
    expect(replay(events)).toEqual(lsusb);
  });

  it('reports a device that the kernel does not configure', async () => {
    const { events } = await eventsDuring(
      '$WATCH',
      1,
      `
      echo 0 > ${AUTHORIZED}
      gadget up two sourcesink --speed high --udc dummy_udc.1 --serial 0002 >/dev/null 2>&1 &
      told 1; echo 1 > ${AUTHORIZED}
      echo 1 > /sys/bus/usb/devices/3-1/authorized; wait $!`,
    );
    expect(changes(events)[0]).toMatch(/^attach 3-1 /);
  });
});
