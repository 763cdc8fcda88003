import assert from 'node:assert/strict';
import type { Device, Interface } from '../../../src/usb/backend.js';
import type { ControlRequest } from '../../../src/usb/control.js';
import { assertRefused, within } from '../expect.js';
import type { ContractCase, Fixture, FixtureDevice } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

const KIB = 1024;
const NO_CONFIGURATION = 99;

/** Timeout that is long enough for any response, in milliseconds. */
const PATIENCE = 10_000;

const GET_CONFIGURATION = { requestType: 0x80, request: 8, value: 0, index: 0 };

const setConfiguration = (value: number): ControlRequest => ({
  ...{ requestType: 0x00, request: 9 },
  ...{ value, index: 0 },
});
const setInterface = (interfaceNumber: number, setting: number): ControlRequest => ({
  ...{ requestType: 0x01, request: 11 },
  ...{ value: setting, index: interfaceNumber },
});
const clearHalt = (address: number): ControlRequest => ({
  ...{ requestType: 0x02, request: 1 },
  ...{ value: 0, index: address },
});

/** Configurations, and the requests that change the state of the host, too. */
export const configuringCases: readonly ContractCase[] = [
  {
    name: 'selects a configuration until the device is closed',
    async run(fixture) {
      const target = await fixture.configurations();
      const { info, configuration } = target;
      for (let round = 0; round < 2; round++) {
        const device = await fixture.backend.open(info);
        await within(device.selectConfiguration(configuration), 'the selection');
        assert.equal(device.info.configurationValue, configuration);
        assert.equal(await activeOf(device), configuration);
        assert.equal(await device.loss(), undefined);
        await receive(device, target);
        assert.equal((await listed(fixture, target)).configurationValue, configuration);
        await within(device.close(), 'the close');
        assert.deepEqual(await listed(fixture, target), info);
      }
      await OpenDevice.use(fixture, { ...target, ...target.active }, async () => {});
    },
  },
  {
    name: 'selects several configurations one after the other, and at the end the first one',
    async run(fixture) {
      const target = await fixture.configurations();
      const { info, configuration } = target;
      const first = info.configurationValue ?? 0;
      const device = await fixture.backend.open(info);
      for (const value of [first, configuration, first, configuration, configuration]) {
        await within(device.selectConfiguration(value), 'the selection');
        assert.equal(await activeOf(device), value);
      }
      await within(device.close(), 'the close');
      assert.deepEqual(await listed(fixture, target), info);
    },
  },
  {
    name: 'refuses a configuration that does not exist, and names those that do',
    async run(fixture) {
      const target = await fixture.configurations();
      const { info, configuration } = target;
      const device = await fixture.backend.open(info);
      const refused = device.selectConfiguration(NO_CONFIGURATION).catch((error) => error);
      assert.equal(
        (await refused).message,
        `the device has no configuration ${NO_CONFIGURATION}; it has ` +
          `${info.configurationValue} (active), ${configuration}`,
      );
      await assertRefused(() => device.selectConfiguration(0), 'not-found');
      await device.close();
      assert.deepEqual(await listed(fixture, target), info);
    },
  },
  {
    name: 'refuses a configuration while an interface is claimed, by this handle or another one',
    async run(fixture) {
      const target = await fixture.configurations();
      const { configuration } = target;
      const request = setConfiguration(configuration);
      await OpenDevice.use(fixture, { ...target, ...target.active }, async ({ device }) => {
        await assertRefused(() => device.selectConfiguration(configuration), 'invalid');
        await assertRefused(() => device.control(request, Buffer.alloc(0), PATIENCE), 'invalid');
        await assertRefused(async () => {
          const second = await fixture.backend.open(target.info);
          try {
            await second.selectConfiguration(configuration);
          } finally {
            await second.close();
          }
        }, 'busy');
        assert.equal(await activeOf(device), target.info.configurationValue);
      });
    },
  },
  {
    name: 'refuses a configuration after the device was closed or unplugged',
    async run(fixture) {
      const target = await fixture.configurations();
      const { configuration } = target;
      const closed = await fixture.backend.open(target.info);
      await closed.close();
      await assertRefused(() => closed.selectConfiguration(configuration), 'invalid');
      const device = await fixture.backend.open(target.info);
      await within(device.selectConfiguration(configuration), 'the selection');
      await fixture.unplug(target);
      while ((await device.loss()) === undefined) {}
      await assertRefused(() => device.selectConfiguration(1), 'no-device');
      await device.close(); // nothing is left to restore
    },
  },
  {
    name: 'carries out SET_CONFIGURATION with the host, and keeps the configuration',
    async run(fixture) {
      const target = await fixture.configurations();
      const { info, configuration } = target;
      for (const value of [configuration, info.configurationValue ?? 0]) {
        const device = await fixture.backend.open(info);
        for (let round = 0; round < 2; round++) {
          const request = setConfiguration(value);
          assert.equal(await within(device.control(request, Buffer.alloc(0), PATIENCE), 'it'), 0);
        }
        assert.equal(device.info.configurationValue, value);
        if (value === configuration) {
          await receive(device, target);
        }
        await device.close();
        assert.equal((await listed(fixture, target)).configurationValue, value);
      }
      assert.deepEqual(await listed(fixture, target), info);
    },
  },
  {
    name: 'deconfigures a device with SET_CONFIGURATION 0, and configures it again',
    async run(fixture) {
      const target = await fixture.configurations();
      const { info, configuration } = target;
      const device = await fixture.backend.open(info);
      await device.control(setConfiguration(0), Buffer.alloc(0), PATIENCE);
      assert.equal(device.info.configurationValue, undefined);
      await device.close();
      const deconfigured = await listed(fixture, target);
      assert.equal(deconfigured.configurationValue, undefined);
      const second = await fixture.backend.open(deconfigured);
      await second.selectConfiguration(configuration);
      await receive(second, target);
      await second.close();
      assert.equal((await listed(fixture, target)).configurationValue, undefined);
    },
  },
  {
    name: 'carries out SET_INTERFACE with the host, until the interface is released',
    async run(fixture) {
      const { info, interfaceNumber, inEndpoint } = await fixture.alternate();
      const request = (setting: number) => setInterface(interfaceNumber, setting);
      const device = await fixture.backend.open(info);
      const send = (setting: number) => device.control(request(setting), Buffer.alloc(0), PATIENCE);
      await assertRefused(() => send(1), 'invalid');
      const claimed = await device.claim(interfaceNumber, 0);
      await assertRefused(() => send(99), 'not-found');
      assert.equal(await send(1), 0);
      assert.equal(await settingOf(device, interfaceNumber), 1);
      // The system knows the endpoints of the setting.
      const moved = claimed.endpoint(inEndpoint);
      const ended = new Promise((resolve) => {
        const transfer = moved.createTransfer((status) => resolve(status));
        transfer.submit(Buffer.alloc(KIB), KIB);
        transfer.cancel();
      });
      await assertRefused(() => send(0), 'invalid');
      assert(['cancelled', 'completed'].includes(String(await within(ended, 'the transfer'))));
      assert.equal(await send(0), 0);
      assert.equal(await settingOf(device, interfaceNumber), 0);
      assert.equal(await send(1), 0);
      await claimed.release();
      assert.equal(await settingOf(device, interfaceNumber), 0);
      await device.close();
    },
  },
  {
    name: 'carries out CLEAR_FEATURE(ENDPOINT_HALT) with the host',
    async run(fixture) {
      const target = await fixture.stallAfter(4 * KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        const request = clearHalt(target.inEndpoint);
        const clear = () => opened.device.control(request, Buffer.alloc(0), PATIENCE);
        await opened.submit(4 * KIB).completion;
        const pending = opened.submit(4 * KIB);
        await assertRefused(clear, 'invalid');
        assert.equal((await pending.completion).status, 'stall');
        assert.equal(await clear(), 0);
        assert.equal((await opened.submit(4 * KIB).completion).status, 'completed');
        await opened.release();
        await assertRefused(clear, 'invalid');
      });
    },
  },
  {
    name: 'sends alternate setting 0 on demand, which clears a halt',
    async run(fixture) {
      const target = await fixture.stallAfter(4 * KIB);
      const { info, interfaceNumber } = target;
      const device = await fixture.backend.open(info);
      const first = await device.claim(interfaceNumber, 0);
      assert.equal(await moveOne(first, target), 'completed');
      assert.equal(await moveOne(first, target), 'stall');
      await first.release();
      const second = await device.claim(interfaceNumber, 0, { sendSetting: false });
      assert.equal(await moveOne(second, target), 'stall');
      await second.release();
      const third = await device.claim(interfaceNumber, 0, { sendSetting: true });
      assert.equal(await moveOne(third, target), 'completed');
      await third.release();
      await device.close();
    },
  },
];

/** Moves 4 KiB from the IN endpoint, and returns the status. */
function moveOne(claimed: Interface, { inEndpoint }: FixtureDevice): Promise<unknown> {
  const ended = new Promise((resolve) =>
    claimed
      .endpoint(inEndpoint)
      .createTransfer((status) => resolve(status))
      .submit(Buffer.alloc(4 * KIB), 4 * KIB),
  );
  return within(ended, 'the transfer');
}

/** Claims the interface of the target, receives from it, and releases it. */
async function receive(device: Device, target: FixtureDevice): Promise<void> {
  const claimed = await device.claim(target.interfaceNumber, 0);
  assert.equal(await moveOne(claimed, target), 'completed');
  await claimed.release();
}

/** Returns the configuration that the device itself reports. */
async function activeOf(device: Device): Promise<number | undefined> {
  const response = Buffer.alloc(1, 0xee);
  await within(device.control(GET_CONFIGURATION, response, PATIENCE), 'the request');
  return response[0];
}

/** Returns the alternate setting that the device itself reports. */
async function settingOf(device: Device, interfaceNumber: number): Promise<number | undefined> {
  const response = Buffer.alloc(1, 0xee);
  const request = { requestType: 0x81, request: 10, value: 0, index: interfaceNumber };
  await within(device.control(request, response, PATIENCE), 'the request');
  return response[0];
}

async function listed(fixture: Fixture, { info }: FixtureDevice) {
  const found = (await fixture.backend.list()).find(({ path }) => path === info.path);
  assert(found !== undefined, `${info.path} is not in the list`);
  return found;
}
