import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { counterBytes } from '../support/counter-stream.js';
import { canReserve } from '../support/fallocate.js';
import { shell, usbxfer } from './usbxfer.js';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  file = join(folder, 'out.bin');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A capture that ends at once, but may need more space than any disk has. */
const HUGE = ['read', '1234:5678', '--bytes', '8000T', '--count', '1'];

describe('a limit above the free space', () => {
  it('is reported at the start', async () => {
    const { stderr } = await usbxfer([...HUGE, '-o', file]);
    expect(stderr).toMatch(
      /^usbxfer: only [\d.]+ \w+ are free for .*out\.bin, but --bytes needs 8000 TiB; free some space, /,
    );
    expect((await usbxfer([...HUGE, '-o', file, '--force', '-q'])).stderr).toBe('');
  });

  it.runIf(process.platform === 'linux')(
    'is reported for a file on stdout, not for a pipe',
    async () => {
      const command = `node bin/usbxfer.js ${HUGE.join(' ')}`;
      expect((await shell(`${command} > ${file}`)).stderr).toContain(' are free for stdout, ');
      expect((await shell(`${command} | cat > ${file}`)).stderr).not.toContain(' are free for ');
    },
  );

  it.each([
    ['read', '1234:5678'],
    ['pipe', '1-2', '-i', '/dev/null', '--linger', '10ms'],
  ])('is not reported by %s if it fits', async (...args) => {
    const { stderr } = await usbxfer([...args, '--bytes', '1k', '-o', file]);
    expect(stderr).toContain('bytes ');
    expect(stderr).not.toContain(' are free for ');
  });
});

describe('--preallocate', () => {
  it.runIf(canReserve)('leaves exactly the data, also after a failure', async () => {
    const limit = ['--bytes', '64MiB', '--preallocate', '-o', file];
    const { code } = await usbxfer(['read', '1234:5678', ...limit, '--scenario', 'stall@1MiB']);
    expect(code).toBe(6);
    expect(readFileSync(file)).toEqual(counterBytes(0, 2 ** 20));
    expect(statSync(file).blocks * 512).toBeLessThan(2 * 2 ** 20);
  });

  it.runIf(canReserve)('exits 7 and creates no file if there is not enough space', async () => {
    const { stderr, code } = await usbxfer([...HUGE, '--preallocate', '-o', file]);
    expect(stderr).toMatch(
      /^usbxfer: cannot write .*out\.bin: cannot reserve 8796093022208000 bytes: .*; omit --preallocate\n$/,
    );
    expect([code, existsSync(file)]).toEqual([7, false]);
  });

  it.each([
    [['--bytes', '1k'], '--preallocate needs -o FILE'],
    [['-o', 'x'], '--preallocate needs --bytes'],
    [['-o', '{index}', '--bytes', '1k', '--split-bytes', '1k'], 'cannot be used with'],
  ])('needs one file and a limit: %j', async (args, message) => {
    const { stderr, code } = await usbxfer(['read', '1234:5678', '--preallocate', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
