import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { open } from 'usbxfer';

const [file = 'capture.bin'] = process.argv.slice(2);

await using device = await open({ vid: 0x1234, pid: 0x5678, wait: 10_000 });
const capture = device.readable(0x82, { bytes: 16 * 1024 * 1024 });
process.once('SIGINT', () => capture.stop()); // keeps what has arrived

await pipeline(capture, createWriteStream(file));

const { bytesDelivered, throttledSeconds, gaps } = capture.statistics;
console.log(`${bytesDelivered} bytes in ${file}, ${gaps.length} gaps`);
console.log(`the disk slowed the device down for ${throttledSeconds.toFixed(3)} s`);
