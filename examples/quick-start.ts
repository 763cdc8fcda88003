import { open } from 'usbxfer';

await using device = await open({ vid: 0x1234, pid: 0x5678 });

const stream = device.read(0x82, { bytes: 1_000_000 });
for await (const chunk of stream) {
  console.log(`${chunk.length} bytes, the first is ${chunk[0]}`);
}
console.log(`${stream.statistics.bytesPerSecond} bytes per second`);
