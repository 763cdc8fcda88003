import assert from 'node:assert/strict';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { parseScenario } from '../../src/backends/virtual/scenario.js';
import type { Stage, StagedDevice } from './stage.js';

/** Creates the contract's devices on virtual buses, with a scenario such as `speed=super`. */
export class VirtualStage implements Stage {
  backend: VirtualBackend;
  readonly unanswered = undefined;
  readonly #circumstances: string;

  constructor(circumstances: string) {
    this.#circumstances = circumstances;
    this.backend = new VirtualBackend();
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

  sink(): Promise<StagedDevice> {
    return this.#stageOut('');
  }

  async interruptSink(): Promise<StagedDevice> {
    const staged = await this.#stage('', '1-1');
    return { ...staged, alternateSetting: 1, outEndpoint: 0x04 };
  }

  silentOutAfter(bytes: number): Promise<StagedDevice> {
    return this.#stageOut(`out-silence@${bytes}`);
  }

  stallOutAfter(bytes: number): Promise<StagedDevice> {
    return this.#stageOut(`out-stall@${bytes}`);
  }

  async alternate(): Promise<StagedDevice> {
    return { ...(await this.#stage('', '1-1')), alternateSetting: 1 };
  }

  async unplug({ info }: StagedDevice): Promise<void> {
    this.backend.unplug(info.path);
  }

  async replug({ info }: StagedDevice): Promise<void> {
    this.backend.replug(info.path);
  }

  async #stageOut(scenario: string): Promise<StagedDevice> {
    return { ...(await this.#stage(scenario, '1-1')), outEndpoint: 0x02 };
  }

  async #stage(scenario: string, port: string): Promise<StagedDevice> {
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
