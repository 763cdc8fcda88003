import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const RESET = 'node bin/usbxfer.js reset --vid 1234 --pid 5678';
/** Prints the address of a gadget at SuperSpeed. */
const ADDRESS = 'address() { cat /sys/bus/usb/devices/2-1/devnum; }';

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('usbxfer reset', () => {
  it('resets a device, which keeps its address and its driver', async () => {
    const { stdout, stderr, code } = await guest(`
      ${ADDRESS}
      gadget up one storage >/dev/null
      echo > /dev/kmsg; before=$(address)
      ${RESET}; code=$?
      [[ $(address) == "$before" ]] && echo same address
      dmesg | tail -n 5 | grep -o 'usb 2-1: reset SuperSpeed'
      basename "$(readlink /sys/bus/usb/devices/2-1:1.0/driver)"
      exit $code`);
    const [line, ...rest] = stdout.toString().split('\n');
    expect(line).toMatch(
      /^1234:5678 usbxfer Storage at 2-1 was reset and is back after \d+\.\d s; address \d+ is unchanged$/,
    );
    expect(rest).toEqual(['same address', 'usb 2-1: reset SuperSpeed', 'usb-storage', '']);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('refuses a device that another process uses, unless --force is given', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      driver=/sys/bus/usb/devices/2-1:1.0/driver
      node bin/usbxfer.js read 1234:5678 > /dev/null 2>&1 &
      until [[ $(readlink $driver) == */usbfs ]]; do sleep 0.1; done
      echo > /dev/kmsg
      ${RESET}; echo $?
      dmesg | tail -n 1 | grep -c 'usb 2-1: reset'
      kill -0 $! && echo still reading
      ${RESET} --force > /dev/null; code=$?
      dmesg | tail -n 5 | grep -o 'usb 2-1: reset SuperSpeed'
      kill $! 2> /dev/null; wait $! # it may have ended: a reset ends a capture
      exit $code`);
    expect(stdout.toString()).toBe('4\n0\nstill reading\nusb 2-1: reset SuperSpeed\n');
    expect(stderr).toMatch(
      /^usbxfer: 2-1 \(1234:5678\) is in use by usbxfer read 1234:5678 \(PID \d+\); end that process, or reset it anyway with --force\n$/,
    );
    expect(code).toBe(0);
  });

  it('reports a device that the kernel treats as new', async () => {
    const { stdout, stderr, code } = await guest(`
      ${ADDRESS}
      gadget up one storage >/dev/null
      echo 0x0222 > /sys/kernel/config/usb_gadget/one/bcdDevice
      before=$(address); ${RESET}; code=$?
      echo $before $(address); exit $code`);
    const [line, addresses = ''] = stdout.toString().split('\n');
    const [before, after] = addresses.split(' ');
    expect(line).toContain(`; address changed from ${before} to ${after}`);
    expect(before).not.toBe(after);
    expect(line).not.toContain('driver'); // the driver is back, too
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('fails if another device comes back', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      echo 0x9999 > /sys/kernel/config/usb_gadget/one/idProduct
      ${RESET}`);
    expect(stderr).toMatch(/^usbxfer: 1234:5678 .* at 2-1 was reset and came back as 1234:9999\n$/);
    expect([stdout.length, code]).toEqual([0, 5]);
  });
});
