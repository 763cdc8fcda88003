import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { usb } from 'usb';
import { LibusbBackend } from '../../../src/backends/libusb/backend.js';
import { type DeviceInfo, directionOf } from '../../../src/usb/model.js';
import type { ConfigurationsDevice, Fixture, FixtureDevice } from '../../contract/fixture.js';

const NAME = 'contract';

/** Creates the contract's devices as gadgets on the guest's software bus. Runs in the guest. */
export class GadgetFixture implements Fixture {
  readonly backend = new LibusbBackend();
  readonly unanswered = { requestType: 0xc0, request: 0x03, value: 0, index: 0 };
  readonly #speed: string;
  /** The last device and its arguments, if `shared` created it. */
  #shared: { readonly args: string; readonly device: FixtureDevice } | undefined;

  /** @param speed a value of `gadget up --speed` */
  constructor(speed: string) {
    this.#speed = speed;
  }

  counters(): Promise<FixtureDevice> {
    return this.#script('send forever');
  }

  idle(): Promise<FixtureDevice> {
    return this.shared('ffs', '--', 'send forever');
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

  loopback(): Promise<FixtureDevice> {
    return this.#pair('loopback');
  }

  sink(): Promise<FixtureDevice> {
    return this.scripted('silence');
  }

  interruptSink(): Promise<FixtureDevice> {
    return this.scripted('--interrupt-out', 'silence');
  }

  silentOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.scripted('--take', String(bytes), 'silence');
  }

  stallOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.scripted('--accept', String(bytes), 'silence');
  }

  /** A device of these arguments for ffs-device, with both endpoints. */
  scripted(...script: string[]): Promise<FixtureDevice> {
    return this.#pair('ffs', '--', ...script);
  }

  /**
   * A device of these arguments for `gadget up`, with both endpoints. Returns the last device if it has
   * the same arguments: it continues where it is.
   */
  async shared(type: string, ...args: string[]): Promise<FixtureDevice> {
    const key = [type, ...args].join(' ');
    if (this.#shared?.args !== key) {
      this.#shared = { args: key, device: await this.#pair(type, ...args) };
    }
    return this.#shared.device;
  }

  async alternate(): Promise<FixtureDevice> {
    const info = await this.#up('ecm');
    const setting = info.configurations[0]?.settings.find(
      ({ interfaceNumber, alternateSetting }) => interfaceNumber === 1 && alternateSetting === 1,
    );
    const endpoint = setting?.endpoints.find(({ address }) => directionOf(address) === 'in');
    assert(endpoint !== undefined, 'no alternate setting with an endpoint');
    return { info, interfaceNumber: 1, alternateSetting: 1, inEndpoint: endpoint.address };
  }

  async configurations(): Promise<ConfigurationsDevice> {
    const active = { interfaceNumber: 0, inEndpoint: 0x81 };
    return { ...(await this.#pair('loopback,sourcesink')), configuration: 2, active };
  }

  async unplug(): Promise<void> {
    gadget('unplug', NAME);
  }

  async replug({ info }: FixtureDevice): Promise<void> {
    assert.equal(gadget('plug', NAME), info.path);
    await this.#device(info.path);
  }

  async authorize({ info }: FixtureDevice, isAuthorized: boolean): Promise<void> {
    const file = `/sys/bus/usb/devices/${info.path}/authorized`;
    writeFileSync(file, isAuthorized ? '1' : '0');
  }

  async resetByOther({ info }: FixtureDevice): Promise<void> {
    execFileSync('usb-host', [info.path, 'reset']);
  }

  /** Returns what the last device, a scripted one, has accepted, as JSON. It may lag. */
  account(): string {
    return readFileSync(`/run/gadget/${NAME}/account`, 'utf8');
  }

  /** Removes the last device. */
  clear(): void {
    this.#shared = undefined;
    gadget('down', NAME);
  }

  async #script(...script: string[]): Promise<FixtureDevice> {
    const info = await this.#up('ffs', '--', ...script);
    return { info, interfaceNumber: 0, inEndpoint: 0x81 };
  }

  async #pair(type: string, ...args: string[]): Promise<FixtureDevice> {
    const info = await this.#up(type, ...args);
    return { info, interfaceNumber: 0, inEndpoint: 0x81, outEndpoint: 0x02 };
  }

  /** Replaces the last device. */
  async #up(type: string, ...args: string[]): Promise<DeviceInfo> {
    this.clear();
    return this.#device(gadget('up', NAME, type, '--speed', this.#speed, ...args));
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
