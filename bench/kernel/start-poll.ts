/*
 * node-usb's own pool, in its plain use: startPoll, and every Buffer that it hands out is written
 * at once. Runs in the guest.
 *
 * With fs.writeSync, which holds startPoll back as nothing else can: it cannot be paused. With
 * process.stdout.write to a pipe, 256 MiB had not come through after five minutes.
 */
import { finish, openNaively, writeAll } from './naive-device.js';

const DEPTH = 16;
const TRANSFER_SIZE = 256 * 1024;

const opened = openNaively();
const { endpoint, bytes } = opened;
let written = 0;

endpoint.on('data', (data: Buffer) => {
  // It cannot be told to read only so many bytes: what comes beyond is thrown away.
  const wanted = data.subarray(0, bytes - written);
  if (wanted.length === 0) return;
  writeAll(wanted);
  written += wanted.length;
  if (written === bytes) {
    const seconds = (performance.now() - startedAt) / 1000;
    endpoint.stopPoll(() => finish(opened, seconds));
  }
});
endpoint.on('error', (error) => {
  throw error;
});
const startedAt = performance.now();
endpoint.startPoll(DEPTH, TRANSFER_SIZE);
