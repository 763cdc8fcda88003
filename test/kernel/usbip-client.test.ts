import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

/*
 * `exported SPEED STEPS` exports a scripted device with the kernel's own USB/IP server, as $path. `usbxfer`
 * and `read` use it over the network.
 */
const EXPORT = `
  exported() {
    modprobe usbip-host
    ip link set lo up
    pidof usbipd > /dev/null || usbipd -D
    path=$(gadget up one ffs --speed "$1" -- "\${@:2}")
    usbip bind -b $path 2> /dev/null
  }
  usbxfer() { node bin/usbxfer.js "$@"; }
  read() { usbxfer read --host 127.0.0.1 -d 1234:5678 "$@"; }`;

afterEach(async () => {
  await guest('gadget down one; rm -f /tmp/dump* /tmp/summary* /tmp/sink /tmp/in');
});

describeInLab('a device that the kernel exports', () => {
  it.each([
    'super',
    'high',
  ])('is read in order at %s speed, however many transfers', async (speed) => {
    const { stdout, code } = await guest(
      `${EXPORT}
      exported ${speed} send forever
      for depth in 1 2 16 64; do
        read --bytes 50MB --transfers $depth --json=/tmp/summary$depth -o /tmp/dump$depth
        check-counters $(od -An -tu4 -N4 /tmp/dump$depth) < /tmp/dump$depth; rm /tmp/dump$depth
        grep -o '"loss_offset":[^,]*' <(tr -d ' \\n' < /tmp/summary$depth)
      done`,
      { timeoutMs: 110_000 },
    );
    const each = '50000000\n"loss_offset":null\n';
    expect([stdout.toString(), code]).toEqual([each.repeat(4), 0]);
  });

  it('is listed, configured, described and written to', async () => {
    const { stdout, code } = await guest(`${EXPORT}
      exported high silence
      usbxfer list --host 127.0.0.1 --no-header -o path,id,serial
      cat /sys/bus/usb/devices/$path/descriptors > /tmp/dump1
      usbxfer control --host 127.0.0.1 $path in standard device 6 0x100 0 18 > /tmp/dump2
      cmp -n 18 /tmp/dump1 /tmp/dump2 && echo same
      usbxfer list --host 127.0.0.1 --open --no-header -o path,id,serial
      head -c 20M /dev/urandom > /tmp/in
      usbxfer write --host 127.0.0.1 -d 1234:5678 -i /tmp/in 2> /dev/null; echo $?
      gadget unplug one
      gadget account one | grep -o '"crc32":"[0-9a-f]*"'
      gzip -1c /tmp/in | tail -c 8 | od -An -tx4 -N4`);
    const lines = stdout.toString().trim().split('\n');
    expect(lines.slice(0, 4)).toEqual(['1-1  1234:5678', 'same', '1-1  1234:5678  0001', '0']);
    expect(lines[4]).toBe(`"crc32":"${lines[5]?.trim()}"`);
    expect(code).toBe(0);
  });

  it('is continued after a stall, unplugged, and has one client at a time', async () => {
    const { stdout, stderr, code } = await guest(`${EXPORT}
      exported high send 1M, stall, send 3M, silence
      read --keep-going --bytes 3M --json=/tmp/summary | check-counters
      grep -o '"gap_count":[0-9]*' <(tr -d ' \\n' < /tmp/summary)
      gadget down one
      exported high rate 1M, send 2M, exit
      read -o /tmp/dump &
      until [[ -s /tmp/dump ]]; do sleep 0.1; done
      read --bytes 1 -o /tmp/dump1; echo second: $?
      wait $!; echo first: $?
      check-counters < /tmp/dump`);
    expect(stdout.toString().split('\n')).toEqual([
      ...['3145728', '"gap_count":1', 'second: 3', 'first: 5', '2097152', ''],
    ]);
    expect(stderr).toMatch(/no such device/);
    expect(code).toBe(0);
  });
});
