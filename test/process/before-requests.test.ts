import { describe, expect, it } from 'vitest';
import { received, start, usbxfer } from './usbxfer.js';

/** The device never responds to this request. */
const UNANSWERED = ['--before', 'in vendor device 3 0 0 8'];

const COMMANDS = [
  ['read', ['-o', '/dev/null']],
  ['write', ['-i', '/dev/zero']],
  ['pipe', ['-i', '/dev/zero', '-o', '/dev/null']],
] as const;

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
