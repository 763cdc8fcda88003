import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const WRITE = 'node bin/usbxfer.js write --vid 1234 --pid 5678';
const SIZE = 10_000_001;

afterEach(async () => {
  await guest('gadget down one; rm -f /tmp/input /tmp/sink /tmp/stats');
});

/** Runs a script with a scripted device, and SIZE bytes in /tmp/input; what comes is in /tmp/sink. */
function run(device: string, script: string) {
  return guest(`
    node -e '
      const numbers = Uint32Array.from({ length: ${Math.ceil(SIZE / 4)} }, (_, i) => i);
      process.stdout.write(Buffer.from(numbers.buffer))' | head -c ${SIZE} > /tmp/input
    gadget up one ffs ${device} --sink /tmp/sink >/dev/null || exit 99
    ${script}`);
}

describeInLab('usbxfer write', () => {
  it.each([
    ['super', '256k', 'never', 0],
    ['high', '256k', 'auto', 0],
    ['high', '5120', 'always', 1953],
    ['full', '1000', 'never', 0],
  ])('sends what the device gets, at %s speed with transfers of %s', async (speed, size, zlp, zeroLengthPackets) => {
    const { stdout, stderr, code } = await run(
      `--speed ${speed} --`,
      `
      cat /tmp/input | ${WRITE} --transfer-size ${size} --zlp ${zlp} --json; code=$?
      gadget unplug one; gadget account one > /dev/null
      cmp /tmp/input /tmp/sink && echo same
      exit $code`,
    );
    expect(JSON.parse(stderr)).toMatchObject({
      bytes_accepted: SIZE,
      zero_length_packets: zeroLengthPackets,
      end: 'input-ended',
    });
    expect([stdout.toString(), code]).toEqual(['same\n', 0]);
  });

  it('goes on where the device stalled, whose halt it has cleared', async () => {
    const { stdout, stderr, code } = await run(
      '-- --accept 3M',
      `
      ${WRITE} -i /tmp/input --json 2> /tmp/first.json; echo $?
      skip=$(node -p 'JSON.parse(fs.readFileSync("/tmp/first.json", "utf8")).resume_at')
      echo $skip
      ${WRITE} -i /tmp/input --skip $skip -q; code=$?
      gadget unplug one; gadget account one > /dev/null
      cmp /tmp/input /tmp/sink && echo same
      exit $code`,
    );
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe(`6\n${3 * 1024 ** 2}\nsame\n`);
    expect(code).toBe(0);
  });

  it('knows what a device has that takes no more', async () => {
    const { stdout, code } = await run(
      '-- --take 1M',
      `
      ${WRITE} -i /tmp/input --idle-timeout 1s --json 2> /tmp/idle.json; code=$?
      node -p 'JSON.parse(fs.readFileSync("/tmp/idle.json", "utf8")).bytes_accepted'
      stat -c %s /tmp/sink
      exit $code`,
    );
    const [accepted, taken] = stdout.toString().trim().split('\n');
    expect(accepted).toBe(taken);
    expect(code).toBe(8);
  });

  it('loses the device with what it has in flight', async () => {
    const { stderr, code } = await run(
      '-- --take-rate 1M',
      `
      mkfifo /tmp/stats
      (grep -m1 '"bytes_accepted":[1-9]' > /dev/null; gadget unplug one; cat > /dev/null) < /tmp/stats &
      ${WRITE} -i /tmp/input -q --stats /tmp/stats --interval 100ms; code=$?
      wait; exit $code`,
    );
    expect(stderr).toMatch(
      /^usbxfer: the device is gone.*; the device has taken \d+ bytes; --skip \d+ goes on behind them\n$/,
    );
    expect(code).toBe(5);
  });
});
