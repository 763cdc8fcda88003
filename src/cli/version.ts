import { readFileSync } from 'node:fs';

/** Returns the version of usbxfer. */
export function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL(import.meta.resolve('usbxfer/package.json')), 'utf8'),
  );
  return (manifest as { version: string }).version;
}
