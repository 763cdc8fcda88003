import assert from 'node:assert/strict';
import { assertCounter, assertRefused } from '../expect.js';
import type { ContractCase, Fixture, FixtureDevice } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

const NO_INTERFACE = 200;
const NO_SETTING = 99;

/** Listing, opening, claiming and releasing devices. */
export const handleCases: readonly ContractCase[] = [
  {
    name: 'lists a device without opening it, and while it is open',
    async run(fixture) {
      const target = await fixture.idle();
      await assertListed(fixture, target);
      await OpenDevice.use(fixture, target, () => assertListed(fixture, target));
      await assertListed(fixture, target);
    },
  },
  {
    name: 'opens, claims, releases and closes repeatedly',
    needsDeviceKept: true,
    async run(fixture) {
      const target = await fixture.counters();
      for (let round = 0; round < 3; round++) {
        await OpenDevice.use(fixture, target, async (opened) => {
          const { status, data } = await opened.submit(2048).completion;
          assert.equal(status, 'completed');
          assertCounter(data, round * 2048);
        });
      }
    },
  },
  {
    name: 'reports an open device as connected, and ignores a second close',
    async run(fixture) {
      const target = await fixture.idle();
      const device = await fixture.backend.open(target.info);
      assert.deepEqual(
        [device.info.path, device.info.address],
        [target.info.path, target.info.address],
      );
      assert.equal(await device.loss(), undefined);
      await device.close();
      await device.close();
    },
  },
  {
    name: 'refuses to claim a missing interface or alternate setting',
    async run(fixture) {
      const target = await fixture.idle();
      const { interfaceNumber } = target;
      const device = await fixture.backend.open(target.info);
      try {
        await assertRefused(() => device.claim(NO_INTERFACE, 0), 'not-found');
        await assertRefused(() => device.claim(interfaceNumber, NO_SETTING), 'not-found');
      } finally {
        await device.close();
      }
      await OpenDevice.use(fixture, target, async () => {}); // nothing is still claimed
    },
  },
  {
    name: 'lets only one handle at a time claim an interface',
    async run(fixture) {
      const target = await fixture.idle();
      await OpenDevice.use(fixture, target, () =>
        assertRefused(async () => {
          const second = await fixture.backend.open(target.info);
          try {
            await second.claim(target.interfaceNumber, 0);
          } finally {
            await second.close();
          }
        }, 'busy'),
      );
      await OpenDevice.use(fixture, target, async () => {});
    },
  },
  {
    name: 'accepts detachDriver if no driver holds the interface',
    async run(fixture) {
      const target = await fixture.idle();
      const device = await fixture.backend.open(target.info);
      try {
        const claimed = await device.claim(target.interfaceNumber, 0, { detachDriver: true });
        await claimed.release();
        await claimed.release(); // no effect
      } finally {
        await device.close();
      }
      await OpenDevice.use(fixture, target, async () => {});
    },
  },
  {
    name: 'has exactly the endpoints of the alternate setting',
    async run(fixture) {
      const target = await fixture.idle();
      const device = await fixture.backend.open(target.info);
      try {
        const claimed = await device.claim(target.interfaceNumber, 0);
        const endpoint = claimed.endpoint(target.inEndpoint);
        assert.equal(endpoint.address, target.inEndpoint);
        assert([64, 512, 1024].includes(endpoint.maxPacketSize));
        await assertRefused(() => claimed.endpoint(0x8f), 'not-found');
        await assertRefused(() => claimed.endpoint(0x0f), 'not-found');
        await claimed.release();
      } finally {
        await device.close();
      }
    },
  },
];

async function assertListed(fixture: Fixture, { info, ...target }: FixtureDevice): Promise<void> {
  const devices = await fixture.backend.list();
  const found = devices.find(({ path }) => path === info.path);
  assert(found !== undefined, `${info.path} is not in the list`);
  assert.deepEqual(found, info);
  assert(found.address >= 1 && found.address <= 127);
  const active = found.configurations.find(({ value }) => value === found.configurationValue);
  const setting = active?.settings.find(
    (candidate) =>
      candidate.interfaceNumber === target.interfaceNumber && candidate.alternateSetting === 0,
  );
  const endpoint = setting?.endpoints.find(({ address }) => address === target.inEndpoint);
  assert.equal(endpoint?.type, 'bulk');
}
