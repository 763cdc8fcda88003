import assert from 'node:assert/strict';
import { assertCounter, assertRefused } from '../expect.js';
import { Session } from '../session.js';
import type { ContractCase, Stage, StagedDevice } from '../stage.js';

const NO_INTERFACE = 200;
const NO_SETTING = 99;

/** Listing, opening, claiming and releasing devices. */
export const handleCases: readonly ContractCase[] = [
  {
    name: 'lists a device without opening it, and while it is open',
    async run(stage) {
      const staged = await stage.counters();
      await assertListed(stage, staged);
      await Session.use(stage, staged, () => assertListed(stage, staged));
      await assertListed(stage, staged);
    },
  },
  {
    name: 'opens, claims, releases and closes repeatedly',
    async run(stage) {
      const staged = await stage.counters();
      for (let round = 0; round < 3; round++) {
        await Session.use(stage, staged, async (session) => {
          const { status, data } = await session.submit(2048).completion;
          assert.equal(status, 'completed');
          assertCounter(data, round * 2048);
        });
      }
    },
  },
  {
    name: 'reports an open device as connected, and ignores a second close',
    async run(stage) {
      const staged = await stage.counters();
      const device = await stage.backend.open(staged.info);
      assert.deepEqual(
        [device.info.path, device.info.address],
        [staged.info.path, staged.info.address],
      );
      assert.equal(await device.isConnected(), true);
      await device.close();
      await device.close();
    },
  },
  {
    name: 'refuses to claim a missing interface or alternate setting',
    async run(stage) {
      const staged = await stage.counters();
      const { interfaceNumber } = staged;
      const device = await stage.backend.open(staged.info);
      try {
        await assertRefused(() => device.claim(NO_INTERFACE, 0), 'not-found');
        await assertRefused(() => device.claim(interfaceNumber, NO_SETTING), 'not-found');
      } finally {
        await device.close();
      }
      await Session.use(stage, staged, async () => {}); // nothing is still claimed
    },
  },
  {
    name: 'lets only one handle at a time claim an interface',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, () =>
        assertRefused(async () => {
          const second = await stage.backend.open(staged.info);
          try {
            await second.claim(staged.interfaceNumber, 0);
          } finally {
            await second.close();
          }
        }, 'busy'),
      );
      await Session.use(stage, staged, async () => {});
    },
  },
  {
    name: 'accepts detachDriver if no driver holds the interface',
    async run(stage) {
      const staged = await stage.counters();
      const device = await stage.backend.open(staged.info);
      try {
        const claimed = await device.claim(staged.interfaceNumber, 0, { detachDriver: true });
        await claimed.release();
        await claimed.release(); // no effect
      } finally {
        await device.close();
      }
      await Session.use(stage, staged, async () => {});
    },
  },
  {
    name: 'has exactly the endpoints of the alternate setting',
    async run(stage) {
      const staged = await stage.counters();
      const device = await stage.backend.open(staged.info);
      try {
        const claimed = await device.claim(staged.interfaceNumber, 0);
        const endpoint = claimed.endpoint(staged.inEndpoint);
        assert.equal(endpoint.address, staged.inEndpoint);
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

async function assertListed(stage: Stage, { info, ...staged }: StagedDevice): Promise<void> {
  const devices = await stage.backend.list();
  const found = devices.find(({ path }) => path === info.path);
  assert(found !== undefined, `${info.path} is not in the list`);
  assert.deepEqual(found, info);
  assert(found.address >= 1 && found.address <= 127);
  const active = found.configurations.find(({ value }) => value === found.configurationValue);
  const setting = active?.settings.find(
    (candidate) =>
      candidate.interfaceNumber === staged.interfaceNumber && candidate.alternateSetting === 0,
  );
  const endpoint = setting?.endpoints.find(({ address }) => address === staged.inEndpoint);
  assert.equal(endpoint?.type, 'bulk');
}
