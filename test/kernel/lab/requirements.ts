import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const { env } = process;

/** Lists the requirements of the lab that this machine lacks. */
export function missingRequirements(): string[] {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const programs = ['qemu-system-x86_64', 'gcc', 'cpio', 'depmod', 'lsusb', 'usbip'].filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  const files = ['/bin/busybox', '/lib/systemd/systemd-udevd'].filter((file) => !existsSync(file));
  return [...programs, ...files, ...(haveKernel() ? [] : ['a kernel'])];
}

function haveKernel(): boolean {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const boot = join(env['USBXFER_LAB_CACHE'] || join(cache, 'usbxfer-lab'), 'kernel/boot');
  return existsSync(boot) && readdirSync(boot).some((name) => name.startsWith('vmlinuz-'));
}
