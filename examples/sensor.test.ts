import { type DeviceDefinition, TestBus } from 'usbxfer/testing';
import { expect, it } from 'vitest';
import { frame } from './frames.js';
import { Sensor } from './sensor.js';

/** A simulated sensor. While it runs, it sends frames with the numbers 0, 1, 2 and so on. */
function sensor(version = 2): DeviceDefinition {
  let isRunning = false;
  let number = 0;
  return {
    vid: 0x1209,
    pid: 0x0001,
    product: 'sensor',
    endpoints: {
      // EP 0x81 IN
      129: { send: () => (isRunning ? frame(Buffer.from([number++])) : undefined) },
    },
    control({ direction, request, value }) {
      if (direction === 'in' && request === 0x01) {
        return Buffer.from([version]);
      }
      if (direction === 'out' && request === 0x02) {
        isRunning = value === 1;
        return 'accept';
      }
      return 'stall';
    },
  };
}

/** Returns the numbers in the first frames of a sensor. */
async function read(bus: TestBus, count: number): Promise<unknown[]> {
  await using opened = await Sensor.open({ backend: bus });
  const numbers: unknown[] = [];
  for await (const [number] of opened.frames()) {
    if (numbers.push(number) === count) {
      break;
    }
  }
  return numbers;
}

it('yields the frames of the sensor', async () => {
  const bus = new TestBus();
  bus.connect(sensor());
  expect(await read(bus, 3)).toEqual([0, 1, 2]);
});

it('refuses another version', async () => {
  const bus = new TestBus();
  bus.connect(sensor(3));
  await expect(read(bus, 1)).rejects.toThrow('the sensor has protocol version 3, not 2');
});

it('fails when the sensor is unplugged', async () => {
  const bus = new TestBus();
  const { endpoints, ...rest } = sensor();
  const faults = [{ kind: 'unplug', offset: 50 }] as const;
  bus.connect({ ...rest, endpoints: { 129: { ...endpoints[0x81], faults } } });
  await expect(read(bus, 1000)).rejects.toMatchObject({ code: 'device-lost', bytes: 50 });
});
