import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';
/** Prints the driver of an interface; the default is the interface of a gadget at SuperSpeed. */
const DRIVER = `driver() { basename "$(readlink "/sys/bus/usb/devices/\${1:-2-1:1.0}/driver")"; }`;
/** Starts a capture that detaches the driver, and continues once the driver is detached. */
const DETACHED = `
  ${DRIVER}
  ${READ} --detach > /dev/null & until [[ $(driver) == usbfs ]]; do sleep 0.1; done`;

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('an interface that a kernel driver holds', () => {
  it('stays with the driver, and the message names the driver', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget up one storage >/dev/null
      ${READ}; code=$?
      driver; exit $code`);
    expect(stderr).toBe(
      'usbxfer: interface 0 is held by the kernel driver usb-storage; ' +
        'detach it with --detach until the command ends\n',
    );
    expect([stdout.toString(), code]).toEqual(['usb-storage\n', 4]);
  });

  it('is detached with --detach, and reattached', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget up one storage >/dev/null
      for turn in 1 2; do ${READ} --detach --duration 1s || exit; driver; done`);
    expect(stdout.toString()).toBe('usb-storage\n'.repeat(2));
    expect(stderr).toMatch(/ended +time limit reached \(--duration\)\n/);
    expect(code).toBe(0);
  });

  it.each(['INT', 'TERM'])('is reattached after SIG%s', async (signal) => {
    const { stdout, stderr } = await guest(`
      gadget up one storage >/dev/null
      ${DETACHED}
      kill -${signal} $!; wait $!; echo $?
      driver`);
    expect(stdout.toString()).toBe('0\nusb-storage\n');
    expect(stderr).toMatch(new RegExp(`ended +SIG${signal}\n`));
  });

  it('is gone after a disconnection, which is no second failure', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one storage >/dev/null
      ${DETACHED}
      gadget unplug one; wait $!; echo $?`);
    expect(stdout.toString()).toBe('5\n');
    expect(stderr).toContain(
      'usbxfer: the device was disconnected; nothing was written before it\n',
    );
    expect(stderr).not.toContain('usb-storage');
  });

  it('whose driver does not come back is reported, and is no success', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one storage >/dev/null
      ${DETACHED}
      rmmod usb-storage
      kill -INT $!; wait $!; echo $?`);
    expect(stdout.toString()).toBe('4\n');
    expect(stderr).toMatch(/ended +SIGINT\n/);
    expect(stderr).toContain(
      '\nusbxfer: the kernel driver usb-storage did not bind to interface 0 again; plug the device ' +
        'in again; or echo 2-1:1.0 | sudo tee /sys/bus/usb/drivers/usb-storage/bind\n',
    );
  });

  it('is reattached with all interfaces of its driver, also after a failure', async () => {
    const { stdout, stderr, code } = await guest(`
      ${DRIVER}
      gadget=/sys/kernel/config/usb_gadget/serial
      mkdir -p $gadget/functions/acm.0 $gadget/configs/c.1 && modprobe cdc_acm || exit
      ln -s $gadget/functions/acm.0 $gadget/configs/c.1/
      echo 0x1234 > $gadget/idVendor; echo 0x5678 > $gadget/idProduct
      echo super-speed > $gadget/max_speed; echo dummy_udc.0 > $gadget/UDC
      until [[ -e /sys/bus/usb/devices/2-1:1.1/driver ]]; do sleep 0.1; done; udevadm settle
      driver 2-1:1.0; driver 2-1:1.1
      printf hello > /dev/ttyGS0 &
      ${READ} --detach --until-short > /dev/full; code=$?
      driver 2-1:1.0; driver 2-1:1.1
      echo > $gadget/UDC; rm $gadget/configs/c.1/acm.0
      rmdir $gadget/configs/c.1 $gadget/functions/acm.0 $gadget
      exit $code`);
    expect(stdout.toString()).toBe('cdc_acm\n'.repeat(4));
    expect(stderr).toMatch(/usbxfer: the output failed: .*; 0 of 5 bytes received were written/);
    expect(code).toBe(7);
  });
});

describeInLab('an interface that another process holds', () => {
  // With a rate limit, because the guest's files are in memory.
  const HELD = `
    gadget up one ffs -- rate 1M, send forever >/dev/null
    rm -f /run/scratch/first.bin
    ${READ} > /run/scratch/first.bin 2>/dev/null & until [[ -s /run/scratch/first.bin ]]; do sleep 0.1; done`;

  it.each([
    '',
    '--detach',
  ])('stays with the process, and the message names the process %s', async (option) => {
    const { stdout, stderr, code } = await guest(`
      ${HELD}
      ${READ} ${option} > /run/scratch/second.bin; code=$?
      echo $!; stat -c %s /run/scratch/second.bin
      kill %1; wait; exit $code`);
    const [pid, size] = stdout.toString().split('\n');
    expect(stderr).toMatch(
      new RegExp(
        `^usbxfer: interface 0 is held by another process: usbxfer\\b.* \\(PID ${pid}\\); end that process\\n$`,
      ),
    );
    expect([size, code]).toEqual(['0', 4]);
  });

  it('is reported to a user who may not see the process', async () => {
    const { stderr, code } = await guest(`
      ${HELD}
      chmod 666 /dev/bus/usb/002/*
      su -s /bin/bash nobody -c '${READ} > /dev/null'; code=$?
      kill %1; wait; exit $code`);
    expect(stderr).toBe(
      'usbxfer: interface 0 is held by another process; find that process with sudo usbxfer ' +
        'doctor, and end it\n',
    );
    expect(code).toBe(4);
  });
});

describeInLab('a device that cannot be opened', () => {
  it('for lack of permission: the message names the file, its mode, and the rule to install', async () => {
    const { stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      su -s /bin/bash nobody -c '${READ} -o /run/scratch/nobody.bin'; code=$?
      [[ ! -e /run/scratch/nobody.bin ]] || echo the file exists >&2
      exit $code`);
    expect(stderr).toMatch(
      new RegExp(
        '^usbxfer: cannot open 2-1 \\(1234:5678\\): permission denied for ' +
          '/dev/bus/usb/\\d+/\\d+ \\(root:root, 06[46]4\\); ' +
          'this user is not logged in at the machine, .*: ' +
          'usbxfer udev-rule -d 1234:5678 --group GROUP\\n$',
      ),
    );
    expect(code).toBe(4);
  });

  it.each([
    ['its file', 'mount -t tmpfs none /dev/bus/usb', 'that file is missing'],
    ['all such files', 'mount -t tmpfs none /dev/bus', 'there is no /dev/bus/usb'],
  ])('for lack of %s, as in a container', async (_, hide, what) => {
    const { stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      unshare --mount bash -c '${hide}; ${READ} > /dev/null'`);
    expect(stderr).toMatch(
      new RegExp(
        `^usbxfer: cannot open /dev/bus/usb/\\d+/\\d+: ${what}; in docker run, add -v .*\\n$`,
      ),
    );
    expect(code).toBe(4);
  });
});

describeInLab('more memory than the kernel allows', () => {
  it('is refused with the numbers, and the suggested values work', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- silence >/dev/null
      ${READ} --transfers 64 --transfer-size 1M -o /run/scratch/never.bin; code=$?
      [[ ! -e /run/scratch/never.bin ]] || echo the file exists >&2
      ${READ} --transfers 15 --transfer-size 1M --duration 100ms --json 2>&1 | grep -c '"cancelled": 15'
      ${READ} --transfers 64 --transfer-size 248KiB --duration 100ms --json 2>&1 | grep -c '"cancelled": 64'
      exit $code`);
    expect(stderr).toBe(
      'usbxfer: 64 transfers of 1 MiB need 64 MiB, but the kernel limits USB transfers to 16 MiB for ' +
        'all programs combined (usbfs_memory_mb); use --transfers 15 or --transfer-size 248KiB, or raise the ' +
        'limit: echo 128 | sudo tee /sys/module/usbcore/parameters/usbfs_memory_mb\n',
    );
    expect([stdout.toString(), code]).toEqual(['1\n1\n', 4]);
  });

  it('is accepted if the kernel has no limit', async () => {
    const { stderr, code } = await guest(`
      memory=/sys/module/usbcore/parameters/usbfs_memory_mb
      before=$(<$memory); echo 0 > $memory; trap 'echo $before > $memory' EXIT
      gadget up one ffs -- silence >/dev/null
      ${READ} --transfers 64 --transfer-size 1M --duration 100ms > /dev/null`);
    expect(stderr).toMatch(/^transfers +\d+, and 64 still pending when it ended$/m);
    expect(code).toBe(0);
  });
});
