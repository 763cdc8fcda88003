import assert from 'node:assert/strict';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { parseScenario } from '../../src/backends/virtual/scenario.js';
import type { ConfigurationsDevice, Fixture, FixtureDevice } from './fixture.js';

/** Creates the contract's devices on virtual buses, with a scenario such as `speed=super`. */
export class VirtualFixture implements Fixture {
  backend: VirtualBackend;
  readonly unanswered = { requestType: 0xc0, request: 0x03, value: 0, index: 0 };
  readonly #circumstances: string;

  constructor(circumstances: string) {
    this.#circumstances = circumstances;
    this.backend = new VirtualBackend();
  }

  counters(): Promise<FixtureDevice> {
    return this.#prepare('', '1-1');
  }

  idle(): Promise<FixtureDevice> {
    return this.counters();
  }

  messages(size: number): Promise<FixtureDevice> {
    return this.#prepare(`message=${size}`, '1-1');
  }

  silentAfter(bytes: number): Promise<FixtureDevice> {
    return this.#prepare(`silence@${bytes}`, '1-1');
  }

  stallAfter(bytes: number): Promise<FixtureDevice> {
    return this.#prepare(`stall@${bytes}`, '1-1');
  }

  loopback(): Promise<FixtureDevice> {
    return this.#prepare('', '1-2');
  }

  sink(): Promise<FixtureDevice> {
    return this.#prepareOut('');
  }

  async interruptSink(): Promise<FixtureDevice> {
    const target = await this.#prepare('', '1-1');
    return { ...target, alternateSetting: 1, outEndpoint: 0x04 };
  }

  silentOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.#prepareOut(`out-silence@${bytes}`);
  }

  stallOutAfter(bytes: number): Promise<FixtureDevice> {
    return this.#prepareOut(`out-stall@${bytes}`);
  }

  async alternate(): Promise<FixtureDevice> {
    return { ...(await this.#prepare('', '1-1')), alternateSetting: 1 };
  }

  async configurations(): Promise<ConfigurationsDevice> {
    const { info } = await this.#prepare('configurations=2', '1-1');
    const active = { interfaceNumber: 0, inEndpoint: 0x82 };
    return { info, configuration: 2, interfaceNumber: 1, inEndpoint: 0x86, active };
  }

  async unplug({ info }: FixtureDevice): Promise<void> {
    this.backend.unplug(info.path);
  }

  async replug({ info }: FixtureDevice): Promise<void> {
    this.backend.replug(info.path);
  }

  async authorize({ info }: FixtureDevice, isAuthorized: boolean): Promise<void> {
    this.backend.authorize(info.path, isAuthorized);
  }

  async resetByOther({ info }: FixtureDevice): Promise<void> {
    this.backend.resetByOther(info.path);
  }

  async #prepareOut(scenario: string): Promise<FixtureDevice> {
    return { ...(await this.#prepare(scenario, '1-1')), outEndpoint: 0x02 };
  }

  async #prepare(scenario: string, port: string): Promise<FixtureDevice> {
    this.backend = new VirtualBackend({
      scenario: parseScenario(`${this.#circumstances}, ${scenario}`),
    });
    const info = (await this.backend.list()).find(({ path }) => path === port);
    assert(info !== undefined);
    const endpoints =
      port === '1-1' ? { inEndpoint: 0x82 } : { inEndpoint: 0x81, outEndpoint: 0x01 };
    return { info, interfaceNumber: 0, ...endpoints };
  }
}
