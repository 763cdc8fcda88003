import { afterEach, describe, expect, it } from 'vitest';
import { violations } from '../process/schema.js';
import { describeInLab, guest } from './lab/lab.js';

interface Check {
  readonly id: string;
  readonly device: string | null;
  readonly status: string;
  readonly message: string;
  readonly fix: string | null;
}

const READ = 'node bin/usbxfer.js read -d 1234:5678';
const DOCTOR = 'node bin/usbxfer.js doctor --json -d 1234:5678';
const AS_NOBODY = `su -s /bin/bash nobody -c '${DOCTOR}'`;

const wrong = violations('doctor');

/** Runs a script that prints only the doctor's output on stdout. */
async function diagnose(script: string) {
  const { stdout, stderr, code } = await guest(script);
  const record: { checks: Check[] } = JSON.parse(stdout.toString());
  expect(wrong(record)).toBeUndefined();
  const { checks } = record;
  const of = (id: string) => checks.filter((check) => check.id === id);
  const bad = checks.filter(({ status }) => status === 'problem').map(({ id }) => id);
  return { checks, of, bad, stderr, code };
}

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('usbxfer doctor', () => {
  it('reports no problem if there is none', async () => {
    const { checks, bad, stderr, code } = await diagnose(`
      gadget up one sourcesink >/dev/null
      ${DOCTOR}`);
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['bus', 'libusb', 'udev', 'memory', 'endpoint', 'access', 'driver']),
    );
    expect(checks.filter(({ device }) => device !== null).map(({ device }) => device)).toContain(
      '2-1',
    );
    expect([bad, stderr, code]).toEqual([[], '', 0]);
  });

  it('checks all devices except hubs', async () => {
    const { checks } = await diagnose(`
      gadget up one sourcesink >/dev/null
      node bin/usbxfer.js doctor --json`);
    expect(new Set(checks.map(({ device }) => device))).toEqual(new Set([null, '2-1']));
  });

  it('opens no device', async () => {
    const { stdout } = await guest(`
      gadget up one sourcesink >/dev/null
      strace -f --seccomp-bpf -e trace=openat,open -o /run/scratch/trace ${DOCTOR} > /dev/null; echo $?
      grep -c /sys/bus/usb/devices /run/scratch/trace | grep -c '^0$'
      grep -cE '/dev/bus/usb/[0-9]+/[0-9]+' /run/scratch/trace`);
    expect(stdout.toString()).toBe('0\n0\n0\n');
  });

  it('asks a SuperSpeed device in a USB 2 port for its speed, and marks the link', async () => {
    const { of, code } = await diagnose(`
      gadget up one sourcesink --speed high >/dev/null
      ${DOCTOR}`);
    expect(of('link')).toMatchObject([
      {
        status: 'warning',
        message: 'the link runs at 480 Mbit/s; the device supports 5000 Mbit/s',
      },
    ]);
    expect(code).toBe(0);
    const unprivileged = await diagnose(AS_NOBODY);
    expect(unprivileged.of('link')).toEqual([]);
  });

  it('shows an unprivileged user the owner of the device file and the rule to install', async () => {
    const { of, bad, stderr, code } = await diagnose(`
      gadget up one sourcesink >/dev/null
      ${AS_NOBODY}`);
    expect(of('access')).toEqual([
      {
        id: 'access',
        device: '2-1',
        status: 'problem',
        message: expect.stringMatching(
          /^nobody \(groups: nogroup\) cannot open \/dev\/bus\/usb\/002\/\d+ \(root:root, 06[46]4\)$/,
        ),
        fix: expect.stringContaining('usbxfer udev-rule -d 1234:5678 --group GROUP | sudo tee '),
      },
    ]);
    expect([bad, code]).toEqual([['access'], 4]);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'problems-found' });
  });

  it('names the kernel driver', async () => {
    const { of, bad, code } = await diagnose(`
      gadget up one storage >/dev/null
      ${DOCTOR}`);
    expect(of('driver')).toMatchObject([
      {
        status: 'problem',
        message: expect.stringMatching(/^interface 0 is held by the kernel driver usb-storage\b/),
        fix: expect.stringContaining('--detach'),
      },
    ]);
    expect([bad, code]).toEqual([['driver'], 4]);
  });

  it('warns about a mounted disk', async () => {
    const { of } = await diagnose(`
      modprobe sd_mod; trap 'gadget down one; rmmod sd_mod' EXIT
      gadget up one storage >/dev/null
      disk() { compgen -G '/sys/bus/usb/devices/2-1:1.0/host*/target*/*/block/*'; }
      until disk >/dev/null; do sleep 0.1; done; udevadm settle
      node=/dev/$(basename "$(disk)"); mkdir -p '/run/scratch/my disk'
      mkfs.ext2 -qF $node >&2 && mount -t ext4 $node '/run/scratch/my disk' || exit
      ${DOCTOR}; umount $node`);
    const [driver] = of('driver');
    expect(driver?.message).toMatch(/, which created \/dev\/sd[a-z](, |$)/);
    expect(of('mounted')).toMatchObject([
      {
        status: 'warning',
        message: expect.stringMatching(/^\/dev\/sd[a-z] is mounted at \/run\/scratch\/my disk: /),
        fix: expect.stringMatching(/^unmount it first: sudo umount \/dev\/sd[a-z]$/),
      },
    ]);
  });

  describe('while another process reads', () => {
    // With a rate limit, because the guest's files are in memory.
    const HELD = `
      gadget up one ffs -- rate 1M, send forever >/dev/null
      rm -f /run/scratch/first.bin /run/scratch/pid
      ${READ} > /run/scratch/first.bin 2>/dev/null & echo $! > /run/scratch/pid
      until [[ -s /run/scratch/first.bin ]]; do sleep 0.1; done`;

    it('names the process', async () => {
      const { of, bad, code } = await diagnose(`
        ${HELD}
        ${DOCTOR}; code=$?
        kill %1; wait; exit $code`);
      const pid = (await guest('cat /run/scratch/pid')).stdout.toString().trim();
      expect(of('holder')).toMatchObject([
        {
          status: 'problem',
          message: expect.stringMatching(
            new RegExp(`^interface 0 is held by another process: usbxfer\\b.* \\(PID ${pid}\\)$`),
          ),
        },
      ]);
      expect([bad, code]).toEqual([['holder'], 4]);
    });

    it('reports it to a user who may not see the process', async () => {
      const { of } = await diagnose(`
        ${HELD}
        ${AS_NOBODY}; code=$?
        kill %1; wait; exit $code`);
      expect(of('holder')).toMatchObject([
        {
          status: 'problem',
          message: 'interface 0 is held by another process',
          fix: expect.stringContaining('sudo usbxfer doctor'),
        },
      ]);
    });
  });

  it('reports too little memory, and the suggested values work', async () => {
    const { of, bad, code } = await diagnose(`
      memory=/sys/module/usbcore/parameters/usbfs_memory_mb
      before=$(<$memory); echo 1 > $memory; trap 'echo $before > $memory' EXIT
      gadget up one ffs -- silence >/dev/null
      ${DOCTOR}; code=$?
      ${READ} --transfers 3 --duration 100ms > /dev/null 2>&1 || echo "read exits $?"
      exit $code`);
    expect(of('memory')).toMatchObject([
      {
        device: null,
        status: 'problem',
        message: expect.stringMatching(
          /^the kernel limits USB transfers to 1\.00 MiB .* uses 4\.00 MiB$/,
        ),
        fix: expect.stringMatching(
          /^raise the limit: echo 8 \| sudo tee \S+usbfs_memory_mb; or read with --transfers 3$/,
        ),
      },
    ]);
    expect([bad, code]).toEqual([['memory'], 4]);
  });

  it('reports that there is no bus', async () => {
    const { of, bad, code } = await diagnose(`
      unshare --mount bash -c 'mount -t tmpfs none /sys/bus/usb; ${DOCTOR}'`);
    expect(of('bus')).toMatchObject([
      {
        status: 'problem',
        message: 'no USB bus is visible here (/sys/bus/usb/devices is missing)',
        fix: expect.stringMatching(/^in (docker run, add|the hypervisor, pass through) /),
      },
    ]);
    expect(bad).toContain('bus');
    expect(code).toBe(4);
  });

  it('reports missing device files, as in a container', async () => {
    const { of, bad, code } = await diagnose(`
      gadget up one sourcesink >/dev/null
      unshare --mount bash -c 'mount -t tmpfs none /dev/bus; ${DOCTOR}'`);
    expect(of('node')).toMatchObject([
      { device: '2-1', message: expect.stringMatching(/: there is no \/dev\/bus\/usb$/) },
    ]);
    expect(bad).toContain('node');
    expect(code).toBe(4);
  });
});

describeInLab('usbxfer udev-rule', () => {
  it('prints a rule that udev accepts and that gives the group access', async () => {
    const { stdout, stderr, code } = await guest(`
      file=/etc/udev/rules.d/70-usbxfer-1234-5678.rules
      trap 'rm -f $file; udevadm control --reload' EXIT
      gadget up one sourcesink --serial 'A 1' >/dev/null
      node bin/usbxfer.js udev-rule -d 1234:5678 --serial 'A 1' --group nogroup 2>/dev/null > $file
      udevadm control --reload
      gadget unplug one; gadget plug one >/dev/null
      node=$(printf /dev/bus/usb/%03d/%03d $(cat /sys/bus/usb/devices/2-1/{busnum,devnum}))
      stat -c '%a %U %G' $node
      udevadm info --query=property --name=$node | grep -E '^TAGS=' | grep -o uaccess
      ${AS_NOBODY} > /dev/null`);
    expect(stdout.toString()).toBe('660 root nogroup\nuaccess\n');
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('prints a rule that does not match other serial numbers', async () => {
    const { stdout } = await guest(`
      file=/etc/udev/rules.d/70-usbxfer-1234-5678.rules
      trap 'rm -f $file; udevadm control --reload' EXIT
      node bin/usbxfer.js udev-rule -d 1234:5678 --serial 'A.1' --group nogroup 2>/dev/null > $file
      udevadm control --reload
      gadget up one sourcesink --serial AX1 >/dev/null
      stat -c %G $(printf /dev/bus/usb/%03d/%03d $(cat /sys/bus/usb/devices/2-1/{busnum,devnum}))`);
    expect(stdout.toString()).toBe('root\n');
  });
});
