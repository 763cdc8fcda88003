import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';
const MIB = 1024 * 1024;

afterEach(async () => {
  await guest(`
    pgrep -x systemd-udevd >/dev/null || /lib/systemd/systemd-udevd --daemon 2>/dev/null
    gadget down one; rm -f /run/scratch/dump.bin /run/scratch/summary`);
});

/** Runs a script while no udev daemon is running, as in a container. */
function withoutUdev(script: string) {
  return guest(
    `udevadm control --exit; while pgrep -x systemd-udevd >/dev/null; do sleep 0.05; done; rm /run/udev/control
    ${script}`,
    { timeoutMs: 110_000 },
  );
}

/** Counters 0, 1, 2, … in order, except at gaps: the numbers of bytes between the gaps. */
const CHECK_PIECES = `
  sizes=$(node -e '
    const { gaps } = JSON.parse(fs.readFileSync("/run/scratch/summary"));
    const ends = [...gaps.map(({ offset }) => offset), fs.statSync("/run/scratch/dump.bin").size];
    console.log(ends.map((end, i) => end - (ends[i - 1] ?? 0)).join(" "))')
  for size in $sizes; do
    (( size == 0 )) && continue
    head -c $size <&3 > /run/scratch/piece.bin
    check-counters $(od -An -tu4 -N4 /run/scratch/piece.bin) < /run/scratch/piece.bin >/dev/null || exit
  done 3< /run/scratch/dump.bin
  rm /run/scratch/piece.bin; echo in order`;

describeInLab('without a udev daemon', () => {
  it('read --reconnect continues after each of 10 disconnects', async () => {
    const { stdout, stderr, code } = await withoutUdev(`
      gadget up one ffs -- rate 4M, send forever >/dev/null
      ${READ} --reconnect --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      grows() { local size=$(stat -c %s $1); until (( $(stat -c %s $1) > size )); do sleep 0.05; done; }
      for i in {1..10}; do
        grows /run/scratch/dump.bin; gadget unplug one; sleep 0.2; gadget plug one >/dev/null
      done
      grows /run/scratch/dump.bin; kill -INT $!; wait $!; code=$?
      cat /run/scratch/summary >&2
      ${CHECK_PIECES}
      exit $code`);
    const summary = JSON.parse(stderr);
    expect(stdout.toString()).toBe('in order\n');
    expect(code).toBe(6);
    expect(summary).toMatchObject({
      end_reason: 'interrupted',
      gap_count: 10,
      gaps: Array.from({ length: 10 }, () => ({ cause: 'device-lost' })),
    });
  });

  it('read --wait reads a device that is plugged in later', async () => {
    const { stdout, stderr, code } = await withoutUdev(`
      ${READ} --wait --bytes 1M -q > /run/scratch/dump.bin & sleep 3
      gadget up one ffs -- send forever >/dev/null
      wait $!; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    expect([stdout.toString(), stderr, code]).toEqual([`${MIB}\n`, '', 0]);
  });
});
