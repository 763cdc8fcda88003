import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { usb } from 'usb';
import { LibusbBackend } from '../../../src/backends/libusb/backend.js';
import { type DeviceInfo, directionOf } from '../../../src/usb/model.js';
import type { Fixture, FixtureDevice } from '../../contract/fixture.js';

const NAME = 'contract';

/** Creates the contract's devices as gadgets on the guest's software bus. Runs in the guest. */
export class GadgetFixture implements Fixture {
  readonly backend = new LibusbBackend();
  readonly unanswered = { requestType: 0xc0, request: 0x03, value: 0, index: 0 };
  readonly #speed: string;

  /** @param speed a value of `gadget up --speed` */
  constructor(speed: string) {
    this.#speed = speed;
  }

  counters(): Promise<FixtureDevice> {
    return this.#script('send forever');
  }

  messages(size: number): Promise<FixtureDevice> {
    return this.#script(`messages ${size} forever`);
  }

  silentAfter(bytes: number): Promise<FixtureDevice> {
    return this.#script(`send ${bytes}, silence`);
  }

  stallAfter(bytes: number): Promise<FixtureDevice> {
    return this.#script(`send ${bytes}, stall, send forever`);
  }

  async loopback(): Promise<FixtureDevice> {
    gadget('down', NAME);
    const path = gadget('up', NAME, 'loopback', '--speed', this.#speed);
    return { info: await this.#device(path), interfaceNumber: 0, inEndpoint: 0x81, outEndpoint: 2 };
  }

  sink(): Promise<FixtureDevice> {
    return this.#sink('silence');
  }

  interruptSink(): Promise<FixtureDevice> {
    return this.#sink('--interrupt-out', 'silence');
  }

  silentOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.#sink('--take', String(bytes), 'silence');
  }

  stallOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.#sink('--accept', String(bytes), 'silence');
  }

  async alternate(): Promise<FixtureDevice> {
    gadget('down', NAME);
    const info = await this.#device(gadget('up', NAME, 'ecm', '--speed', this.#speed));
    const setting = info.configurations[0]?.settings.find(
      ({ interfaceNumber, alternateSetting }) => interfaceNumber === 1 && alternateSetting === 1,
    );
    const endpoint = setting?.endpoints.find(({ address }) => directionOf(address) === 'in');
    assert(endpoint !== undefined, 'no alternate setting with an endpoint');
    return { info, interfaceNumber: 1, alternateSetting: 1, inEndpoint: endpoint.address };
  }

  async unplug(): Promise<void> {
    gadget('unplug', NAME);
  }

  async replug({ info }: FixtureDevice): Promise<void> {
    assert.equal(gadget('plug', NAME), info.path);
    await this.#device(info.path);
  }

  /** Removes the last device. */
  clear(): void {
    gadget('down', NAME);
  }

  async #sink(...script: string[]): Promise<FixtureDevice> {
    return { ...(await this.#script(...script)), outEndpoint: 0x02 };
  }

  async #script(...script: string[]): Promise<FixtureDevice> {
    gadget('down', NAME);
    const path = gadget('up', NAME, 'ffs', '--speed', this.#speed, '--', ...script);
    return { info: await this.#device(path), interfaceNumber: 0, inEndpoint: 0x81 };
  }

  /** Returns the device at a path once libusb, which is notified by udev, knows it, too. */
  async #device(path: string): Promise<DeviceInfo> {
    const info = (await this.backend.list()).find((candidate) => candidate.path === path);
    assert(info !== undefined, `${path} is not in the list`);
    const known = () =>
      usb.getDeviceList().some(({ busNumber, deviceAddress }) => {
        return busNumber === info.bus && deviceAddress === info.address;
      });
    while (!known()) {
      await sleep(20);
    }
    return info;
  }
}

function gadget(...args: string[]): string {
  return execFileSync('gadget', args, { encoding: 'utf8' }).trim();
}
