import { open } from 'usbxfer';

await using device = await open({ vid: 0x1234, pid: 0x5678 });

const accepted = await device.control({ request: 0x02, data: Buffer.from([1, 2, 3]) });
const memory = await device.control({ request: 0x02, length: 4 }); // a Buffer, maybe shorter
console.log(accepted, memory);
