import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const CONTROL = 'node bin/usbxfer.js control --vid 1234 --pid 5678';
/** Prints the driver of the interface of a gadget at SuperSpeed. */
const DRIVER = `driver() { basename "$(readlink /sys/bus/usb/devices/2-1:1.0/driver)"; }`;
/** GET_MAX_LUN, a request of the mass storage class: the device has one unit, number 0. */
const GET_MAX_LUN = 'in class interface 0xfe 0 0 1';

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('usbxfer control', () => {
  it('reads the descriptors that the kernel has', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      descriptors=/sys/bus/usb/devices/2-1/descriptors
      ${CONTROL} in standard device 6 0x0100 0 18 -o /run/scratch/got || exit
      ${CONTROL} 0x80 6 0x0200 0 4096 >> /run/scratch/got || exit
      cmp /run/scratch/got $descriptors || exit
      tail -c +19 $descriptors | wc -c; rm /run/scratch/got`);
    const configuration = stdout.toString().trim();
    expect(stderr).toBe(`usbxfer: the device responded with only ${configuration} of 4096 bytes\n`);
    expect(code).toBe(0);
  });

  it('reads back the data that it sent, up to the maximum size', async () => {
    // Requests of the kernel's own test device (drivers/usb/gadget/function/f_sourcesink.c).
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      head -c 4096 /dev/urandom > /run/scratch/sent
      ${CONTROL} out vendor device 0x5b -i /run/scratch/sent || exit
      ${CONTROL} in vendor device 0x5c 0 0 4096 -o /run/scratch/got || exit
      cmp /run/scratch/sent /run/scratch/got || exit
      ${CONTROL} out vendor device 0x5b 0 0 0102ff || exit
      ${CONTROL} in vendor device 0x5c 0 0 3 | od -An -tx1
      rm /run/scratch/sent /run/scratch/got`);
    expect([stdout.toString(), stderr, code]).toEqual([' 01 02 ff\n', '', 0]);
  });

  it('reports in one line that the device does not support a request', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      ${CONTROL} in vendor device 99 0 0 4 -o /run/scratch/never.bin; code=$?
      [[ ! -e /run/scratch/never.bin ]] || echo the file exists >&2
      ${CONTROL} in standard device 6 0x0100 0 18 | wc -c # it is as before
      exit $code`);
    expect(stderr).toBe(
      'usbxfer: the device does not support this request, or not in its current state\n',
    );
    expect([stdout.toString(), code]).toEqual(['18\n', 6]);
  });

  it('stops waiting for a response after the timeout', async () => {
    const { stderr, code } = await guest(`
      gadget up one ffs -- silence >/dev/null
      pid=$(</run/gadget/one/pid)
      kill -STOP $pid; trap 'kill -CONT $pid' EXIT
      ${CONTROL} in vendor interface 1 0 0 8 --timeout 300ms > /dev/null`);
    expect(stderr).toBe(
      'usbxfer: the device did not respond to the request within 0.3 s; wait longer with --timeout\n',
    );
    expect(code).toBe(6);
  });

  it('leaves an interface to its driver, and names the driver', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget up one storage >/dev/null
      ${CONTROL} ${GET_MAX_LUN}; code=$?
      driver; exit $code`);
    expect(stderr).toBe(
      'usbxfer: interface 0 is held by the kernel driver usb-storage; ' +
        'detach it with --detach until the command ends\n',
    );
    expect([stdout.toString(), code]).toEqual(['usb-storage\n', 4]);
  });

  it('detaches the driver with --detach, and reattaches it', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget up one storage >/dev/null
      ${CONTROL} ${GET_MAX_LUN} --detach --hex; code=$?
      driver; exit $code`);
    expect(stdout.toString()).toMatch(/^00000000 {2}00 .*\nusb-storage\n$/);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('needs no interface for vendor requests and for requests to the device', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget up one storage >/dev/null
      ${CONTROL} in standard device 8 0 0 1 | od -An -tx1 # GET_CONFIGURATION
      ${CONTROL} in vendor interface 99 0 0 1; code=$?
      driver; exit $code`);
    expect(stderr).toBe(
      'usbxfer: the device does not support this request, or not in its current state\n',
    );
    expect([stdout.toString(), code]).toEqual([' 01\nusb-storage\n', 6]);
  });

  it('uploads firmware from a script, and read --wait-new takes the device that comes back', async () => {
    const script = [
      'out vendor device 0xa0 0xe600 0 01',
      'hex firmware.hex through vendor 0xa0 chunk 8',
      'out vendor device 0xa0 0xe600 0 00',
    ].join('\\n');
    const hex = ':10000000000102030405060708090A0B0C0D0E0F78\\n:020010001122BB\\n:00000001FF\\n';
    const { stdout, stderr, code } = await guest(`
      mkdir -p /run/scratch/fw; printf '${hex}' > /run/scratch/fw/firmware.hex; printf '${script}' > /run/scratch/fw/load
      gadget up one ffs -- --memory /run/scratch/fw/memory send forever >/dev/null
      node bin/usbxfer.js read --vid 1234 --pid 5678 --wait-new --bytes 1M -o /run/scratch/fw/data \
        2> /run/scratch/fw/log &
      until grep -q 'waiting for a new device' /run/scratch/fw/log; do sleep 0.1; done
      ${CONTROL} --script /run/scratch/fw/load || exit
      od -An -tx1 -N18 /run/scratch/fw/memory; od -An -tx1 -j 58880 /run/scratch/fw/memory
      [[ ! -s /run/scratch/fw/data ]]; echo $?
      gadget unplug one; gadget plug one >/dev/null
      wait $! || exit
      check-counters < /run/scratch/fw/data; rm -r /run/scratch/fw`);
    expect(stdout.toString().replace(/^ /gm, '')).toBe(
      '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n11 22\n00\n0\n1048576\n',
    );
    expect([stderr, code]).toEqual(['', 0]);
  });
});
