import { buffer } from 'node:stream/consumers';
import { open, type UsbDevice } from 'usbxfer';

/** Sends a request, and reads the answer: one message, which a short packet ends. */
async function ask(device: UsbDevice, request: string): Promise<string> {
  const signal = AbortSignal.timeout(2000);
  await device.write(0x01, Buffer.from(request), { signal });
  const answer = await buffer(device.read(0x81, { untilShort: true, signal }));
  return answer.toString();
}

await using device = await open({ vid: 0x1234, pid: 0x5679 });
console.log(await ask(device, '*IDN?'));
console.log(await ask(device, 'MEASURE?'));
