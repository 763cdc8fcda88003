/*
 * Sends requests to an interface that usb-storage holds, and resets the device. Runs in the guest:
 * `node run-held.js`. Prints the result of each step as a line of JSON.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { LibusbBackend } from '../../../src/backends/libusb/backend.js';
import { UsbError } from '../../../src/usb/errors.js';

/** GET_MAX_LUN, a class request to the interface (USB mass storage bulk-only 1.0 §3.2). */
const GET_MAX_LUN = { requestType: 0xa1, request: 0xfe, value: 0, index: 0 };

const gadget = (...args: string[]) => execFileSync('gadget', args, { encoding: 'utf8' }).trim();
gadget('down', 'held');
const path = gadget('up', 'held', 'storage');

const backend = new LibusbBackend();
const info = (await backend.list()).find((candidate) => candidate.path === path);
assert(info !== undefined);
const device = await backend.open(info);

async function tell(what: string, operation: () => Promise<unknown>): Promise<void> {
  let outcome: unknown;
  try {
    outcome = await operation();
  } catch (error) {
    outcome = error instanceof UsbError ? [error.code, error.remedy] : String(error);
  }
  process.stdout.write(`${JSON.stringify([what, outcome ?? null])}\n`);
}

const ask = (index: number) => device.control({ ...GET_MAX_LUN, index }, Buffer.alloc(1), 5000);
await tell('held', () => ask(0));
await tell('claimed', async () => {
  const claimed = await device.claim(0, 0, { detachDriver: true });
  const moved = await ask(0);
  await claimed.release();
  return moved;
});
await tell('reset', () => device.reset());
const { interfaces } = await backend.inspect(info);
await tell('driver', async () => interfaces[0]?.driver);
await device.close();
gadget('down', 'held');
