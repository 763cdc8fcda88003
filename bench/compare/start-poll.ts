/*
 * Reads with node-usb's startPoll and writes every Buffer immediately.
 *
 * It uses fs.writeSync, the only way to slow startPoll down: it cannot be paused. With
 * process.stdout.write to a pipe, 256 MiB did not arrive within five minutes.
 */
import { finish, openNaively, writeAll } from './naive-device.js';

const DEPTH = 16;
const TRANSFER_SIZE = 256 * 1024;

const opened = openNaively();
const { endpoint, bytes } = opened;
let written = 0;

endpoint.on('data', (data: Buffer) => {
  // startPoll has no byte limit: data beyond the limit is discarded.
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
