import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

/*
 * `attached SCENARIO` serves the virtual bus, and attaches its counter with the kernel's own client: it is on
 * a bus of vhci_hcd then, at $path. /tmp/log has the log of the server.
 */
const ATTACH = `
  usbxfer() { node bin/usbxfer.js "$@"; }
  attach() {
    until usbip --tcp-port 3241 attach -r 127.0.0.1 -b 1-1 2> /dev/null; do sleep 0.2; done
    until device=$(echo /sys/devices/platform/vhci_hcd.0/usb*/*-1) && [[ -s $device/bConfigurationValue &&
        $(< $device/bConfigurationValue) ]]; do sleep 0.1; done
    udevadm settle
    path=\${device##*/}
  }
  attached() {
    modprobe vhci-hcd
    ip link set lo up
    rm -f /tmp/log
    node bin/usbxfer.js serve --backend virtual --scenario "$1" --listen :3241 > /tmp/log 2>&1 &
    server=$!; echo $server > /tmp/server
    attach
  }`;

afterEach(async () => {
  await guest(
    `usbip detach -p 0 2> /dev/null; kill -INT $(< /tmp/server) 2> /dev/null; gadget down one; rm -f /tmp/log /tmp/server /tmp/dump`,
  );
});

describeInLab('a simulated device that is served', () => {
  it('is a device of the kernel, and is read in order after a detach in mid-stream', async () => {
    const { stdout, code } = await guest(
      `${ATTACH}
      attached ''
      lsusb -v -d 1234:5678 2> /dev/null | grep -E 'idVendor|iProduct|iSerial|bEndpointAddress' |
        tr -s ' ' | sort -u
      usbxfer read --path $path --bytes 50MB | check-counters
      usbxfer read --path $path -o /dev/null 2> /dev/null & reader=$!
      until [[ $(< /proc/$reader/io) == *'write_bytes: 0'* ]] && grep -q usbfs <(ls -l $device/*:*/driver)
      do sleep 0.1; done
      usbip detach -p 0 2> /dev/null
      wait $reader; echo reader: $?
      until grep -q released /tmp/log; do sleep 0.1; done
      attach
      usbxfer read --path $path --bytes 1MB | wc -c
      usbip detach -p 0 2> /dev/null
      until (($(grep -c released /tmp/log) == 2)); do sleep 0.1; done
      kill -INT $server; wait $server; echo server: $?`,
      { timeoutMs: 110_000 },
    );
    expect(
      stdout
        .toString()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual([
      ...['bEndpointAddress 0x02 EP 2 OUT', 'bEndpointAddress 0x04 EP 4 OUT'],
      ...['bEndpointAddress 0x82 EP 2 IN', 'bEndpointAddress 0x83 EP 3 IN'],
      ...['bEndpointAddress 0x84 EP 4 IN', 'iProduct 2 virtual counter', 'iSerial 3 V0001'],
      ...['idVendor 0x1234 Brain Actuated Technologies', '50000000', 'reader: 5', '1000000'],
      ...['server: 0', ''],
    ]);
    expect(code).toBe(0);
  });

  it('fails as its scenario says', async () => {
    const { stdout, code } = await guest(
      `${ATTACH}
      for scenario in stall@64k short@64k unplug@64k; do
        attached $scenario
        echo $scenario
        usb-host $path out 02 512 < /dev/zero > /dev/null # the first transfer may take a second
        usb-host $path in 82 65536, in 82 65536
        usbip detach -p 0 2> /dev/null
        kill -INT $server; wait $server
      done`,
      { timeoutMs: 110_000 },
    );
    const whole = '65536 0000000001000000';
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['stall@64k', whole, '0 EPIPE', 'short@64k', whole, '0', 'unplug@64k', whole],
      expect.stringMatching(/^0 E(PROTO|SHUTDOWN)$/),
    ]);
    expect(code).toBe(0);
  });
});

describeInLab('a device of libusb that is served', () => {
  it('loses no data of a run that is stopped, and has one client at a time', async () => {
    const { stdout, code } = await guest(`${ATTACH}
      ip link set lo up
      path=$(gadget up one ffs --speed high -- rate 4M, send forever)
      node bin/usbxfer.js serve --listen :3241 $path > /tmp/log 2>&1 &
      server=$!; echo $server > /tmp/server
      host=127.0.0.1:3241
      until usbxfer list --host $host > /dev/null 2>&1; do sleep 0.2; done
      node bin/usbxfer.js read --host $host $path -o /tmp/dump 2> /dev/null & reader=$!
      until [[ -s /tmp/dump ]]; do sleep 0.1; done
      usbxfer read --host $host $path --bytes 1 > /dev/null 2>&1; echo second: $?
      kill -INT $reader; wait $reader; echo first: $?
      usbxfer read --host $host $path --bytes 1M --append -o /tmp/dump 2> /dev/null
      check-counters < /tmp/dump > /dev/null; echo in order: $?
      kill -INT $server; wait $server; echo server: $?
      gadget down one`);
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['second: 4', 'first: 0', 'in order: 0', 'server: 0'],
    ]);
    expect(code).toBe(0);
  });
});
