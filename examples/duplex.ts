import { pipeline } from 'node:stream/promises';
import { open } from 'usbxfer';

await using device = await open({ vid: 0x1234, pid: 0x5679 });

/** Sends 1 MiB in pieces, as the device accepts them. */
async function* messages() {
  for (let i = 0; i < 16; i += 1) {
    yield Buffer.alloc(65_536, i);
  }
}

let received = 0;
await pipeline(messages, device.duplex({ in: 0x81, out: 0x01, linger: 200 }), async (replies) => {
  for await (const chunk of replies) {
    received += chunk.length;
  }
});
console.log(`sent 1 MiB, received ${received} bytes`);
