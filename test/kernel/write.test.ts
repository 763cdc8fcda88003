import { afterEach, expect, it } from 'vitest';
import { runInGuest } from './guest/run-in-guest.js';
import { describeInLab, guest } from './lab/lab.js';

const WRITE = 'node bin/usbxfer.js write --vid 1234 --pid 5678';
const SIZE = 4_000_001;
/** Prints the offset at which a second run continues, from the summary of the first. */
const RESUME_AT = `node -p 'JSON.parse(fs.readFileSync("/run/scratch/first.json", "utf8")).resume_at'`;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/{sink,messages,first.json}');
});

/** Runs a script with a scripted device and SIZE bytes in /run/scratch/input; received bytes go to /run/scratch/sink. */
function run(device: string, script: string) {
  return guest(`
    [[ -e /run/scratch/input ]] || node -e '
      const numbers = Uint32Array.from({ length: ${Math.ceil(SIZE / 4)} }, (_, i) => i);
      process.stdout.write(Buffer.from(numbers.buffer))' | head -c ${SIZE} > /run/scratch/input
    gadget up one ffs ${device} --sink /run/scratch/sink --messages /run/scratch/messages >/dev/null || exit 99
    ${script}`);
}

/** Prints the number of messages of each size. */
const MESSAGES =
  'sort -n /run/scratch/messages | uniq -c | while read -r count size; do echo $count $size; done';

describeInLab('usbxfer write', () => {
  it.each([
    ['super', '256k', 'never', 0, `1 ${SIZE}`],
    ['high', '256k', 'auto', 0, `1 ${SIZE}`],
    ['high', '5120', 'always', 781, '1 1281\n781 5120'],
    ['full', '1000', 'never', 0, '1 1\n4000 1000'],
  ])('delivers all bytes to the device, at %s speed with transfers of %s', async (...parameters) => {
    const [speed, size, zlp, zeroLengthPackets, messages] = parameters;
    const { stdout, stderr, code } = await run(
      `--speed ${speed} --`,
      `
      cat /run/scratch/input | ${WRITE} --transfer-size ${size} --zlp ${zlp} --json=/dev/stderr; code=$?
      gadget unplug one; gadget account one > /dev/null
      cmp /run/scratch/input /run/scratch/sink && echo same
      ${MESSAGES}
      exit $code`,
    );
    expect(JSON.parse(stderr)).toMatchObject({
      bytes_accepted: SIZE,
      zero_length_packets: zeroLengthPackets,
      end_reason: 'input-ended',
    });
    expect([stdout.toString(), code]).toEqual([`same\n${messages}\n`, 0]);
  });

  it.each([
    'super',
    'high',
  ])('keeps bytes and messages of any length, at %s speed', async (speed) => {
    const { stdout, stderr, code } = await runInGuest('run-sendings', speed, '1');
    expect(stderr).toBe('');
    expect(stdout.toString()).toMatch(/^90 \d+\n$/);
    expect(code).toBe(0);
  });

  it('sends to an interrupt endpoint if there is no bulk endpoint', async () => {
    const { stdout, stderr, code } = await run(
      '-- --interrupt-out',
      `
      ${WRITE} -i /run/scratch/input --bytes 301k --transfer-size 10k --zlp always --json=/dev/stderr; code=$?
      gadget unplug one; gadget account one > /dev/null
      head -c 301k /run/scratch/input | cmp - /run/scratch/sink && echo same
      ${MESSAGES}
      exit $code`,
    );
    expect(JSON.parse(stderr)).toMatchObject({ endpoint: '0x02', bytes_accepted: 301 * 1024 });
    expect([stdout.toString(), code]).toEqual(['same\n1 1024\n30 10240\n', 0]);
  });
});

describeInLab('usbxfer write that ends early', () => {
  // The device stalls within a transfer and a packet, which counts as accepted, or where both end.
  it.each([
    ['super', '3M', 3 * 1024 ** 2],
    ['super', '3000001', 3_000_320],
    ['high', '3000001', 3_000_320],
  ])('continues where the device stalled, at %s speed after %s', async (speed, accept, taken) => {
    const { stdout, stderr, code } = await run(
      `--speed ${speed} -- --accept ${accept}`,
      `
      ${WRITE} -i /run/scratch/input --json=/dev/stderr 2> /run/scratch/first.json; echo $?
      grep -o 'OUT halted.*' /run/gadget/one/log
      skip=$(${RESUME_AT})
      ${WRITE} -i /run/scratch/input --skip $skip -q; code=$?
      gadget unplug one; gadget account one > /dev/null
      cmp /run/scratch/input /run/scratch/sink && echo same
      cat /run/scratch/first.json >&2
      exit $code`,
    );
    expect(stdout.toString()).toBe(`6\nOUT halted after ${taken} bytes\nsame\n`);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'stall',
      bytes_accepted: taken,
      bytes_after_gap: 0,
    });
    expect(code).toBe(0);
  });

  it('counts what a device accepted before it stopped accepting', async () => {
    const { stdout, stderr, code } = await run(
      '-- --take 1000001',
      `
      ${WRITE} -i /run/scratch/input --idle-timeout 1s --json=/dev/stderr; code=$?
      gadget account one
      exit $code`,
    );
    const account = JSON.parse(stdout.toString());
    expect(account).toMatchObject({ bytes: 1_000_448, settled: true });
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'idle',
      bytes_accepted: account.bytes,
      bytes_after_gap: 0,
    });
    expect(code).toBe(8);
  });

  it.each([
    ['silence', 'idle', 8, 'super', 'kill -STOP $device'],
    ['silence', 'idle', 8, 'high', 'kill -STOP $device'],
    ['SIGINT', 'interrupted', 130, 'super', 'kill -INT $host'],
    ['a disconnection', 'device-lost', 5, 'super', 'gadget unplug one'],
    ['a disconnection', 'device-lost', 5, 'high', 'gadget unplug one'],
  ])('by %s (%s, %i) counts exactly what the device accepted, at %s speed, and continues there', async (...parameters) => {
    const [, end, exitCode, speed, cause] = parameters;
    const bytes = 500_001;
    // A device with a rate limit takes one packet at a time, perhaps 100 kB per second.
    const { stdout, stderr, code } = await run(
      `--speed ${speed} -- --take-rate 400k`,
      `
      device=$(</run/gadget/one/pid); trap 'kill -CONT $device' EXIT
      ${WRITE} -i /run/scratch/input --bytes ${bytes} --transfer-size 20k --idle-timeout 3s \
        --json=/dev/stderr 2> /run/scratch/first.json & host=$!
      until [[ $(stat -c %s /run/scratch/sink) -gt 100000 ]]; do sleep 0.05; done
      ${cause}
      wait $host; echo $?
      kill -CONT $device
      gadget unplug one; gadget account one
      gadget plug one > /dev/null
      skip=$(${RESUME_AT})
      ${WRITE} -i /run/scratch/input --skip $skip --bytes $((${bytes} - skip)) -q; code=$?
      gadget unplug one; gadget account one > /dev/null
      head -c ${bytes} /run/scratch/input | cmp - /run/scratch/sink && echo same
      cat /run/scratch/first.json >&2
      exit $code`,
    );
    const [firstCode, account = '', ...rest] = stdout.toString().split('\n');
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: end,
      bytes_accepted: JSON.parse(account).bytes,
      bytes_after_gap: 0,
    });
    expect([firstCode, rest, code]).toEqual([String(exitCode), ['same', ''], 0]);
  });
});
