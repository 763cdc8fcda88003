import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { lacks } from '../support/tools.js';
import { describeInLab, guest } from './lab/lab.js';

const folder = mkdtempSync(join(tmpdir(), 'usbxfer-record-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/*');
});

const USBXFER = 'node bin/usbxfer.js';
const DEVICE = '--vid 1234 --pid 5678';
/** usbmon keeps 60 KiB of a transfer. */
const SMALL = '--transfer-size 16KiB --transfers 4';

/** Starts to capture all buses with the kernel's usbmon; `stop_usbmon` ends it. */
const START_USBMON = `
  modprobe usbmon
  dumpcap -q -i usbmon0 -w /run/scratch/usbmon.pcapng 2>/run/scratch/dumpcap.log &
  dumpcap=$!
  until grep -q '^File:' /run/scratch/dumpcap.log; do sleep 0.1; done
  stop_usbmon() { sleep 0.5; kill -INT $dumpcap; wait $dumpcap; }`;

const FIELDS = [
  ...['usb.urb_id', 'usb.urb_type', 'usb.transfer_type', 'usb.endpoint_address'],
  ...['usb.urb_len', 'usb.urb_status', 'usb.capdata', 'usb.data_fragment', 'usb.control.Response'],
] as const;

/** A transfer in a capture, as tshark shows it. */
interface Shown {
  readonly type: string;
  readonly endpoint: string;
  /** Bytes asked for, and bytes moved. */
  readonly requested: string;
  readonly actual: string | undefined;
  readonly status: string | undefined;
  readonly data: string;
}

/** Runs tshark, which must not print a warning, and returns its lines. */
function tshark(file: string, ...args: string[]): string[] {
  // Without -n, it would look up names; a warning about the user is none about the file.
  const command = `tshark -n -r '${file}' ${args.map((arg) => `'${arg}'`).join(' ')} 2>&1`;
  const text = execFileSync('sh', ['-c', command], { maxBuffer: 1 << 28 }).toString();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('Running as'));
  expect(lines.filter((line) => /warn|malformed|error/i.test(line))).toEqual([]);
  return lines;
}

/** The transfers of a device in a capture, in the order of their submissions. */
function transfersIn(file: string, device: number): Shown[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const filter = `usb.device_address == ${device}`;
  const shown: (Shown & { id: string })[] = [];
  for (const line of tshark(file, '-Y', filter, '-T', 'fields', ...fields)) {
    const [id = '', event, type = '', endpoint = '', length = '', status = '', ...data] =
      line.split('\t');
    const bytes = data.join('');
    if (event === "'S'") {
      const pending = { actual: undefined, status: undefined };
      shown.push({ id, type, endpoint, requested: length, ...pending, data: bytes });
    } else {
      // The kernel uses the same ID again for a later transfer.
      const place = shown.findLastIndex((each) => each.id === id);
      const submission = shown[place];
      if (submission !== undefined) {
        const sum = submission.data + bytes;
        shown[place] = { ...submission, actual: length, status, data: sum };
      }
    }
  }
  return shown.map(({ id: _, ...transfer }) => transfer);
}

/** The requests for descriptors at the start of a record are not sent. */
const MADE_PAIRS = 5;

/** Transfers by endpoint: usbmon and a record may order different endpoints differently. */
function byEndpoint(transfers: readonly Shown[]): Record<string, Shown[]> {
  const endpoints: Record<string, Shown[]> = {};
  for (const transfer of transfers) {
    endpoints[transfer.endpoint] = [...(endpoints[transfer.endpoint] ?? []), transfer];
  }
  return endpoints;
}

/** Runs a script while usbmon captures, and returns the transfers of the record and of usbmon. */
async function compare(gadget: string, script: string) {
  const { stdout, stderr, code } = await guest(
    `
    gadget up one ${gadget} >/dev/null || exit 99
    ${START_USBMON}
    ${script}
    stop_usbmon
    cat /sys/bus/usb/devices/2-1/devnum > /run/scratch/device
    tar -C /run/scratch -c .`,
  );
  expect([stderr, code]).toEqual(['', 0]);
  execFileSync('tar', ['-C', folder, '-x'], { input: stdout });
  const device = Number(execFileSync('cat', [join(folder, 'device')]).toString());
  const recorded = transfersIn(join(folder, 'record.pcapng'), device);
  const captured = transfersIn(join(folder, 'usbmon.pcapng'), device);
  return { recorded: byEndpoint(recorded.slice(MADE_PAIRS)), captured: byEndpoint(captured) };
}

describeInLab('--index', () => {
  it('has the offset and the length of each message of a device that stamps its data', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- stamps 1000 forever 20 >/dev/null || exit 99
      ${USBXFER} read ${DEVICE} -q --count 100 -o /run/scratch/data --index /run/scratch/index || exit
      tar -C /run/scratch -c .`);
    expect([stderr, code]).toEqual(['', 0]);
    execFileSync('tar', ['-C', folder, '-x'], { input: stdout });
    const data = readFileSync(join(folder, 'data'));
    const lines = readFileSync(join(folder, 'index'), 'utf8').trimEnd().split('\n');
    const transfers = lines
      .map((line) => JSON.parse(line))
      .filter(({ type, length }) => type === 'transfer' && length > 0);
    expect(transfers.map(({ offset, length, short }) => [offset, length, short])).toEqual(
      Array.from({ length: 100 }, (_, i) => [i * 1000, 1000, true]),
    );
    // Each stamp is at the offset that the index says, in the order of the times.
    const stamps = transfers.map(({ offset }) => data.readBigUInt64LE(offset));
    expect(stamps).toEqual(stamps.toSorted((one, other) => (one < other ? -1 : 1)));
    const seconds = transfers.map((transfer) => transfer.seconds);
    expect(seconds).toEqual(seconds.toSorted((one, other) => one - other));
  });
});

describe.skipIf(lacks('tshark') || lacks('dumpcap'))('--record', () => {
  describeInLab('has what the kernel captures', () => {
    it('of read, with control requests before and after', async () => {
      const { recorded, captured } = await compare(
        'sourcesink --pattern 1',
        `${USBXFER} read ${DEVICE} -q --bytes 200000 ${SMALL} -o /dev/null \
          --before 'out vendor device 0x5b 0 0 0102ff' --after 'in vendor device 0x5c 0 0 3' \
          --record /run/scratch/record.pcapng`,
      );
      expect(recorded).toEqual(captured);
      expect(recorded['0x81']?.length).toBeGreaterThan(12);
      expect(recorded['0x00']?.[0]?.data).toBe('0102ff');
      expect(recorded['0x80']?.[0]?.data).toBe('0102ff');
    });

    it('of read, over a stall', async () => {
      const { recorded, captured } = await compare(
        'ffs -- send 40000, stall, send 40000',
        `${USBXFER} read ${DEVICE} -q --bytes 80000 ${SMALL} --keep-going -o /dev/null \
          --record /run/scratch/record.pcapng 2> /run/scratch/errors; [[ $? == 6 ]] || exit`,
      );
      expect(recorded).toEqual(captured);
      expect(recorded['0x81']?.map(({ status }) => status)).toContain('-32');
      expect(recorded['0x00']).toHaveLength(1); // the halt is cleared
    });

    it('of write', async () => {
      const { recorded, captured } = await compare(
        'sourcesink --pattern 2',
        `head -c 100000 /dev/urandom | ${USBXFER} write ${DEVICE} -q ${SMALL} \
          --record /run/scratch/record.pcapng`,
      );
      expect(recorded).toEqual(captured);
      expect(recorded['0x02']?.map(({ actual }) => Number(actual))).toEqual([
        ...Array(6).fill(16_384),
        100_000 - 6 * 16_384,
      ]);
    });

    it('of pipe', async () => {
      const { recorded, captured } = await compare(
        'loopback',
        `head -c 50000 /dev/urandom | ${USBXFER} pipe ${DEVICE} -q ${SMALL} --bytes 50000 \
          -o /dev/null --record /run/scratch/record.pcapng`,
      );
      expect(recorded).toEqual(captured);
      expect(Object.keys(recorded).sort()).toEqual(['0x02', '0x81']);
    });

    it('of control, also of a request that stalls', async () => {
      const { recorded, captured } = await compare(
        'sourcesink',
        `${USBXFER} control ${DEVICE} -q --script - --json --record /run/scratch/record.pcapng \
          > /run/scratch/json 2> /run/scratch/errors <<'END'
out vendor device 0x5b 0 0 0a0b0c0d
in vendor device 0x5c 0 0 4
in standard device 6 0x0100 0 18
in vendor device 99 0 0 4
END`,
      );
      expect(recorded).toEqual(captured);
      expect(recorded['0x80']?.map(({ status }) => status)).toEqual(['0', '0', '-32']);
    });
  });
});
