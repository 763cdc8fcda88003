import { describe, expect, it } from 'vitest';
import { violations } from './schema.js';
import { type Outcome, usbxfer } from './usbxfer.js';

const COUNTER = ['-d', '1234:5678'];
const REQUEST = ['in', 'vendor', 'device', '2', '0', '0', '8'];

/**
 * Runs usbxfer and sends it a signal as soon as it listens to that signal. The sender runs before
 * bin/usbxfer.js and prints a line, so that a program that never listens fails.
 */
async function signalled(signal: NodeJS.Signals, args: readonly string[]): Promise<Outcome> {
  const sender = `import { writeSync } from 'node:fs';
    process.on('newListener', function send(event) {
      if (event === '${signal}') {
        process.off('newListener', send);
        queueMicrotask(() => {
          writeSync(2, 'sent\\n');
          process.kill(process.pid, event);
        });
      }
    });`;
  const options = `--import=data:text/javascript,${encodeURIComponent(sender)}`;
  const outcome = await usbxfer(args, { NODE_OPTIONS: options, _: '' });
  expect(outcome.stderr).toMatch(/^sent\n/);
  return { ...outcome, stderr: outcome.stderr.replace('sent\n', '') };
}

describe('a signal before anything is loaded', () => {
  it.each([
    ['read', [...COUNTER, '--json']],
    ['write', [...COUNTER, '-i', '/dev/null', '--json=fd:2']],
    ['pipe', ['-d', '1234:5679', '-o', '/dev/null', '--json=fd:2']],
    ['control', [...COUNTER, ...REQUEST, '--json']],
  ] as const)('ends usbxfer %s with a report', async (command, args) => {
    const { stdout, stderr, code } = await signalled('SIGTERM', [command, ...args]);
    const record = JSON.parse(stderr);
    expect(violations('error')(record)).toBeUndefined();
    expect(record).toMatchObject({
      code: 'interrupted',
      message: 'SIGTERM while starting',
      exit_code: 143,
    });
    expect([stdout.length, code]).toEqual([0, 143]);
  });

  it('ends usbxfer watch with a report', async () => {
    const { stderr, code } = await signalled('SIGINT', ['watch', '--count', '2']);
    expect(stderr).toMatch(/^usbxfer: SIGINT after 0 of 2 events\n$/m);
    expect(code).toBe(130);
  });

  it.each([
    ['list'],
    ['info', ...COUNTER],
    ['reset', ...COUNTER],
    ['doctor'],
    ['help'],
    ['__complete', '--', 'l'],
  ])('kills usbxfer %s', async (...args) => {
    const { stdout, stderr, signal } = await signalled('SIGTERM', args);
    expect([stdout.toString(), stderr, signal]).toEqual(['', '', 'SIGTERM']);
  });
});

describe('SIGUSR1 before anything is loaded', () => {
  it.each([
    ['list'],
    ['reset', ...COUNTER],
    ['watch', '--initial', '--count', '1', '--json'],
    ['control', ...COUNTER, ...REQUEST, '--hex'],
    ['read', ...COUNTER, '--bytes', '1k', '-q'],
    ['--version'],
  ])('does not open a debugger port: usbxfer %s', async (...args) => {
    const { stderr, code } = await signalled('SIGUSR1', args);
    expect([stderr, code]).toEqual(['', 0]);
  });
});
