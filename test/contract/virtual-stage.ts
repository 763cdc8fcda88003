import assert from 'node:assert/strict';
import {
  createVirtualBackend,
  parseScenario,
  type VirtualBackend,
} from '../../src/backends/virtual/backend.js';
import type { Stage, StagedDevice } from './stage.js';

/** Stages the contract's devices on virtual buses, each under a scenario like `speed=super`. */
export class VirtualStage implements Stage {
  backend: VirtualBackend;
  readonly #circumstances: string;

  constructor(circumstances: string) {
    this.#circumstances = circumstances;
    this.backend = createVirtualBackend();
  }

  counters(): Promise<StagedDevice> {
    return this.#stage('', '1-1');
  }

  messages(size: number): Promise<StagedDevice> {
    return this.#stage(`message=${size}`, '1-1');
  }

  silentAfter(bytes: number): Promise<StagedDevice> {
    return this.#stage(`silence@${bytes}`, '1-1');
  }

  stallAfter(bytes: number): Promise<StagedDevice> {
    return this.#stage(`stall@${bytes}`, '1-1');
  }

  loopback(): Promise<StagedDevice> {
    return this.#stage('', '1-2');
  }

  async unplug({ info }: StagedDevice): Promise<void> {
    this.backend.unplug(info.path);
  }

  async replug({ info }: StagedDevice): Promise<void> {
    this.backend.replug(info.path);
  }

  async #stage(scenario: string, port: string): Promise<StagedDevice> {
    this.backend = createVirtualBackend({
      scenario: parseScenario(`${this.#circumstances}, ${scenario}`),
    });
    const info = (await this.backend.list()).find(({ path }) => path === port);
    assert(info !== undefined);
    const endpoints =
      port === '1-1' ? { inEndpoint: 0x82 } : { inEndpoint: 0x81, outEndpoint: 0x01 };
    return { info, interfaceNumber: 0, ...endpoints };
  }
}
