/*
 * Reads as in tutorials: one small transfer at a time, awaited and then written.
 */
import { finish, openNaively, writeAll } from './naive-device.js';

const TRANSFER_SIZE = 1024;

const opened = openNaively();
const { endpoint, bytes } = opened;

const startedAt = performance.now();
for (let written = 0; written < bytes; ) {
  const data = await endpoint.transferAsync(TRANSFER_SIZE);
  if (data === undefined) throw new Error('a transfer without data');
  writeAll(data);
  written += data.length;
}
finish(opened, (performance.now() - startedAt) / 1000);
