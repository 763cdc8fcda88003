import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const USBXFER = 'node bin/usbxfer.js';
const READ = `${USBXFER} read -d 1234:5678 --bytes 64k`;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/dump.bin');
});

describeInLab('a device that hangs until it is reset', () => {
  it('is reset by --on-idle as often as it hangs, and each gap is recorded', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs --speed high -- send 512k, hang, repeat >/dev/null || exit
      ${USBXFER} read -d 1234:5678 --bytes 2M --idle-timeout 1s --on-idle reset \
        --json=/dev/stderr > /run/scratch/dump.bin; code=$?
      check-counters < /run/scratch/dump.bin; grep -c ' was reset$' /run/gadget/one/log
      exit $code`);
    const offsets = [1, 2, 3].map((n) => n * 512 * 1024);
    expect(stdout.toString()).toBe(`${2 ** 21}\n3\n`);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'limit',
      gaps: offsets.map((offset) => ({ offset, cause: 'idle' })),
      restarts: { reset: 3, clear_halt: 0, reopen: 0 },
    });
    expect(code).toBe(6);
  });
});

describeInLab('an endpoint that is halted at the start', () => {
  it('is cleared by read at its end, by --clear-halt, by --keep-going and by clear-halt', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs --speed high -- stall, send 64k, repeat >/dev/null || exit
      await_halt() { until (($(grep -c ' halted$' /run/gadget/one/log) == $1)); do sleep 0.05; done; }
      # Prints the exit code, and the first word that was read, if any.
      show() { echo $? $(od -An -N4 -tu4 /run/scratch/dump.bin); }
      await_halt 1
      ${READ} -q > /run/scratch/dump.bin 2>/dev/null; show
      ${READ} -q > /run/scratch/dump.bin; show
      await_halt 2
      ${READ} -q --clear-halt > /run/scratch/dump.bin; show
      await_halt 3
      ${READ} --keep-going --json > /run/scratch/dump.bin; show
      await_halt 4
      ${USBXFER} clear-halt 1234:5678 --ep 0x81
      ${READ} -q > /run/scratch/dump.bin; show`);
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['6', '0 0', `0 ${0x4000}`, `0 ${2 * 0x4000}`],
      '1234:5678 usbxfer Scripted device at 1-1, endpoint 0x81: the halt is cleared',
      `0 ${3 * 0x4000}`,
    ]);
    expect(JSON.parse(stderr)).toMatchObject({
      gap_count: 0,
      failures: { stall: 1 },
      exit_code: 0,
    });
    expect(code).toBe(0);
  });
});
