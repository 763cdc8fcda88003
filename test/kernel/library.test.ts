import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { counterBytes } from '../support/counter-stream.js';
import { describeInLab, guest } from './lab/lab.js';

/** The compiled examples, where their package is found. */
const EXAMPLES = 'build/examples/examples';

const MIB = 1024 * 1024;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/capture.bin /run/scratch/log');
});

describeInLab('the examples of the library', () => {
  beforeAll(() => {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'examples']);
    for (const name of ['capture-to-file', 'reconnect']) {
      const file = `${EXAMPLES}/${name}.js`;
      // The endpoint of this device.
      writeFileSync(file, readFileSync(file, 'utf8').replace('0x82', '0x81'));
    }
  });

  it('captures to a file', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs --speed high -- send forever >/dev/null || exit 99
      node ${EXAMPLES}/capture-to-file.js /run/scratch/capture.bin
      code=$?
      sha256sum < /run/scratch/capture.bin
      exit $code`);
    expect(stderr).toBe('');
    const [summary = '', , sum] = stdout.toString().split('\n');
    expect(summary).toContain(`${16 * MIB} bytes in /run/scratch/capture.bin, 0 gaps`);
    const expected = createHash('sha256')
      .update(counterBytes(0, 16 * MIB))
      .digest('hex');
    expect(sum).toBe(`${expected}  -`);
    expect(code).toBe(0);
  });

  it('continues with a device that was unplugged', async () => {
    const { stdout, stderr, code } = await guest(`
      port=$(gadget up one ffs --speed high -- rate 1M, send forever) || exit 99
      node ${EXAMPLES}/reconnect.js > /run/scratch/log & pid=$!
      until [[ -e /sys/bus/usb/devices/$port:1.0/driver ]]; do sleep 0.1; done
      sleep 1
      gadget unplug one; gadget plug one >/dev/null
      wait $pid
      code=$?
      cat /run/scratch/log
      exit $code`);
    expect(stderr).toBe('');
    expect(stdout.toString()).toMatch(
      /^gap after \d+ bytes: device-lost\nthe device is back\n8388608 bytes, 1 gaps\n$/,
    );
    expect(code).toBe(0);
  });
});
