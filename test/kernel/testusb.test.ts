import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testusbCases } from './guest/testusb/cases.js';
import { testCases } from './guest/verdicts.js';
import { describeInLab, guest } from './lab/lab.js';

const USBXFER = 'node bin/usbxfer.js';
const READ = `${USBXFER} read -d 1234:5678 --ep 0x81 -o /run/scratch/got --force`;
const WRITE = `${USBXFER} write -d 1234:5678 --ep 0x02 -i /run/scratch/pattern`;
const MIB = 1024 * 1024;
/** Size of /run/scratch/pattern, which has SourceSink's pattern 1: each packet has the bytes 0 to 62, repeated. */
const SIZE = 16 * MIB;

describeInLab.each([
  ['super', 1024, '2-1'],
  ['high', 512, '1-1'],
])('the cases of testusb at %s speed', (speed, packetSize, port) => {
  /** Prints the status of an endpoint, in which bit 0 is its halt, as `2 0000` if there is none. */
  const status = (endpoint: string) => `usb-host ${port} control 82 0 0 ${endpoint} 2`;
  /** Prints the number of the received bytes, if they are those of the pattern. */
  const verify =
    'stat -c %s /run/scratch/got; head -c $(stat -c %s /run/scratch/got) /run/scratch/pattern | cmp - /run/scratch/got';

  describe('as commands', () => {
    beforeAll(async () => {
      const { stderr, code } = await guest(`
        gadget up one sourcesink --speed ${speed} --pattern 1 >/dev/null || exit
        node -e '
          const pattern = Buffer.from(Uint8Array.from({ length: ${packetSize} }, (_, i) => i % 63));
          process.stdout.write(Buffer.alloc(${SIZE}, pattern))' > /run/scratch/pattern`);
      expect([stderr, code]).toEqual(['', 0]);
    });

    afterEach(async () => {
      await guest('rm -f /run/scratch/got /run/scratch/summary');
    });

    afterAll(async () => {
      await guest('gadget down one; gadget down two; rm -f /run/scratch/pattern');
    });

    it('5 to 8: pipe keeps queues in both directions, with a short packet in each transfer', async () => {
      const { stdout, stderr, code } = await guest(`
        gadget up two loopback --speed ${speed} --udc dummy_udc.1 --pid 5679 >/dev/null || exit 99
        head -c 4M /dev/urandom > /run/scratch/random
        ${USBXFER} pipe -d 1234:5679 --transfers 32 --transfer-size 4000 --bytes 4M -i /run/scratch/random \\
          -o /run/scratch/got --json=/dev/stderr; code=$?
        cmp /run/scratch/random /run/scratch/got && echo same
        rm /run/scratch/random; gadget down two
        exit $code`);
      expect(JSON.parse(stderr)).toMatchObject({
        in: { bytes_written: 4 * MIB },
        out: { bytes_accepted: 4 * MIB },
      });
      expect([stdout.toString(), code]).toEqual(['same\n', 0]);
    });

    it('13: read fails while the endpoint is halted, and clears the halt, and --keep-going continues', async () => {
      const { stdout, stderr, code } = await guest(`
        ${status('81')}
        usb-host ${port} control 02 3 0 81 - # SET_FEATURE(ENDPOINT_HALT)
        ${status('81')}
        ${READ} --bytes 1M -q 2>/dev/null; echo $? $(stat -c %s /run/scratch/got)
        ${status('81')}
        usb-host ${port} control 02 3 0 81 -
        ${READ} --bytes 1M --keep-going --json=/dev/stderr 2> /run/scratch/summary; code=$?
        ${status('81')}
        ${verify}
        cat /run/scratch/summary >&2; exit $code`);
      expect(stdout.toString()).toBe(`2 0000\n0\n2 0100\n6 0\n2 0000\n0\n2 0000\n${MIB}\n`);
      expect(JSON.parse(stderr)).toMatchObject({
        gaps: [],
        failures: { stall: 1 },
        end_reason: 'limit',
      });
      expect(code).toBe(0);
    });

    it('13: write fails while the endpoint is halted, and clears the halt', async () => {
      const { stdout, stderr, code } = await guest(`
        ${status('02')}
        usb-host ${port} control 02 3 0 02 -
        ${status('02')}
        ${WRITE} --bytes 1M --json=/dev/stderr 2> /run/scratch/summary; echo $?
        ${status('02')}
        ${WRITE} --bytes 1M -q; code=$?
        ${status('02')}
        cat /run/scratch/summary >&2; exit $code`);
      expect(stdout.toString()).toBe('2 0000\n0\n2 0100\n6\n2 0000\n2 0000\n');
      expect(JSON.parse(stderr)).toMatchObject({
        end_reason: 'stall',
        bytes_accepted: 0,
        bytes_after_gap: 0,
      });
      expect(code).toBe(0);
    });

    it('27: write sends a long queue of large transfers', async () => {
      const { stdout, stderr, code } = await guest(`
        ${WRITE} --transfers 32 --transfer-size 64k --zlp auto --json=/dev/stderr; code=$?
        ${status('02')}
        exit $code`);
      expect(JSON.parse(stderr)).toMatchObject({ bytes_accepted: SIZE, end_reason: 'input-ended' });
      expect([stdout.toString(), code]).toEqual(['2 0000\n', 0]);
    });

    it('28: read receives a long queue of large transfers', async () => {
      const { stdout, stderr, code } = await guest(`
        ${READ} --transfers 32 --transfer-size 64k --bytes ${SIZE} --json=/dev/stderr
        code=$?; ${verify}; exit $code`);
      expect(JSON.parse(stderr)).toMatchObject({ bytes_written: SIZE, end_reason: 'limit' });
      expect([stdout.toString(), code]).toEqual([`${SIZE}\n`, 0]);
    });
  });

  describe('with the library', () => {
    const names = testusbCases.map(({ name }) => name);
    testCases(names, 'run-testusb', speed);
  });
});
