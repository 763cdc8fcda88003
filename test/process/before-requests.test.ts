import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { received, start, usbxfer } from './usbxfer.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The device never responds to this request. */
const UNANSWERED = ['--before', 'in vendor device 3 0 0 8'];

const COMMANDS = [
  ['read', ['-o', '/dev/null']],
  ['write', ['-i', '/dev/zero']],
  ['pipe', ['-i', '/dev/zero', '-o', '/dev/null']],
] as const;

const REFUSED = ['--before', 'out vendor device 9', '--scenario', 'rate=100M'];

describe('a request before the stream that fails', () => {
  it.each([
    ['read', []],
    ['pipe', ['-i', '/dev/null']],
  ] as const)('leaves the output of usbxfer %s empty', async (command, options) => {
    const output = join(folder, command);
    const args = [command, '-d', '1234:5678', ...options, ...REFUSED, '-o', output, '--json'];
    const { stdout, code } = await usbxfer(args);
    const record = JSON.parse(stdout.toString());
    expect(record).toMatchObject({ end_reason: 'request-failed', exit_code: 6 });
    const { bytes_received, bytes_written, bytes_unwritten } = record.in ?? record;
    expect([bytes_written, bytes_unwritten]).toEqual([0, bytes_received]);
    expect([code, readFileSync(output).length]).toEqual([6, 0]);
  });

  it('does not wait for the reader of the output', async () => {
    const running = start(['read', '-d', '1234:5678', ...REFUSED, '-q']);
    running.child.stdout?.pause(); // which would hold more than the pipe does
    const [code] = await once(running.child, 'exit');
    expect(code).toBe(6);
    running.child.stdout?.resume();
    expect((await running.outcome).stdout.length).toBe(0);
  });
});

describe.each(COMMANDS)('a request before usbxfer %s', (command, options) => {
  const args = [command, '-d', '1234:5678', ...options, ...UNANSWERED];

  it('ends with --duration', async () => {
    const { stdout, code } = await usbxfer([...args, '--duration', '50ms', '--json']);
    const record = JSON.parse(stdout.toString());
    expect(record).toMatchObject({ end_reason: 'duration', exit_code: code });
    expect((record.out ?? record).bytes_accepted ?? 0).toBe(0);
  });

  it('ends with a signal', async () => {
    const running = start([...args, '--json=fd:2', '--stats', '-', '--interval', '10ms'], {
      _: '',
    });
    await received(running, 1); // a record: the stream has started
    running.child.kill('SIGTERM');
    const { stderr, code } = await running.outcome;
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'interrupted',
      signal: 'SIGTERM',
      exit_code: code,
    });
  });
});
