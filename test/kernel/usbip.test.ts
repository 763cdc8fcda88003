import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

/*
 * `attach STEPS` exports a scripted device with the kernel's own USB/IP server and attaches it on the
 * loopback interface: it is on a bus of vhci_hcd then, at $path.
 */
const ATTACH = `
  attach() {
    modprobe -a usbip-host vhci-hcd
    ip link set lo up
    pidof usbipd > /dev/null || usbipd -D
    gadget up one ffs --speed high -- "$@" > /dev/null
    usbip bind -b 1-1 2> /dev/null
    until usbip attach -r 127.0.0.1 -b 1-1 2> /dev/null; do sleep 0.2; done
    until device=$(echo /sys/devices/platform/vhci_hcd.0/usb*/*-1) && [[ -s $device/bConfigurationValue &&
        $(< $device/bConfigurationValue) ]]; do sleep 0.1; done
    udevadm settle
    path=\${device##*/}
  }
  usbxfer() { node bin/usbxfer.js "$@"; }`;

afterEach(async () => {
  await guest(`usbip detach -p 0 2> /dev/null; usbip unbind -b 1-1 2> /dev/null; gadget down one
    rm -f /run/scratch/dump.bin /run/scratch/summary /run/scratch/doctor`);
});

describeInLab('a device attached through USB/IP', () => {
  it('is read to --bytes without a loss, and --timeout is refused', async () => {
    const { stdout, stderr, code } = await guest(`${ATTACH}
      attach rate 200k, send forever
      read=(read --path $path --bytes 200000 --transfer-size 16KiB)
      usbxfer "\${read[@]}" --timeout 3s; echo refused: $?
      usbxfer "\${read[@]}" --json=/run/scratch/summary > /run/scratch/dump.bin; code=$?
      check-counters < /run/scratch/dump.bin
      tr -d '\\n' < /run/scratch/summary
      exit $code`);
    const [refused, bytes, record = ''] = stdout.toString().split('\n');
    expect([refused, bytes, code], stderr).toEqual(['refused: 4', '200000', 0]);
    expect(JSON.parse(record)).toMatchObject({ loss_offset: null, gaps: [], end_reason: 'limit' });
    expect(stderr).toMatch(
      /attached through USB\/IP, where a transfer that times out loses its data/,
    );
  });
});
