import { type DeviceInfo, list, open } from 'usbxfer';

/** Returns how many bytes a device sends in half a second. */
async function measure({ path }: DeviceInfo): Promise<number> {
  await using device = await open({ path });
  const [setting] = device.info.configurations[0]?.settings ?? [];
  const input = setting?.endpoints.find(({ address }) => address >= 0x80);
  if (input === undefined) {
    return 0;
  }
  let bytes = 0;
  for await (const chunk of device.read(input.address, { duration: 500 })) {
    bytes += chunk.length;
  }
  return bytes;
}

const devices = await list({ vid: 0x1234 });
const results = await Promise.all(
  devices.map(async (device) => ({ device, bytes: await measure(device) })),
);
for (const { device, bytes } of results) {
  console.log(`${device.path} ${JSON.stringify(device.product)}: ${bytes} bytes`);
}
