/**
 * The folder that stands for / where devices are looked at, `USBXFER_SYSFS`: for tests, and to look at
 * what was recorded elsewhere. Undefined, or empty: this system's own files.
 */
export function systemRoot(): string | undefined {
  return process.env['USBXFER_SYSFS'] || undefined;
}
