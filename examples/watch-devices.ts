import { watch } from 'usbxfer';

for await (const { kind, device } of watch({ vid: 0x1234 })) {
  console.log(`${kind} ${device.path} ${JSON.stringify(device.product)}`);
  if (device.pid === 0x5679) {
    break; // ends the watch
  }
}
