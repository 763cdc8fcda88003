import { crc32 } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

afterEach(async () => {
  await guest('gadget down one');
});

/**
 * Runs a script with a scripted device at $port and returns the lines that it prints. The input of the
 * host is in /run/scratch/input: the 32-bit numbers 0, 1, 2, ….
 */
async function run(device: string, script: string): Promise<string[]> {
  const { stdout, stderr, code } = await guest(`
    set -e
    [[ -e /run/scratch/input ]] || node -e '
      process.stdout.write(Buffer.from(Uint32Array.from({ length: 65536 }, (_, i) => i).buffer))
    ' > /run/scratch/input
    port=$(gadget up one ffs ${device})
    ${script}`);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString().trim().split('\n');
}

const INPUT = Buffer.from(Uint32Array.from({ length: 65536 }, (_, i) => i).buffer);

/** Returns the account of a device that accepted this many bytes of the input. */
function account(bytes: number, messages: number, open: number) {
  const sum = crc32(INPUT.subarray(0, bytes)).toString(16).padStart(8, '0');
  return { bytes, crc32: sum, messages, open, settled: true };
}

/** Words of the log. */
const log = (pattern: string) => `grep -oE '${pattern}' /run/gadget/one/log`;

describeInLab('the OUT endpoint of a scripted device', () => {
  it.each([
    ['super', 1024],
    ['full', 64],
  ])('reports messages and bytes as received, at %s speed', async (speed, packet) => {
    const lines = await run(
      `--speed ${speed} -- --sink /run/scratch/sink --messages /run/scratch/messages`,
      `
      usb-host $port out 2 10, out 2 0, out 2 ${packet}, out 2 0, out 2 ${3 * packet}, \
        out 2 ${packet + 5}, out 2 ${2 * packet} < /run/scratch/input
      gadget unplug one
      gadget account one
      echo $(< /run/scratch/messages)
      head -c ${15 + 7 * packet} /run/scratch/input | cmp - /run/scratch/sink && echo same`,
    );
    expect(lines.slice(0, 7)).toEqual(
      [10, 0, packet, 0, 3 * packet, packet + 5, 2 * packet].map(String),
    );
    expect(JSON.parse(lines[7] ?? '')).toEqual(account(15 + 7 * packet, 4, 2 * packet));
    expect(lines.slice(8)).toEqual([`10 0 ${packet} ${4 * packet + 5}`, 'same']);
  });

  it('is halted once, exactly at the given byte, and continues after the halt', async () => {
    const lines = await run(
      '-- --accept 20k --sink /run/scratch/sink',
      `
      usb-host $port out 2 16384, out 2 16384, out 2 10, clear 2 < /run/scratch/input
      tail -c +$((20 * 1024 + 1)) /run/scratch/input | usb-host $port out 2 50000
      gadget unplug one; gadget account one
      head -c ${20 * 1024 + 50_000} /run/scratch/input | cmp - /run/scratch/sink && echo same
      ${log('OUT halted.*')}`,
    );
    expect(lines.slice(0, 5)).toEqual(['16384', '4096 EPIPE', '0 EPIPE', '0', '50000']);
    expect(JSON.parse(lines[5] ?? '')).toEqual(account(20 * 1024 + 50_000, 1, 0));
    expect(lines.slice(6)).toEqual(['same', 'OUT halted after 20480 bytes']);
  });

  it('accepts a given number of bytes and no more, also in short packets', async () => {
    const lines = await run(
      '-- --take 20k',
      `
      usb-host $port out 2 1000, out 2 19000, out 2 5000, out 2 1 < /run/scratch/input
      gadget account one; gadget unplug one; gadget account one`,
    );
    // 20000 bytes; the device accepts one more packet, the last one.
    expect(lines.slice(0, 4)).toEqual(['1000', '19000', '1024 ETIMEDOUT', '0 ETIMEDOUT']);
    expect(JSON.parse(lines[4] ?? '')).toEqual(account(21_024, 2, 1024));
    expect(lines[5]).toBe(lines[4]);
  });

  it('pauses and continues', async () => {
    const lines = await run(
      '-- --take 4k --pause 3000',
      `
      usb-host $port out 2 5000 < /run/scratch/input
      until grep -q 'OUT continues' /run/gadget/one/log; do sleep 0.05; done
      tail -c +4097 /run/scratch/input | usb-host $port out 2 5000
      gadget unplug one; gadget account one`,
    );
    expect(lines.slice(0, 2)).toEqual(['4096 ETIMEDOUT', '5000']);
    expect(JSON.parse(lines[2] ?? '')).toEqual(account(9096, 1, 0));
  });

  it('accepts data no faster than its rate limit', async () => {
    const lines = await run(
      '-- --take-rate 10k',
      `
      usb-host $port out 2 200000 < /run/scratch/input
      gadget unplug one; gadget account one`,
    );
    const [bytes] = (lines[0] ?? '').split(' ');
    expect(lines[0]).toMatch(/^\d+ ETIMEDOUT$/);
    expect(Number(bytes)).toBeGreaterThan(0);
    expect(JSON.parse(lines[1] ?? '')).toEqual(account(Number(bytes), 0, Number(bytes)));
  });

  it('may be an interrupt endpoint; its account is updated while it is connected', async () => {
    const lines = await run(
      '-- --interrupt-out',
      `
      lsusb -d 1234:5678 -v 2>/dev/null | grep -A 2 'EP 2 OUT' | grep -o 'Interrupt'
      usb-host $port out 2 3000, out 2 0 < /run/scratch/input
      until [[ $(gadget account one) == *'"messages":2'* ]]; do sleep 0.02; done
      gadget account one; gadget unplug one; gadget account one; ${log('OUT \\{.*')}`,
    );
    expect(lines.slice(0, 3)).toEqual(['Interrupt', '3000', '0']);
    expect(JSON.parse(lines[3] ?? '')).toEqual({ ...account(3000, 2, 0), settled: false });
    expect(JSON.parse(lines[4] ?? '')).toEqual(account(3000, 2, 0));
    expect(lines[5]).toBe(`OUT ${lines[4]}`);
  });
});

describeInLab('the control requests of a scripted device', () => {
  it('store bytes and return them, and are logged; others stall', async () => {
    const lines = await run(
      '--',
      `
      usb-host $port control c0 02 0 0 8, control 41 02 1234 0 0a0b0c, control c0 02 0 0 64, \
        control c1 02 0 0 2, control 40 02 0 0 -, control c1 02 0 0 8, control c1 09 0 0 8, \
        control 40 01 2 0 -, control 40 02 0 0 ${'00'.repeat(65)}
      ${log('bmRequestType.*|stalled')}`,
    );
    const [first = '', second = ''] = lines.slice(9);
    expect(lines.slice(0, 9)).toEqual([
      ...['0', '3', '3 0a0b0c', '2 0a0b', '0', '0', '0 EPIPE', '0 EPIPE', '0 EPIPE'],
    ]);
    expect([first, second]).toEqual([
      'bmRequestType 0xc0 bRequest 0x02 wValue 0x0000 wIndex 0x0000 wLength 8, OUT at byte 0',
      'bmRequestType 0x41 bRequest 0x02 wValue 0x1234 wIndex 0x0000 wLength 3, OUT at byte 0',
    ]);
    expect(lines.slice(9).map((line) => line.split(' ')[3] ?? line)).toEqual([
      ...['0x02', '0x02', '0x02', '0x02', '0x02', '0x02'],
      ...['0x09', 'stalled', '0x01', 'stalled', '0x02', 'stalled'],
    ]);
  });

  it('start and stop the stream, which continues where it was stopped', async () => {
    const lines = await run(
      '-- --start-by-request send forever',
      `
      start='control 40 01 1 0 -' stop='control 40 01 0 0 -' read='in 81 10240'
      usb-host $port $read, $start, $read, $stop, $read, $start, $read, $start, $read, \
        $stop, $stop, $start, $read`,
    );
    // 10240 bytes hold 2560 words (0xa00).
    expect(lines).toEqual([
      '0 ETIMEDOUT',
      ...['0', '10240 0000000001000000', '0'],
      '0 ETIMEDOUT',
      ...['0', '10240 000a0000010a0000', '0', '10240 0014000001140000'],
      ...['0', '0', '0', '10240 001e0000011e0000'],
    ]);
  });

  it('stop a stream that no request started', async () => {
    const lines = await run(
      '-- send forever',
      `
      stop='control 40 01 0 0 -' read='in 81 16384'
      usb-host $port $read, $stop, $read, control 40 01 1 0 -, $read`,
    );
    expect(lines).toEqual([
      ...['16384 0000000001000000', '0', '0 ETIMEDOUT', '0', '16384 0010000001100000'],
    ]);
  });

  it('leave one without a response, and answer the following ones', async () => {
    const lines = await run(
      '--',
      `
      usb-host $port control c0 03 0 0 8, control 40 02 0 0 0a, control c0 03 0 0 8, \
        control c1 02 0 0 8, control c0 03 0 0 8, out 2 100 < /run/scratch/input
      gadget unplug one; gadget account one
      port=$(gadget plug one)
      usb-host $port control c1 02 0 0 8`,
    );
    expect(lines.slice(0, 6)).toEqual([
      ...['0 ETIMEDOUT', '1', '0 ETIMEDOUT', '1 0a', '0 ETIMEDOUT', '100'],
    ]);
    expect(JSON.parse(lines[6] ?? '')).toEqual(account(100, 1, 0));
    expect(lines[7]).toBe('1 0a');
  });
});

describeInLab('an alternate setting', () => {
  it.each([
    ['read', 0],
    ['write', 8],
  ])('is reset to 0 when usbxfer %s releases the interface', async (command, exitCode) => {
    // The network is down: the device accepts nothing.
    const { stdout, stderr, code } = await guest(`
      gadget up one ecm >/dev/null
      exec 3</sys/kernel/debug/usb/usbmon/2u
      cat <&3 > /run/scratch/monitor & monitor=$!
      echo a frame | node bin/usbxfer.js ${command} -d 1234:5678 --alt 1 --duration 1s --json=/dev/stderr; code=$?
      until grep -q 's 01 0b 0000' /run/scratch/monitor; do sleep 0.05; done
      kill $monitor
      grep -o 's 01 0b .*' /run/scratch/monitor
      echo $(</sys/bus/usb/devices/2-1:1.1/bAlternateSetting)
      exit $code`);
    expect(JSON.parse(stderr)).toMatchObject({
      interface: 1,
      alternate_setting: 1,
      end_reason: 'duration',
    });
    expect(stdout.toString()).toBe('s 01 0b 0001 0001 0000 0\ns 01 0b 0000 0001 0000 0\n0\n');
    expect(code).toBe(exitCode);
  });
});
