import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, eventsOf, readCapture } from '../../../support/capture-file.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';

const folder = new Folder();
let runs = 0;

/** A name for a file that no other test uses. */
function unused(name: string): string {
  runs += 1;
  return join(folder.path, `${runs}-${name}`);
}

const READ = ['read', '-d', '1234:5678', '-q'];

/** Reads into a file, and returns it with the record. */
async function record(...args: string[]) {
  const [data, file] = [unused('data.bin'), unused('record.pcapng')];
  const result = await usbxfer([...READ, '-o', data, '--record', file, ...args]);
  return { ...result, data: readFileSync(data), capture: readCapture(readFileSync(file)) };
}

describe('read --record', () => {
  it('has a submission and a completion of each transfer, with all data', async () => {
    const { code, data, capture } = await record('--bytes', '300000', '--transfer-size', '64KiB');
    expect(code).toBe(0);
    const events = eventsOf(capture, 0x82);
    const submissions = events.filter(({ event }) => event === 'S');
    for (const submission of submissions) {
      const completion = events.find(({ id, event }) => id === submission.id && event === 'C');
      expect([submission.event, submission.status, completion?.event]).toEqual(['S', -115, 'C']);
      expect(submission.time).toBeLessThanOrEqual(completion?.time ?? 0n);
      expect(completion?.data).toHaveLength(completion?.length ?? -1);
    }
    expect(events).toHaveLength(2 * submissions.length);
    expect(bytesOf(capture, 0x82).subarray(0, 300_000).equals(data)).toBe(true);
    expect(data.equals(counterBytes(0, 300_000))).toBe(true);
    expect(capture.end).toEqual(['end: limit']);
  });

  it('begins with the descriptors, and has times of day', async () => {
    const { capture } = await record('--bytes', '4096');
    const [request, response] = capture.packets;
    expect(request?.setup).toBe('8006000100001200');
    expect(response?.data.readUInt16LE(8)).toBe(0x1234);
    const configuration = capture.packets.find(({ setup }) => setup?.startsWith('80060002'));
    const length = configuration?.setup?.slice(12);
    const { data } = capture.packets.find(
      ({ id, event }) => id === configuration?.id && event === 'C',
    ) ?? { data: Buffer.alloc(0) };
    expect(data.readUInt16LE(2)).toBe(data.length);
    expect(length).toBe(Buffer.of(data.length, 0).toString('hex'));
    const age = Date.now() - Number((request?.time ?? 0n) / 1_000_000n);
    expect(Math.abs(age)).toBeLessThan(60_000);
  });

  it('has the control requests before and after', async () => {
    const { capture } = await record(
      ...['--bytes', '4096', '--scenario', 'start=request'],
      ...['--before', 'out vendor device 1 1', '--after', 'out vendor device 1 0'],
    );
    expect(eventsOf(capture, 0).map(({ event, setup, status }) => [event, setup, status])).toEqual([
      ['S', '4001010000000000', -115],
      ['C', undefined, 0],
      ['S', '4001000000000000', -115],
      ['C', undefined, 0],
    ]);
  });

  it('has the status of failures, a gap at the next packet, and the cleared halt', async () => {
    const { code, data, capture } = await record(
      ...['--bytes', '2MiB', '--keep-going', '--scenario', 'stall@1MiB'],
    );
    expect(code).toBe(6);
    const statuses = new Set(eventsOf(capture, 0x82).map(({ status }) => status));
    expect([...statuses].sort()).toEqual([-115, -32, 0]);
    const comments = capture.packets.flatMap((packet) => packet.comments);
    expect(comments.filter((text) => text.startsWith('gap'))).toEqual([
      'gap at byte 1048576: stall',
    ]);
    expect(eventsOf(capture, 0)[0]?.setup).toBe('0201000082000000');
    expect(bytesOf(capture, 0x82).equals(data)).toBe(true);
  });

  it('says when the device was opened again', async () => {
    const { code, data, capture } = await record(
      ...['--bytes', '2MiB', '--reconnect', '--scenario', 'unplug@1MiB=10ms'],
    );
    expect(code).toBe(6);
    const again = capture.packets.find(({ comments }) => /opened again/.test(comments.join()));
    expect(again?.comments.join()).toMatch(/gap at byte \d+: disconnection/);
    expect(again?.device).not.toBe(capture.packets[0]?.device);
    // The descriptors are those of both addresses.
    const requests = capture.packets.filter(({ setup }) => setup === '8006000100001200');
    expect(requests.map(({ device }) => device)).toEqual([
      capture.packets[0]?.device,
      again?.device,
    ]);
    expect(bytesOf(capture, 0x82).equals(data)).toBe(true);
  });

  it('begins a new file with each file of the output, which opens alone', async () => {
    const [data, file] = [unused('data-{index}.bin'), unused('record-{index}.pcapng')];
    const split = ['--split-bytes', '1MiB', '--bytes', '3MiB', '--scenario', 'rate=40M'];
    const { code } = await usbxfer([...READ, '-o', data, '--record', file, ...split]);
    expect(code).toBe(0);
    const captures = [0, 1, 2].map((index) =>
      readCapture(readFileSync(file.replace('{index}', `${index}`))),
    );
    expect(captures.map(({ end }) => end)).toEqual([
      ...Array(2).fill(['continued in the next file']),
      ['end: limit'],
    ]);
    for (const { packets } of captures) {
      expect(packets[0]?.setup).toBe('8006000100001200');
    }
    const bytes = Buffer.concat(captures.map((capture) => bytesOf(capture, 0x82)));
    expect(bytes.equals(counterBytes(0, 3 * 1024 * 1024))).toBe(true);
  });
});

describe('the record of other commands', () => {
  it('write: has the data at the submissions', async () => {
    const [input, file] = [unused('input.bin'), unused('record.pcapng')];
    writeFileSync(input, counterBytes(0, 100_000));
    const args = ['-d', '1234:5678', '-q', '-i', input, '--transfer-size', '4096'];
    const { code } = await usbxfer(['write', ...args, '--record', file]);
    expect(code).toBe(0);
    const capture = readCapture(readFileSync(file));
    const events = eventsOf(capture, 0x02);
    expect(bytesOf(capture, 0x02).equals(readFileSync(input))).toBe(true);
    expect(events.filter(({ event }) => event === 'C').every(({ data }) => data.length === 0)).toBe(
      true,
    );
    expect(events.filter(({ event }) => event === 'C').map(({ length }) => length)).toEqual([
      ...Array(24).fill(4096),
      100_000 - 24 * 4096,
    ]);
  });

  it('pipe: has both directions', async () => {
    const [input, output, file] = [unused('in.bin'), unused('out.bin'), unused('record.pcapng')];
    writeFileSync(input, 'a message');
    const args = ['-d', '1234:5679', '-q', '-i', input, '-o', output, '--linger', '100ms'];
    expect((await usbxfer(['pipe', ...args, '--record', file])).code).toBe(0);
    const capture = readCapture(readFileSync(file));
    expect(bytesOf(capture, 0x01).toString()).toBe('a message');
    expect(bytesOf(capture, 0x81).equals(readFileSync(output))).toBe(true);
    expect(readFileSync(output)).not.toHaveLength(0);
  });

  it('control: has the request and the response', async () => {
    const file = unused('record.pcapng');
    const request = ['in', 'standard', 'device', '6', '0x0100', '0', '18', '--hex'];
    const { code } = await usbxfer(['control', '-d', '1234:5678', ...request, '--record', file]);
    expect(code).toBe(0);
    const capture = readCapture(readFileSync(file));
    const [submission, completion] = eventsOf(capture, 0x80);
    expect([submission?.type, submission?.setup, submission?.length]).toEqual([
      ...[2, '8006000100001200', 18],
    ]);
    expect(completion?.data.readUInt16LE(8)).toBe(0x1234);
  });

  it('control: has a request that failed', async () => {
    const file = unused('record.pcapng');
    const request = ['in', 'vendor', 'device', '0x77', '0', '0', '4'];
    const { code } = await usbxfer([
      'control',
      '-d',
      '1234:5678',
      ...request,
      '--hex',
      '--record',
      file,
    ]);
    expect(code).toBe(6);
    const capture = readCapture(readFileSync(file));
    expect(eventsOf(capture, 0x80).map(({ status }) => status)).toEqual([-115, -32]);
  });
});

describe('a record that cannot be written', () => {
  it.each([
    ['read', ['read', '-d', '1234:5678', '--bytes', '1MiB', '-o']],
    ['write', ['write', '-d', '1234:5679', '-i']],
  ])('ends %s with exit code 7, and names the file', async (_, args) => {
    const data = unused('data.bin');
    writeFileSync(data, counterBytes(0, 1000));
    const force = ['--force', '--record', '/dev/full'];
    const { code, stderr } = await usbxfer([...args, data, ...force]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/the output failed: --record \/dev\/full: no space left/);
    expect(statSync(data).size).toBeGreaterThan(0);
  });

  it('ends control with exit code 7', async () => {
    const args = [
      'control',
      '-d',
      '1234:5678',
      'out',
      'vendor',
      'device',
      '2',
      '--record',
      '/dev/full',
    ];
    const { code, stderr } = await usbxfer(args);
    expect([code, stderr]).toEqual([
      7,
      expect.stringMatching(/the output failed: --record \/dev\/full/),
    ]);
  });

  it('is refused by control if stdout has the response', async () => {
    const request = ['in', 'standard', 'device', '6', '0x0100', '0', '18'];
    for (const text of ['--hex', '--json']) {
      const args = ['control', '-d', '1234:5678', ...request, text, '--record', '-'];
      const { code, stderr } = await usbxfer(args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/stdout is used for the data/)]);
    }
  });

  it('is refused by control if it exists, with the options of control', async () => {
    const file = unused('record.pcapng');
    writeFileSync(file, 'before');
    const args = ['control', '-d', '1234:5678', 'out', 'vendor', 'device', '2', '--record', file];
    const { code, stderr } = await usbxfer(args);
    expect([code, stderr]).toEqual([7, expect.stringMatching(/already exists/)]);
    expect(stderr).not.toContain('--append');
  });

  it('is appended to an existing one with --append', async () => {
    const [data, file] = [unused('data.bin'), unused('record.pcapng')];
    const run = () =>
      usbxfer([...READ, '-o', data, '--append', '--bytes', '4096', '--record', file]);
    expect([(await run()).code, (await run()).code]).toEqual([0, 0]);
    const bytes = readFileSync(file);
    const half = bytes.length / 2;
    for (const section of [bytes.subarray(0, half), bytes.subarray(half)]) {
      expect(bytesOf(readCapture(section), 0x82)).toHaveLength(4096);
    }
  });

  it.each([
    ['exists', [], 7, /already exists; .*--force/],
    ['is the output', ['--force'], 2, /is where the data goes/],
  ])('is refused if it %s', async (what, more, expected, message) => {
    const [data, file] = [unused('data.bin'), unused('record.pcapng')];
    writeFileSync(file, 'before');
    const target = what === 'is the output' ? data : file;
    const { code, stderr } = await usbxfer([...READ, '-o', data, '--record', target, ...more]);
    expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
    expect(readFileSync(file, 'utf8')).toBe('before');
  });

  it.each([
    [['--record', '-'], /stdout is used for the data; give -o FILE/],
    [['--record', ''], /--record needs a file name/],
    [['--index', '-'], /stdout is used for the data/],
    [['-o', 'x', '--index', '-', '--record', '-'], /--record and --index cannot write to the same/],
    [
      ['-o', 'x', '--stats', '-', '--record', '-'],
      /--stats - and --record cannot write to the same/,
    ],
    [['-o', 'x', '--json=-', '--record', '-'], /--json=-: stdout is used for something else/],
    [
      ['-o', 'x-{index}', '--split-bytes', '1M', '--record', 'x'],
      /need \{index\} in the file name of --record; for example --record x-\{index:04\}/,
    ],
    [['-o', 'x', '--record', '{what}'], /--record \{what\}: unknown field/],
    [
      ['-o', 'x-{index}', '--split-bytes', '1M', '--record', 'fd:3'],
      /--record fd:3 cannot be split/,
    ],
    [['--sigmf', 'cu8'], /--sigmf needs -o FILE/],
    [['-o', 'x-{serial}', '--sigmf', 'cu8'], /--sigmf needs a file name without \{\}/],
    [['-o', 'x', '--sigmf', 'cu16'], /give the datatype of SigMF/],
    [['-o', '/dev/null', '--record', 'fd:9'], /descriptor 9 is not open/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await usbxfer([...READ, ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
