import assert from 'node:assert/strict';
import type { ControlRequest } from '../../../src/usb/control.js';
import { assertCounter, assertRefused, eventually, within } from '../expect.js';
import type { ContractCase } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

const KIB = 1024;

/** Resetting the device and the alternate setting. */
export const resettingCases: readonly ContractCase[] = [
  {
    name: 'resets a device, which keeps its address and continues',
    async run(fixture) {
      const target = await fixture.counters();
      const device = await fixture.backend.open(target.info);
      try {
        for (let round = 0; round < 2; round++) {
          await within(device.reset(), 'the reset');
          assert.equal(await device.loss(), undefined);
          const claimed = await device.claim(target.interfaceNumber, 0);
          const response = new Promise((resolve) =>
            claimed
              .endpoint(target.inEndpoint)
              .createTransfer((status, bytes) => resolve([status, bytes]))
              .submit(Buffer.alloc(4 * KIB), 4 * KIB),
          );
          assert.deepEqual(await within(response, 'a transfer'), ['completed', 4 * KIB]);
          await claimed.release();
        }
      } finally {
        await device.close();
      }
      const found = (await fixture.backend.list()).find(({ path }) => path === target.info.path);
      assert.deepEqual(found, target.info);
    },
  },
  {
    name: 'refuses to reset while an interface is claimed, which continues',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        await opened.submit(4 * KIB).completion;
        await assertRefused(() => opened.device.reset(), 'invalid');
        await opened.submit(4 * KIB).completion;
        assertCounter(opened.bytes(), 0);
        await opened.release();
        await within(opened.device.reset(), 'the reset');
      });
    },
  },
  {
    name: 'refuses to reset a closed or unplugged device',
    async run(fixture) {
      const target = await fixture.counters();
      const device = await fixture.backend.open(target.info);
      await fixture.unplug(target);
      await eventually('it is lost', async () => (await device.loss()) === 'disconnected');
      await assertRefused(() => device.reset(), 'no-device');
      await device.close();
      await assertRefused(() => device.reset(), 'invalid');
    },
  },
  {
    name: 'selects an alternate setting, and setting 0 when the interface is released',
    async run(fixture) {
      const { info, interfaceNumber, inEndpoint } = await fixture.alternate();
      const getInterface: ControlRequest = {
        requestType: 0x81,
        request: 10,
        value: 0,
        index: interfaceNumber,
      };
      const device = await fixture.backend.open(info);
      try {
        for (const setting of [1, 0, 1, 0]) {
          const claimed = await device.claim(interfaceNumber, setting);
          const response = Buffer.alloc(1, 0xee);
          assert.equal(await device.control(getInterface, response, 10_000), 1);
          assert.equal(response[0], setting);
          if (setting === 1) {
            assert.equal(claimed.endpoint(inEndpoint).address, inEndpoint);
          }
          await claimed.release();
        }
      } finally {
        await device.close();
      }
    },
  },
];
