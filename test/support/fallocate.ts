import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether files in the folder for temporary files can have reserved space. */
export const canReserve = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { status } = spawnSync('fallocate', ['--keep-size', '--length', '4096', file]);
  rmSync(folder, { recursive: true });
  return status === 0;
})();
