import { open, StreamError } from 'usbxfer';

await using device = await open({ vid: 0x1234, pid: 0x5678, wait: Infinity });

const stream = device.read(0x82, {
  bytes: 8 * 1024 * 1024,
  keepGoing: 16, // continue after up to 16 stalls and errors in a row
  reconnect: 60_000, // if the device is unplugged, wait for it for a minute
  onGap: ({ offset, cause }) => console.log(`gap after ${offset} bytes: ${cause}`),
  onReconnect: () => console.log('the device is back'),
});

let bytes = 0;
try {
  for await (const chunk of stream) {
    bytes += chunk.length;
  }
  console.log(`${bytes} bytes, ${stream.statistics.gapCount} gaps`);
} catch (error) {
  if (!(error instanceof StreamError)) {
    throw error;
  }
  console.log(`${error.code} after ${error.bytes} bytes: ${error.message}`);
  process.exitCode = 1;
}
