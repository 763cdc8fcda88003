import { describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
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
