import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';
const MIB = 1024 * 1024;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/dump.bin /run/scratch/summary');
});

/** Checks that every received byte is written, or counted as not written. */
function expectAccount(stderr: string, written: number): void {
  const summary = JSON.parse(stderr);
  expect(summary).toMatchObject({
    bytes_written: written,
    exit_code: 7,
    end_reason: 'output-failed',
  });
  expect(summary.bytes_received).toBe(written + summary.bytes_unwritten);
  expect(summary.error).toContain(
    `${written} of ${summary.bytes_received} bytes received were written`,
  );
}

describeInLab('an output on a real system', () => {
  it.each([
    ['-o', '-o /mnt/full/dump.bin'],
    ['stdout', '> /mnt/full/dump.bin'],
  ])('that is full (ENOSPC) keeps what fits, through %s', async (_, to) => {
    const { stdout, stderr, code } = await guest(`
      mkdir -p /mnt/full; mount -t tmpfs -o size=5M none /mnt/full
      trap 'umount /mnt/full' EXIT
      gadget up one ffs -- send forever >/dev/null
      ${READ} --json=/dev/stderr ${to}; code=$?
      check-counters < /mnt/full/dump.bin
      ${READ} --bytes 1M -q | wc -c
      exit $code`);
    // The last number shows that the device is free and the next run continues.
    expect(stdout.toString()).toBe(`${5 * MIB}\n${MIB}\n`);
    expectAccount(stderr, 5 * MIB);
    expect(JSON.parse(stderr).error).toContain('no space left on device');
    expect(code).toBe(7);
  });

  it('that fails only at fsync (EIO) is never a success', async () => {
    // A thin disk, smaller than its nominal size: writing back finds no blocks.
    const { stderr, code } = await guest(`
      PATH=$PATH:/usr/sbin:/sbin
      modprobe -a loop ext4
      mkdir -p /mnt/thin /mnt/disk; mount -t tmpfs -o size=16M none /mnt/thin
      truncate -s 256M /mnt/thin/disk
      mkfs.ext4 -q -E lazy_itable_init=1,nodiscard -O ^has_journal /mnt/thin/disk
      mount -o loop /mnt/thin/disk /mnt/disk
      trap 'umount -l /mnt/disk /mnt/thin' EXIT
      gadget up one ffs -- send forever >/dev/null
      ${READ} --bytes 32M --fsync --json=/dev/stderr -o /mnt/disk/dump.bin`);
    const summary = JSON.parse(stderr);
    expect(summary).toMatchObject({
      end_reason: 'output-failed',
      bytes_received: 32 * MIB,
      bytes_written: 32 * MIB,
    });
    expect(summary.error).toMatch(/^the output failed: i\/o error at fsync; /);
    expect(code).toBe(7);
  });

  it('that is a disk is refused without --force', async () => {
    const { stdout, stderr, code } = await guest(`
      PATH=$PATH:/usr/sbin:/sbin
      modprobe loop
      truncate -s 4M /run/scratch/disk; disk=$(losetup --find --show /run/scratch/disk)
      trap 'losetup --detach $disk; rm /run/scratch/disk' EXIT
      gadget up one ffs -- send forever >/dev/null
      for options in '' --append; do ${READ} --bytes 1M -o $disk $options; echo $?; done
      cmp -n 4M /run/scratch/disk /dev/zero && echo untouched
      ${READ} --bytes 1M -q -o $disk --force --fsync; echo $?
      head -c 1M $disk | check-counters`);
    expect(stdout.toString()).toBe(`7\n7\nuntouched\n0\n${MIB}\n`);
    expect(stderr).toMatch(
      /cannot write \/dev\/loop\d+: is a disk \(a block device\); choose another name, or overwrite it with --force/,
    );
    expect(code).toBe(0);
  });

  it('that cannot be opened is reported before the device is opened', async () => {
    const { stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      su -s /bin/bash nobody -c '${READ} -o /run/scratch/no/folder/dump.bin'`);
    expect(stderr).toMatch(/^usbxfer: cannot write .*: no such file or directory\n$/);
    expect(code).toBe(7);
  });

  it('whose reader sleeps throttles the device, and loses nothing', async () => {
    const { stdout, stderr, code } = await guest(`
      set -o pipefail
      gadget up one ffs -- send forever >/dev/null
      ${READ} --bytes 128M --json | (sleep 3; check-counters)`);
    expect(stdout.toString()).toBe(`${128 * MIB}\n`);
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'limit', bytes_unwritten: 0 });
    expect(code).toBe(0);
  });

  it('whose reader never reads does not prevent the end by a signal, and the device is free', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one ffs -- send forever >/dev/null
      mkfifo /run/scratch/stuck; trap 'rm /run/scratch/stuck' EXIT
      exec 3<> /run/scratch/stuck
      ${READ} > /run/scratch/stuck &
      until timeout 0.1 head -c 1 <&3 | grep -q '^'; do sleep 0.1; done
      sleep 1; kill -TERM $!; wait $!; echo $?
      exec 3>&-
      ${READ} --bytes 1M -q | wc -c`);
    expect(stdout.toString()).toBe(`143\n${MIB}\n`);
    expect(stderr).toMatch(
      /usbxfer: SIGTERM: no output progress for \d+ s: giving up; at least \d+ bytes were written, at most \d+ received but not written\n/,
    );
  });
});

describeInLab('a stopped process', () => {
  it('(Ctrl-Z) loses no data if the device waits', async () => {
    const { stdout, code } = await guest(`
      gadget up one ffs -- rate 20M, send forever >/dev/null
      ${READ} --bytes 40M -q > /run/scratch/dump.bin & until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      kill -TSTP $!; sleep 1; kill -CONT $!
      wait $!; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    expect(stdout.toString()).toBe(`${40 * MIB}\n`);
    expect(code).toBe(0);
  });
});
