import { describe, expect, it } from 'vitest';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { shell, usbxfer } from './usbxfer.js';

const HALTED = ['--vid', '1234', '--pid', '5678', '--scenario', 'start-halted'];
const READ = ['read', ...HALTED, '--bytes', '1M'];

describe('an endpoint that is halted at the start', () => {
  it('fails the first transfer, and the error names --clear-halt', async () => {
    const { stdout, stderr, code } = await usbxfer(READ);
    expect([stdout.length, code]).toEqual([0, 6]);
    expect(stderr).toContain('--clear-halt clears a halt that was left before');
  });

  it('works with read --clear-halt', async () => {
    const { stdout, stderr, code } = await usbxfer([...READ, '--clear-halt', '--json']);
    expect([stdout.length, isCounterPrefix(stdout), code]).toEqual([2 ** 20, true, 0]);
    expect(JSON.parse(stderr)).toMatchObject({ gap_count: 0, failures: { stall: 0 } });
  });

  it('is cleared by read --keep-going, and counts as an event, but leaves no gap', async () => {
    const { stdout, stderr, code } = await usbxfer([...READ, '--keep-going']);
    expect([stdout.length, isCounterPrefix(stdout), code]).toEqual([2 ** 20, true, 0]);
    expect(stderr).toContain(
      'the endpoint was halted before the first byte; the halt is cleared, continuing',
    );
    expect(stderr).toMatch(/^events +1 stall/m);
    expect(stderr).not.toContain('gap');
  });

  it('works with write --clear-halt and pipe --clear-halt', async () => {
    const options = `${HALTED.join(' ')} --clear-halt --json=/dev/stderr`;
    const sent = await shell(`head -c 64k /dev/zero | usbxfer write ${options}`);
    expect(JSON.parse(sent.stderr)).toMatchObject({ bytes_accepted: 65_536, exit_code: 0 });
    const moved = await shell(`head -c 64k /dev/zero | usbxfer pipe ${options} --bytes 64k`);
    expect(JSON.parse(moved.stderr)).toMatchObject({
      in: { bytes_written: 65_536 },
      exit_code: 0,
    });
  });
});

describe('read --on-idle', () => {
  const HANGING = ['read', '--vid', '1234', '--pid', '5678', '--on-idle', 'reset,2', '--json'];

  it('delivers 100 MB of a device that hangs every 2 MB, and records each gap', async () => {
    const period = 2_000_000;
    const { stdout, stderr, code } = await usbxfer([
      ...[...HANGING, '--idle-timeout', '100ms', '--bytes', '100MB'],
      ...['--scenario', 'hangs-until-reset@2MB'],
    ]);
    const summary = JSON.parse(stderr);
    expect([stdout.length, code, violations('read')(summary)]).toEqual([100_000_000, 6, undefined]);
    const pieces = Array.from({ length: 50 }, (_, n) => n * period);
    for (const start of pieces) {
      const lost = (start / period) * 512; // a packet at each hang
      const piece = stdout.subarray(start, start + period);
      expect(piece.equals(counterBytes(start + lost, period))).toBe(true);
    }
    const offsets = summary.gaps.map(({ offset }: { offset: number }) => offset);
    expect(offsets).toEqual(expect.arrayContaining(pieces.slice(1)));
    expect(summary.restarts.reset).toBe(summary.gap_count);
  });

  it('gives up after N restarts in a row, and says what it did', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...['read', '--vid', '1234', '--pid', '5678', '--scenario', 'silence@64k'],
      ...['--idle-timeout', '50ms', '--on-idle', 'reopen,2'],
    ]);
    expect([stdout.length, code]).toEqual([65_536, 8]);
    expect(stderr).toMatch(/: gap at byte 65536: silence$/m);
    expect(stderr).toMatch(/: the device is silent; reopening the device$/m);
    expect(stderr).toMatch(/: the device is silent; reopening the device, attempt 2$/m);
    expect(stderr).toMatch(/^events +2 reopenings after silence$/m);
    expect(stderr).toContain(
      'the device sent nothing more, not even after 2 restarts in a row (--on-idle); ' +
        'the 65536 bytes before it were written',
    );
  });
});
